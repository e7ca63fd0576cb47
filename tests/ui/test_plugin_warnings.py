"""Variants left out of a registry are reported in the window, also when that happened before there was one."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Thread

import pytest
from PySide6.QtCore import QObject, Signal
from pytestqt.qtbot import QtBot

from unetstudio import registry
from unetstudio.ui.plugin_warnings import PluginWarnings


class Notices(QObject):
    """Stands in for the session."""

    notice = Signal(str, str)


@pytest.fixture
def warnings(qapp: object) -> Iterator[PluginWarnings]:
    """Plugin warnings that are being collected."""
    made = PluginWarnings()
    yield made
    made.stop()


def test_that_warnings_from_before_the_window_are_shown_once_there_is_one(warnings: PluginWarnings) -> None:
    registry.log.warning("The tool %r is left out.", "brush")
    sentences: list[tuple[str, str]] = []
    notices = Notices()
    notices.notice.connect(lambda *words: sentences.append(words))
    warnings.pass_on(notices.notice)
    registry.log.warning("The tool %r is left out.", "fill")
    assert sentences == [("The tool 'brush' is left out.", "warning"), ("The tool 'fill' is left out.", "warning")]


def test_that_a_warning_from_another_thread_is_shown_on_the_gui_thread(warnings: PluginWarnings, qtbot: QtBot) -> None:
    notices = Notices()
    warnings.pass_on(notices.notice)
    with qtbot.waitSignal(notices.notice) as sentences:
        thread = Thread(target=lambda: registry.log.warning("A format is left out."))
        thread.start()
        thread.join()
    assert sentences.args == ["A format is left out.", "warning"]


def test_that_nothing_is_reported_after_the_end(warnings: PluginWarnings, caplog: pytest.LogCaptureFixture) -> None:
    notices, sentences = Notices(), []
    notices.notice.connect(lambda *words: sentences.append(words))
    warnings.pass_on(notices.notice)
    warnings.stop()
    registry.log.warning("A format is left out.")
    assert sentences == []
