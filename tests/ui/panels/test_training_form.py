"""Training settings as fields."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from unetstudio.settings import TrainingSettings
from unetstudio.ui.panels.training_form import TrainingForm
from unetstudio.worker.messages import NetworkChoice


@pytest.fixture
def form(qtbot: QtBot) -> TrainingForm:
    made = TrainingForm()
    qtbot.addWidget(made)
    return made


def test_that_settings_come_back_as_they_went_in(form: TrainingForm) -> None:
    settings = TrainingSettings(
        dims=3, depth=4, base=24, patch=96, batch=2, device="cuda:1", augment=False, quick_guess=False, norm="group", seed=7, seconds=90.0
    )
    settings = replace(settings, normalisation="zscore", resample="3x0.5x0.5")
    form.show_settings(settings)
    assert form.settings() == settings


def test_that_border_weights_chosen_before_are_shown_and_can_be_chosen_anew(form: TrainingForm) -> None:
    form.show_settings(TrainingSettings(border_weight="off"))
    assert form.border_weight.currentText() == "Off"
    form.border_weight.setCurrentIndex(form.border_weight.findData("10"))
    assert form.settings().border_weight == "10"


def test_that_zero_reads_automatic(form: TrainingForm) -> None:
    assert form.spins["depth"].text() == "Automatic"


def test_that_the_workers_networks_are_offered(form: TrainingForm) -> None:
    form.show_settings(replace(TrainingSettings(), network="dense"))
    form.offer_networks((NetworkChoice("unet", "U-Net", "", (2, 3)), NetworkChoice("dense", "Dense U-Net", "", (2,))))
    assert form.network.currentText() == "Dense U-Net"
    assert form.settings().network == "dense"


def test_that_a_change_by_hand_is_reported(form: TrainingForm, qtbot: QtBot) -> None:
    with qtbot.waitSignal(form.changed):
        form.spins["batch"].stepUp()
    assert form.settings().batch == 1


def test_that_the_wheel_turns_no_number_that_nobody_clicked(form: TrainingForm, qtbot: QtBot) -> None:
    spin = form.spins["batch"]
    nothing = QPoint(0, 0)
    turn = QWheelEvent(
        QPointF(5, 5), QPointF(5, 5), nothing, QPoint(0, 120), Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier,
        Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(spin, turn)
    assert spin.value() == 0


def test_that_another_network_does_not_keep_the_form_of_the_one_before(form: TrainingForm) -> None:
    form.show_settings(replace(TrainingSettings(), preset="published"))
    form.offer_networks((NetworkChoice("unet", "U-Net", "", (2, 3)), NetworkChoice("dense", "Dense U-Net", "", (2,))))
    assert form.settings().preset == "published"
    form.network.setCurrentIndex(1)
    form.network.activated.emit(1)
    assert (form.settings().network, form.settings().preset) == ("dense", "")


@pytest.mark.parametrize("weight", ["off", "10", "7.5"])
def test_that_the_weight_of_borders_is_shown_and_kept(form: TrainingForm, weight: str) -> None:
    form.show_settings(replace(TrainingSettings(), border_weight=weight))
    assert form.border_weight.currentData() == weight
    assert form.settings().border_weight == weight


def test_that_the_weight_of_borders_can_be_chosen(form: TrainingForm, qtbot: QtBot) -> None:
    form.show_settings(TrainingSettings())
    with qtbot.waitSignal(form.changed):
        form.border_weight.setCurrentIndex(form.border_weight.findData("off"))
        form.border_weight.activated.emit(form.border_weight.currentIndex())
    assert form.settings().border_weight == "off"
