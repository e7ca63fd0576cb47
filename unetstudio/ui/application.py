"""Starts the Qt application with one window, and ends it in order."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from unetstudio.ui.bug_report import BugReports
from unetstudio.ui.main_window import MainWindow
from unetstudio.ui.plugin_warnings import PluginWarnings
from unetstudio.ui.preferences import AUTHOR, Preferences
from unetstudio.ui.session import Session
from unetstudio.ui.theme import Appearance
from unetstudio.ui.watchdog import Watchdog

SETTLE = 800
"""Milliseconds until the learner's process starts when nothing was opened: the window comes first."""


def run(paths: list[Path], *, example: bool = False) -> int:
    """Show the window, on `paths` if there are any, until it is closed; return the exit status."""
    application = QApplication(sys.argv[:1])
    application.setApplicationName("U-Net Studio")
    application.setDesktopFileName("unetstudio")
    plugin_warnings = PluginWarnings(application)  # before anything loads a registry
    preferences = Preferences()
    appearance = Appearance(application, preferences)
    session = Session()
    session.saver.author = preferences.get(AUTHOR, "")
    window = MainWindow(session, appearance, preferences)
    reports = BugReports(window)
    reports.install()
    session.fault.connect(reports.show_trace)
    plugin_warnings.pass_on(session.notice)
    if paths or example:
        window.show_work()
    window.show()
    if example:
        session.open_example()
    elif paths:
        session.open_paths(paths)
    QTimer.singleShot(SETTLE, session.start_worker)
    watchdog = Watchdog(parent=window)
    QTimer.singleShot(SETTLE, watchdog.start)  # neither building nor closing the window counts as a pause
    window.closing.connect(watchdog.stop)
    end_on_signals(window)
    status = application.exec()
    watchdog.stop()
    plugin_warnings.stop()
    if not session.linger():
        os._exit(status)  # Qt would end a process that destroys a running thread with a crash
    return status


def end_on_signals(window: MainWindow) -> None:
    """Let Ctrl+C in the terminal, a termination signal, and logout or shutdown close the window without a question."""

    def close(*_: object) -> None:
        QTimer.singleShot(0, window.close_in_a_hurry)

    application = QGuiApplication.instance()
    if isinstance(application, QGuiApplication):  # at a logout
        application.commitDataRequest.connect(lambda _: window.close_in_a_hurry())
    signal.signal(signal.SIGINT, close)
    signal.signal(signal.SIGTERM, close)
    ticking = QTimer(window, interval=250)  # lets Python handle signals now and then while Qt waits
    ticking.timeout.connect(lambda: None)
    ticking.start()
