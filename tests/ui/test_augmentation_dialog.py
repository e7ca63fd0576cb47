"""The augmentation dialog: presets, sliders, samples that follow, and Apply."""

from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from unetstudio.augment.preview import PreviewPatch, labelled_place
from unetstudio.augment.recipe import Recipe
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.scan import Scan
from unetstudio.ui.augmentation_dialog import AugmentationDialog
from unetstudio.ui.session import Session

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen screen


@pytest.fixture
def dialog(opened: Session, qtbot: QtBot) -> AugmentationDialog:
    made = AugmentationDialog(opened)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.show()
    qtbot.waitUntil(lambda: not made.samples.pictures[-1].pixmap().isNull(), timeout=5000)
    return made


def block(dialog: AugmentationDialog, title: str) -> object:
    return next(b for b in dialog.blocks if b.switch.text() == title)


def shown(dialog: AugmentationDialog, place: int) -> bytes:
    return bytes(dialog.samples.pictures[place].pixmap().toImage().constBits())


def test_that_it_opens_with_what_suits_the_images_and_nothing_to_apply(dialog: AugmentationDialog) -> None:
    assert dialog.preset.currentText() == "Automatic: Microscopy"
    assert "microscopy" in dialog.reason.text()
    assert not dialog.apply_button.isEnabled()


def test_that_samples_follow_a_slider_and_the_image_itself_stays(dialog: AugmentationDialog, qtbot: QtBot) -> None:
    plain, sample = shown(dialog, 0), shown(dialog, 5)
    block(dialog, "Rotate").switch.click()
    qtbot.waitUntil(lambda: shown(dialog, 5) != sample, timeout=5000)
    assert shown(dialog, 0) == plain
    assert dialog.apply_button.isEnabled()


def test_that_other_samples_can_be_had(dialog: AugmentationDialog, qtbot: QtBot) -> None:
    sample = shown(dialog, 5)
    dialog.again_button.click()
    qtbot.waitUntil(lambda: shown(dialog, 5) != sample, timeout=5000)


def test_that_a_dialog_opened_before_its_image_shows_samples_once_there_is_one(session: Session, images: list[Path], qtbot: QtBot) -> None:
    made = AugmentationDialog(session)
    qtbot.addWidget(made)
    made.show()
    assert made.caption.text() == "Open an image to see samples of it."
    session.open_paths(images)
    qtbot.waitUntil(lambda: not made.samples.pictures[-1].pixmap().isNull(), timeout=10_000)
    assert made.caption.text().startswith("The first picture is the image as it is")
    made.close()


def test_that_applying_sets_the_settings_and_opening_again_shows_them(dialog: AugmentationDialog, opened: Session, qtbot: QtBot) -> None:
    dialog.preset.setCurrentIndex(dialog.preset.findData("ultrasound"))
    dialog.preset.activated.emit(dialog.preset.currentIndex())
    block(dialog, "Blur").switch.click()
    dialog.apply_button.click()
    settings = opened.learning.settings
    assert (settings.augmentation, settings.vary) == ("ultrasound", "blur.probability=0.0")
    again = AugmentationDialog(opened)
    qtbot.addWidget(again)
    assert again.preset.currentData() == "ultrasound"
    assert not block(again, "Blur").switch.isChecked() and not again.apply_button.isEnabled()


def test_that_a_preview_is_cut_as_training_would_and_labels_go_with_it() -> None:
    voxels = np.random.default_rng(0).integers(0, 255, (1, 1, 60, 70), np.uint8)
    labels = np.full((1, 60, 70), UNLABELLED, np.uint8)
    labels[0, 20:24, 30:34] = 1
    patch = PreviewPatch(Scan(voxels), labels, 0, labelled_place(labels, 0), 32)
    plain = patch.plain()
    assert plain.picture.shape == (32, 32, 3) and (plain.labels == 1).sum() == 16
    first, second = patch.samples(Recipe.standard(), 2, 0)
    assert not np.array_equal(first.picture, second.picture)
    assert all((a.picture == b.picture).all() for a, b in zip([first, second], patch.samples(Recipe.standard(), 2, 0), strict=True))


def test_that_samples_are_taken_where_something_is_labelled() -> None:
    labels = np.full((1, 3000, 2600), UNLABELLED, np.uint8)
    assert labelled_place(labels, 0) == (1500, 1300)
    labels[0, 2001, 1501] = 1  # between the rows that are looked at first
    assert labelled_place(labels, 0) == (2001, 1501)
    labels[0, 100:200, 100:200] = 1
    row, column = labelled_place(labels, 0)
    assert abs(row - 150) < 9 and abs(column - 150) < 9
