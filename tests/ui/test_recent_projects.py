"""The recent projects of the start page: read beside the GUI thread, and shown when they are there."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from unetstudio.ui.session import Session
from unetstudio.ui.start_page import StartPage
from unetstudio.ui.tile import RecentCard
from unetstudio.workspace import recent
from unetstudio.workspace.recent import RecentProject


def test_that_the_start_page_shows_projects_when_they_have_been_read_elsewhere_than_on_the_gui_thread(
    session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    go, threads = threading.Event(), list[threading.Thread]()

    def slow() -> list[RecentProject]:
        threads.append(threading.current_thread())
        assert go.wait(10)
        return [RecentProject(Path("/far/study.unetstudio"), "study", 0.0, 3, None)]

    monkeypatch.setattr(recent, "projects", slow)
    page = StartPage(session)
    qtbot.addWidget(page)
    assert not page.continue_tile.isEnabled()
    assert page.findChildren(RecentCard) == []
    go.set()
    qtbot.waitUntil(page.continue_tile.isEnabled, timeout=10_000)
    assert [card.toolTip() for card in page.findChildren(RecentCard)] == [str(Path("/far/study.unetstudio"))]
    assert threading.main_thread() not in threads


def test_that_a_project_that_was_opened_leads_the_list(opened: Session, qtbot: QtBot) -> None:
    opened.saver.save_now()
    with qtbot.waitSignal(opened.recent.changed, timeout=10_000):
        opened.recent.read()
    (project,) = opened.recent.projects
    assert (project.path, project.cases) == (opened.project.path, 2)
    assert project.thumbnail is not None and project.thumbnail.startswith(b"\x89PNG")


def test_that_opening_a_project_does_not_wait_for_the_list(session: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot) -> None:
    go = threading.Event()

    def slow() -> list[RecentProject]:
        go.wait(10)
        return []

    monkeypatch.setattr(recent, "projects", slow)
    session.recent.read()
    with qtbot.waitSignal(session.notice, timeout=5_000):
        session.disk.ask(lambda: None, lambda _: session.notice.emit("next", "info"))
    go.set()
