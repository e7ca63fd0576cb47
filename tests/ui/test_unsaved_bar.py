"""The window while something cannot be saved."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot
from ui.laid_open import case_of

from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.tools.tool import Pointer
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.saving import Trouble
from unetstudio.ui.unsaved_bar import UnsavedBar, heading, sentence

FULL = Trouble("strokes-1.journal could not be saved: the disk is full.", 3)


@pytest.fixture
def annotation(qapp: object) -> Annotation:
    made = Annotation()
    made.open(case_of(LabelMap.unlabelled((1, 40, 50))), History())
    return made


@pytest.fixture
def bar(annotation: Annotation, qtbot: QtBot) -> Iterator[UnsavedBar]:
    window = QWidget()
    qtbot.addWidget(window)
    yield UnsavedBar(annotation, window)


def test_that_it_says_what_happened_what_is_safe_and_what_to_do(bar: UnsavedBar) -> None:
    bar.show_trouble(FULL)
    assert not bar.isHidden()
    assert bar.heading.text() == "Not saved yet: 3 changes"
    for words in ("the disk is full", "What was saved before is safe", "tried again every 5 seconds", "You can go on painting"):
        assert words in bar.sentence.text()
    bar.show_trouble(None)
    assert bar.isHidden()


def test_that_after_minutes_it_asks_to_stop_painting() -> None:
    long = Trouble(FULL.sentence, 12, long=True)
    assert heading(long) == "Please stop painting and save elsewhere"
    assert "12 changes are in memory only" in sentence(long)
    assert "go on painting" not in sentence(long)


def test_that_a_project_that_is_lost_is_not_tried_again(bar: UnsavedBar) -> None:
    bar.show_trouble(Trouble("The project is in use by another program now.", 1, lost=True))
    assert bar.try_button.isHidden()
    assert not bar.elsewhere_button.isHidden()
    assert "can still be saved elsewhere" in bar.sentence.text()


def test_that_the_image_does_not_move_during_a_stroke(bar: UnsavedBar, annotation: Annotation, qtbot: QtBot) -> None:
    annotation.tools.choose("eraser")
    annotation.press(Pointer(10, 10))
    bar.show_trouble(FULL)
    assert bar.isHidden()
    annotation.release()
    qtbot.waitUntil(lambda: not bar.isHidden(), timeout=5_000)


def test_that_its_buttons_ask(bar: UnsavedBar, qtbot: QtBot) -> None:
    bar.show_trouble(FULL)
    with qtbot.waitSignals([bar.try_now_requested, bar.save_elsewhere_requested]):
        bar.try_button.click()
        bar.elsewhere_button.click()


def test_that_a_sentence_of_the_refusal_is_not_repeated() -> None:
    text = sentence(Trouble("it could not be saved: the disk is full. What was saved before is untouched; free some space.", 1))
    assert text.count("What was saved before") == 1
