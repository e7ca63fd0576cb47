"""Masks whose values cannot be told: the window asks in one dialog, and imports nothing before."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.labels import UNLABELLED
from unetstudio.project.store import read_labels
from unetstudio.ui.dropped_files import DropQuestion, take_dropped
from unetstudio.ui.mask_import import NEW_CLASS, Undecided
from unetstudio.ui.mask_questions_dialog import MaskQuestionsDialog
from unetstudio.ui.session import Session

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen screen
SIZE = (80, 96)


@pytest.fixture
def notices(opened: Session) -> list[str]:
    """Every notice."""
    notices: list[str] = []
    opened.notice.connect(lambda text, _: notices.append(text))
    return notices


@pytest.fixture
def masks(images: list[Path]) -> Callable[[np.ndarray], list[Path]]:
    """Write the same mask for each image."""

    def write(mask: np.ndarray) -> list[Path]:
        folder = images[0].parent / "masks"
        folder.mkdir(exist_ok=True)
        for path in images:
            cv2.imwrite(str(folder / path.name), mask)
        return [folder / path.name for path in images]

    return write


def halves(left: int, right: int) -> np.ndarray:
    mask = np.full(SIZE, left, np.uint8)
    mask[:, 48:] = right
    return mask


def asked(session: Session, paths: list[Path], qtbot: QtBot) -> MaskQuestionsDialog:
    """Begin an import and return the dialog that the window would show."""
    undecided: list[Undecided] = []
    session.mask_import.asked.connect(undecided.append)
    session.mask_import.begin(paths)
    qtbot.waitUntil(lambda: bool(undecided), timeout=10_000)
    dialog = MaskQuestionsDialog(session.mask_import, undecided[0], session.classes)
    qtbot.addWidget(dialog)
    return dialog


def choose(dialog: MaskQuestionsDialog, row: int, value: int) -> None:
    box = dialog.choices[row]
    box.setCurrentIndex(box.findData(value))


def finished(session: Session, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not session.tasks.running and not session.saver.busy, timeout=10_000)


def test_that_black_and_white_masks_are_imported_without_a_question_and_it_is_said(
    opened: Session, masks: Callable[..., list[Path]], notices: list[str], qtbot: QtBot
) -> None:
    opened.mask_import.begin(masks(halves(0, 255)))
    finished(opened, qtbot)
    assert (opened.labels.counts[0], opened.labels.counts[1]) == (80 * 48, 80 * 48)
    assert "all masks are black and white" in notices[-1]


def test_that_outlines_are_asked_about_by_their_names_and_not_numbered_in_silence(
    opened: Session, images: list[Path], notices: list[str], qtbot: QtBot
) -> None:
    path = images[0].with_suffix(".geojson")
    ring = np.array([[2, 2], [12, 2], [12, 12], [2, 12], [2, 2]])
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Polygon", "coordinates": [(ring + 20 * place).tolist()]},
            "properties": {"classification": {"name": name}},
        }
        for place, name in enumerate(["Stroma", "Tumor"])
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    dialog = asked(opened, [path], qtbot)
    assert [dialog.table.item(row, 0).text() for row in (0, 1)] == ["Stroma", "Tumor"]
    choose(dialog, 0, NEW_CLASS)
    choose(dialog, 1, 1)
    dialog.import_button.click()
    finished(opened, qtbot)
    stroma = next(entry.value for entry in opened.classes if entry.name == "Stroma")
    assert opened.labels.values[0, 5, 5] == stroma and opened.labels.values[0, 25, 25] == 1
    assert "1 (Stroma) is Stroma, 2 (Tumor) is" in notices[-1]


def test_that_a_class_taken_by_its_number_against_its_name_is_said(
    opened: Session, masks: Callable[..., list[Path]], notices: list[str], qtbot: QtBot
) -> None:
    paths = masks(halves(0, 1))
    (paths[0].parent / "legend.json").write_text(
        json.dumps({"classes": [{"value": 0, "name": "background"}, {"value": 1, "name": "liver"}]})
    )
    opened.mask_import.begin(paths)
    finished(opened, qtbot)
    assert "1 (liver) is" in notices[-1] and "by the number, since no class has this name" in notices[-1]


def test_that_nothing_is_imported_before_white_masks_are_explained(opened: Session, masks: Callable[..., list[Path]], qtbot: QtBot) -> None:
    dialog = asked(opened, masks(halves(255, 255)), qtbot)
    assert (opened.labels.values == UNLABELLED).all()
    assert dialog.table.item(0, 0).text() == "255"
    assert not dialog.import_button.isEnabled()
    choose(dialog, 0, 1)
    dialog.import_button.click()
    finished(opened, qtbot)
    assert (opened.labels.values == 1).all()
    assert (read_labels(opened.project.path, opened.cases[1])[0].values == 1).all()


def test_that_white_masks_can_be_not_annotated(opened: Session, masks: Callable[..., list[Path]], notices: list[str], qtbot: QtBot) -> None:
    dialog = asked(opened, masks(halves(255, 255)), qtbot)
    choose(dialog, 0, UNLABELLED)
    dialog.import_button.click()
    finished(opened, qtbot)
    assert (opened.labels.values == UNLABELLED).all()
    assert "Nothing in the labels changed." in notices[-1]


def test_that_a_value_without_a_class_can_become_a_new_class(opened: Session, masks: Callable[..., list[Path]], qtbot: QtBot) -> None:
    opened.add_class("scar")
    dialog = asked(opened, masks(halves(1, 9)), qtbot)
    assert not dialog.import_button.isEnabled()
    choose(dialog, 0, NEW_CLASS)
    assert dialog.import_button.isEnabled()
    dialog.import_button.click()
    finished(opened, qtbot)
    made = next(entry for entry in opened.classes if entry.name == "Structure 9")
    assert np.array_equal(opened.labels.values[0], halves(1, made.value))


def test_that_colours_are_shown_and_given_classes(opened: Session, masks: Callable[..., list[Path]], qtbot: QtBot) -> None:
    red = np.where(halves(0, 1)[..., None], np.uint8([0, 0, 255]), np.uint8(0))  # OpenCV writes blue first
    dialog = asked(opened, masks(red), qtbot)
    assert [dialog.table.item(row, 0).text() for row in range(dialog.table.rowCount())] == ["#ff0000"]
    assert dialog.table.item(0, 1).text() == f"{2 * 80 * 48:,}"
    choose(dialog, 0, 1)
    dialog.import_button.click()
    finished(opened, qtbot)
    assert np.array_equal(opened.labels.values[0], halves(0, 1))


def test_that_cancelling_imports_nothing_and_ends_the_task(opened: Session, masks: Callable[..., list[Path]], qtbot: QtBot) -> None:
    dialog = asked(opened, masks(halves(255, 255)), qtbot)
    dialog.cancel_button.click()
    finished(opened, qtbot)
    assert (opened.labels.values == UNLABELLED).all()
    assert len(opened.classes) == 2


def test_that_an_answer_after_the_project_was_closed_is_harmless(opened: Session, masks: Callable[..., list[Path]], qtbot: QtBot) -> None:
    dialog = asked(opened, masks(halves(255, 255)), qtbot)
    choose(dialog, 0, 1)
    opened.close_project()
    dialog.import_button.click()
    finished(opened, qtbot)
    assert opened.project is None


def test_that_dropped_masks_are_asked_about_and_imported(opened: Session, masks: Callable[..., list[Path]], qtbot: QtBot) -> None:
    paths = masks(halves(0, 255))
    window = DropQuestion(paths)  # stands for the window
    qtbot.addWidget(window)
    take_dropped(paths, opened, window)
    question = window.findChild(DropQuestion)
    question.masks_button.click()
    finished(opened, qtbot)
    assert np.array_equal(opened.labels.values[0], halves(0, 1))
    assert len(opened.cases) == 2


def test_that_dropped_files_named_like_images_can_be_images(opened: Session, masks: Callable[..., list[Path]], qtbot: QtBot) -> None:
    paths = masks(halves(0, 255))
    window = DropQuestion(paths)
    qtbot.addWidget(window)
    take_dropped(paths, opened, window)
    window.findChild(DropQuestion).images_button.click()
    qtbot.waitUntil(lambda: len(opened.cases) > 2 and not opened.tasks.running, timeout=10_000)
    assert (opened.labels.values == UNLABELLED).all()
