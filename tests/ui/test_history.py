"""The audit trail in the window: the popup at the pointer, the dialog, the CSV, and the author's name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from unetstudio.data.case import ReviewState
from unetstudio.data.origin import Origin
from unetstudio.project.audit import AuditLine
from unetstudio.project.record import account_name
from unetstudio.ui import history_words
from unetstudio.ui.history_dialog import LIMITS, HistoryDialog
from unetstudio.ui.history_model import COLUMNS
from unetstudio.ui.preferences import AUTHOR, Preferences
from unetstudio.ui.preferences_dialog import PreferencesDialog
from unetstudio.ui.session import Session
from unetstudio.ui.who_popup import EARLIER, WhoPopup, described
from unetstudio.workspace.export import ExportChoice

Paint = Callable[..., None]


def asked(session: Session, voxel: tuple[int, int, int], qtbot: QtBot) -> list[AuditLine]:
    """Return the changes of a voxel as the window gets them."""
    words: list[list[AuditLine]] = []
    session.history.ask_who(voxel, words.append)
    qtbot.waitUntil(lambda: bool(words), timeout=10_000)
    return words[0]


def test_that_a_painted_voxel_shows_who_painted_it_and_its_earlier_changes(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 20, 10, 20, 60, value=0)
    opened.saver.set_author("Dr. Ada Hill")
    paint(opened, 20, 10, 20, 60, value=1)
    lines = asked(opened, (0, 20, 30), qtbot)
    words = [text for _, text in described(lines, opened.classes)]
    assert words[0] == f"Dr. Ada Hill ({account_name()})"
    assert words[1] == "Structure 1: painted by hand, Brush"
    assert words[3] == "Before that"
    assert words[4].endswith(f"{account_name()}: Background: painted by hand, Brush")


def test_that_undone_and_erased_changes_are_described(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 20, 10, 20, 60, value=1)
    opened.annotation.undo()
    opened.annotation.tools.choose("eraser")
    opened.annotation.redo()
    paint(opened, 20, 10, 20, 60)
    words = [history_words.action(line) for line in asked(opened, (0, 20, 30), qtbot)]
    hand = "painted by hand, Brush"
    assert words == ["erased by hand", f"did again: {hand}", f"took back: {hand}", hand]


def test_that_an_untouched_voxel_was_changed_by_nobody(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 20, 10, 20, 60, value=1)
    lines = asked(opened, (0, 70, 80), qtbot)
    assert lines == []
    assert described(lines, opened.classes)[0][1] == "Nobody has changed this place"


def test_that_a_place_painted_often_shows_a_few_changes_and_counts_the_rest(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    for number in range(EARLIER + 4):
        paint(opened, 20, 10, 20, 60, value=number % 2)
    words = [text for _, text in described(asked(opened, (0, 20, 30), qtbot), opened.classes)]
    assert words[-1] == "and 3 earlier changes"


@pytest.mark.parametrize(
    ("tool", "origin", "words"),
    [
        ("accept all from 1a2b3c4d5e6f", Origin.ACCEPTED, "accepted from a prediction, all of it (checkpoint 1a2b3c4d5e6f)"),
        ("accept class from quick guess", Origin.ACCEPTED, "accepted from a prediction, one class (quick guess)"),
        ("accept object from step 40", Origin.ACCEPTED, "accepted from a prediction, one object (step 40)"),
        ("accept object", Origin.ACCEPTED, "accepted from a prediction, one object"),
        ("import", Origin.IMPORTED, "imported from a mask"),
        ("a tool of another package", Origin.PAINTED, "painted by hand"),
    ],
)
def test_that_each_origin_has_its_words(opened: Session, paint: Paint, qtbot: QtBot, tool: str, origin: Origin, words: str) -> None:
    paint(opened, 20, 10, 20, 60, value=1)
    line = asked(opened, (0, 20, 30), qtbot)[0]
    assert history_words.action(replace(line, tool=tool, origin=origin)) == words


def test_that_the_history_lists_strokes_judgements_and_exports_newest_first(
    opened: Session, paint: Paint, tmp_path: Path, qtbot: QtBot
) -> None:
    paint(opened, 20, 10, 20, 60, value=1)
    opened.review.set_state(ReviewState.REJECTED)
    opened.export_run.begin(tmp_path / "out", ExportChoice("labels", ("png",), pictures=False, table=False), [opened.case.id])
    qtbot.waitUntil(lambda: not opened.tasks.running and not opened.saver.busy, timeout=10_000)
    window = QWidget()
    qtbot.addWidget(window)
    dialog = HistoryDialog(opened, opened.history, window)
    qtbot.waitUntil(lambda: dialog.model.rowCount() == 3, timeout=10_000)
    what = COLUMNS.index("What")
    words = [dialog.model.data(dialog.model.index(row, what), Qt.ItemDataRole.DisplayRole) for row in range(3)]
    assert words == ["exported the labels as PNG", "marked as rejected", "painted by hand, Brush"]
    assert "all seals fit" in dialog.summary.text()
    assert "not compliant" in LIMITS


def test_that_the_history_of_a_case_is_exported_as_csv(opened: Session, paint: Paint, tmp_path: Path, qtbot: QtBot) -> None:
    paint(opened, 20, 10, 20, 60, value=1)
    with qtbot.waitSignal(opened.notice, timeout=10_000):
        opened.history.export(tmp_path / "history.csv", opened.case.id)
    assert "brush" in (tmp_path / "history.csv").read_text(encoding="utf-8-sig")


def test_that_the_popup_leads_to_the_history(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 20, 10, 20, 60, value=1)
    window = QWidget()
    qtbot.addWidget(window)
    popup = WhoPopup(asked(opened, (0, 20, 30), qtbot), opened.classes, window)
    with qtbot.waitSignal(popup.history_requested):
        popup.history_button.click()


def test_that_the_typed_name_is_kept_for_the_next_start(session: Session, qtbot: QtBot) -> None:
    preferences = Preferences()
    dialog = PreferencesDialog(session.saver, preferences)
    qtbot.addWidget(dialog)
    dialog.name.setText("  Dr.  Ada Hill ")
    dialog.accept()
    assert session.saver.author == "Dr. Ada Hill"
    assert Preferences().get(AUTHOR, "") == "Dr. Ada Hill"
