"""The dialog that chooses among several images in one file, and the file choosers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from unetstudio.formats.finding.discovery import find_images
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.finding.part_choice import MOST_TAKEN
from unetstudio.formats.format import FORMATS, Format
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.panels.case_model import CaseModel
from unetstudio.ui.part_dialog import PartDialog

StackOf = Callable[..., Path]
pytestmark = pytest.mark.qt_log_ignore("This plugin does not support")  # of the offscreen screen


@pytest.fixture
def chosen() -> list[Sequence[FoundImage]]:
    return []


@pytest.fixture
def make(qtbot: QtBot, chosen: list[Sequence[FoundImage]]) -> Callable[..., PartDialog]:
    """Return make(paths) -> the dialog about them, shown."""

    def made(*paths: Path) -> PartDialog:
        dialog = PartDialog(find_images(paths).images, chosen.append)
        qtbot.addWidget(dialog)
        dialog.open()
        return dialog

    return made


def test_that_the_ticked_images_are_opened_with_those_that_are_alone(
    make: Callable[..., PartDialog], chosen: list[Sequence[FoundImage]], stack_of: StackOf, tmp_path: Path
) -> None:
    dialog = make(stack_of(tmp_path / "a.stack", 3), stack_of(tmp_path / "one.stack", 1))
    assert [dialog.list.item(row).text() for row in range(dialog.list.count())] == ["time 1", "time 2", "time 3"]
    assert dialog.findChild(QLabel, "part_words").text() == "a.stack holds several images."
    dialog.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.open_button.text() == "Open 3 images"
    dialog.open_button.click()
    assert [(image.source.path.name, image.source.part) for image in chosen[0]] == [
        ("a.stack", "t=0"),
        ("a.stack", "t=2"),
        ("one.stack", "t=0"),
    ]


def test_that_of_very_many_images_the_first_is_ticked(make: Callable[..., PartDialog], stack_of: StackOf, tmp_path: Path) -> None:
    dialog = make(stack_of(tmp_path / "a.stack", MOST_TAKEN + 1))
    assert [image.source.part for image in dialog.ticked] == ["t=0"]
    dialog.all_button.click()
    assert len(dialog.ticked) == MOST_TAKEN + 1
    dialog.none_button.click()
    assert dialog.ticked == [] and not dialog.open_button.isEnabled()


def test_that_images_of_several_files_are_told_apart(make: Callable[..., PartDialog], stack_of: StackOf, tmp_path: Path) -> None:
    dialog = make(stack_of(tmp_path / "a.stack", 2), stack_of(tmp_path / "b.stack", 2))
    assert [dialog.list.item(row).text() for row in (0, 2)] == ["a.stack: time 1", "b.stack: time 1"]


def test_that_cancelling_chooses_none(
    make: Callable[..., PartDialog], chosen: list[Sequence[FoundImage]], stack_of: StackOf, tmp_path: Path
) -> None:
    make(stack_of(tmp_path / "a.stack", 2)).cancel_button.click()
    assert chosen == [()]


def test_that_the_window_asks_and_opens_what_is_chosen(window: MainWindow, stack_of: StackOf, tmp_path: Path, qtbot: QtBot) -> None:
    window.show_work()
    window.session.open_paths([stack_of(tmp_path / "a.stack", 3)])
    qtbot.waitUntil(lambda: window.findChild(PartDialog) is not None, timeout=10_000)
    window.findChild(PartDialog).cancel_button.click()
    qtbot.waitUntil(lambda: not window.session.tasks.running and window.findChild(PartDialog) is None, timeout=10_000)
    assert window.session.project is None and not window.is_working
    window.session.open_paths([tmp_path / "a.stack"])
    qtbot.waitUntil(lambda: window.findChild(PartDialog) is not None, timeout=10_000)
    window.findChild(PartDialog).open_button.click()
    qtbot.waitUntil(lambda: len(window.session.cases) == 3 and window.session.case is not None, timeout=10_000)
    model = CaseModel(window.session)
    model.refresh()
    assert "It was made by a test." in model.data(model.index(0), Qt.ItemDataRole.ToolTipRole)
    assert "It was made by a test." not in model.data(model.index(1), Qt.ItemDataRole.ToolTipRole)


class Outlines(Format):
    """A format of masks alone."""

    title, suffixes, images = "Outlines", (".outlines",), False

    def recognises(self, head: bytes) -> bool:
        """Recognise nothing."""
        return False


def test_that_images_are_chosen_among_all_files_and_masks_among_every_mask(
    window: MainWindow, stack_of: StackOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    FORMATS.register("outlines")(Outlines())
    filters: list[str] = []
    monkeypatch.setattr(QFileDialog, "getOpenFileNames", staticmethod(lambda *arguments: (filters.append(arguments[3]), ([], ""))[1]))
    window.files.choose_images("Open images")
    window.files.choose_masks("Import masks")
    images, masks = (words.split(";;") for words in filters)
    assert images[0] == "All files (*)"  # DICOM files often have no suffix
    assert "*.png" in images[1] and "*.stack" in images[1] and "*.outlines" not in images[1]
    assert "*.png" in masks[0] and "*.outlines" in masks[0]
