"""What is left out of a registry is told in the window, also when that was before there was one."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from unetstudio import registry
from unetstudio.ui.plugin_warnings import PluginWarnings


class Notices(QObject):
    """Stands where the session does."""

    notice = Signal(str, str)


@pytest.fixture
def warnings(qapp: object) -> Iterator[PluginWarnings]:
    """Listening."""
    made = PluginWarnings()
    yield made
    made.stop()


def test_that_what_was_left_out_before_there_was_a_window_is_told_once_there_is_one(warnings: PluginWarnings) -> None:
    registry.log.warning("The tool %r is left out.", "brush")
    told: list[tuple[str, str]] = []
    notices = Notices()
    notices.notice.connect(lambda *words: told.append(words))
    warnings.pass_on(notices.notice)
    registry.log.warning("The tool %r is left out.", "fill")
    assert told == [("The tool 'brush' is left out.", "warning"), ("The tool 'fill' is left out.", "warning")]


def test_that_what_another_thread_leaves_out_is_told_on_the_gui_thread(warnings: PluginWarnings, qtbot: QtBot) -> None:
    notices = Notices()
    warnings.pass_on(notices.notice)
    with qtbot.waitSignal(notices.notice) as told:
        thread = Thread(target=lambda: registry.log.warning("A format is left out."))
        thread.start()
        thread.join()
    assert told.args == ["A format is left out.", "warning"]


def test_that_nothing_is_told_after_the_end(warnings: PluginWarnings, caplog: pytest.LogCaptureFixture) -> None:
    notices, told = Notices(), []
    notices.notice.connect(lambda *words: told.append(words))
    warnings.pass_on(notices.notice)
    warnings.stop()
    registry.log.warning("A format is left out.")
    assert told == []
