"""Forms made from dataclasses."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.ui.forms import Form


class Unit(StrEnum):
    PIXELS = "pixels"
    MILLIMETRES = "millimetres"


@dataclass(frozen=True)
class Step:
    title: ClassVar[str] = "A step"
    size: int = field(default=12, metadata={"label": "Size", "minimum": 1, "maximum": 512, "unit": "px", "help": "How wide."})
    threshold: float = field(default=0.5, metadata={"minimum": 0.0, "maximum": 1.0, "step": 0.01})
    patch: int = field(default=0, metadata={"minimum": 0, "maximum": 512, "step": 16, "special": "auto"})
    rate: float = field(default=0.002, metadata={"minimum": 0.0, "step": 0.0001})
    enabled: bool = True
    norm: str = field(default="auto", metadata={"choices": ("auto", "batch", "group")})
    unit: Unit = Unit.PIXELS
    note: str = ""
    secret: int = field(default=3, metadata={"hidden": True})


@pytest.fixture
def form(qtbot: QtBot) -> Form:
    made = Form(Step())
    qtbot.addWidget(made)
    return made


def test_that_every_field_but_the_hidden_one_has_an_editor(form: Form) -> None:
    assert list(form.editors) == ["size", "threshold", "patch", "rate", "enabled", "norm", "unit", "note"]


def test_that_a_moved_slider_gives_a_new_dataclass_and_leaves_the_old_one_alone(form: Form, qtbot: QtBot) -> None:
    before = form.value
    with qtbot.waitSignal(form.changed) as heard:
        form.editors["threshold"].slider.setValue(73)
    assert heard.args[0].threshold == pytest.approx(0.73)
    assert before.threshold == 0.5


def test_that_a_typed_number_moves_the_slider_too(form: Form, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.changed) as heard:
        form.editors["threshold"].box.setValue(0.25)
    assert heard.args[0].threshold == pytest.approx(0.25)
    assert form.editors["threshold"].slider.value() == 25


def test_that_one_move_of_the_slider_is_reported_once(form: Form) -> None:
    heard: list[Step] = []
    form.changed.connect(heard.append)
    form.editors["size"].slider.setValue(form.editors["size"].slider.maximum())
    assert [step.size for step in heard] == [512]


def test_that_whole_numbers_stay_whole(form: Form) -> None:
    form.editors["size"].slider.setValue(333)
    assert isinstance(form.value.size, int)


def test_that_a_wide_range_gives_small_sizes_half_of_the_slider(form: Form) -> None:
    slider = form.editors["size"].slider
    slider.setValue(slider.maximum() // 2)
    assert form.value.size == pytest.approx(23, abs=1)


def test_that_zero_can_be_shown_as_a_word(form: Form) -> None:
    assert form.editors["patch"].box.text() == "auto"


def test_that_choices_and_enums_become_lists(form: Form) -> None:
    form.editors["norm"].setCurrentIndex(2)
    form.editors["unit"].setCurrentIndex(1)
    assert (form.value.norm, form.value.unit) == ("group", Unit.MILLIMETRES)


def test_that_showing_another_value_emits_no_signal(form: Form) -> None:
    heard: list[Step] = []
    form.changed.connect(heard.append)
    form.set_value(Step(size=40, threshold=0.9, enabled=False, norm="batch", unit=Unit.MILLIMETRES, note="x"))
    assert heard == []
    assert form.editors["size"].box.value() == 40
    assert not form.editors["enabled"].isChecked()


def test_that_small_steps_keep_their_decimals(form: Form) -> None:
    assert form.editors["rate"].box.text() == "0.0020"


def test_that_a_form_can_show_a_choice_of_fields_in_their_order(qtbot: QtBot) -> None:
    made = Form(Step(), only=("enabled", "size"), row=True)
    qtbot.addWidget(made)
    assert list(made.editors) == ["enabled", "size"]
