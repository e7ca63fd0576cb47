"""The dialog for a bug in the program itself: beside the work, with a report that can be sent to the developers."""

from __future__ import annotations

import sys
import traceback
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from unetstudio import __version__
from unetstudio.ui.pauses import Pauses
from unetstudio.ui.resources import icon
from unetstudio.worker import crash_log
from unetstudio.workspace.user_folders import home


class BugReports(QObject):
    """Shows uncaught exceptions of any thread; a second one is added to the dialog of the first."""

    seen = Signal(str)  # the traceback

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self.dialog: BugReport | None = None
        self.seen.connect(self.show_trace, Qt.ConnectionType.QueuedConnection)

    def install(self) -> None:
        """Catch uncaught exceptions from this call on; they still go to standard error."""
        sys.excepthook = self.take

    def take(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Show an uncaught exception; Python calls this."""
        sys.__excepthook__(kind, error, trace)
        if not issubclass(kind, KeyboardInterrupt):
            self.seen.emit("".join(traceback.format_exception(kind, error, trace)))

    def show_trace(self, trace: str) -> None:
        """Open the dialog, or add to the open one."""
        if self.dialog is None:
            self.dialog = BugReport(self._window)
            self.dialog.finished.connect(self._forget)
            self.dialog.show()
        self.dialog.add(trace)

    def _forget(self) -> None:
        self.dialog = None


class BugReport(QDialog):
    """The report, in a dialog that is not modal, so that one can go on painting."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.setWindowTitle("A fault in the program")
        self.resize(640, 360)
        sentence = QLabel(
            "Something in the program went wrong. What the status bar calls saved is on the disk. "
            "You can go on; if it looks odd, close the program and open the project again."
        )
        sentence.setWordWrap(True)
        self.lines = QPlainTextEdit()
        self.lines.setReadOnly(True)
        self.lines.setAccessibleName("Details of the fault")
        self.lines.setPlainText("\n".join(_environment()))
        copy = QPushButton(icon("copy"), "Copy the details")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self.lines.toPlainText()))
        close = QPushButton("Go on")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(copy)
        buttons.addStretch(1)
        buttons.addWidget(close)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(sentence)
        layout.addWidget(self.lines, 1)
        layout.addLayout(buttons)

    def add(self, trace: str) -> None:
        """Append a traceback below those before."""
        self.lines.appendPlainText(trace)


def _environment() -> list[str]:
    """Return lines on the program, the kind of computer, past pauses and the last crash; no paths, no names."""
    lines = [f"U-Net Studio {__version__}, Python {sys.version.split()[0]}, {sys.platform}"]
    lines += [f"Pause of the window: {line}" for line in Pauses().as_lines()]
    if crash := crash_log.last(home() / "log"):
        lines.append(crash)
    return [*lines, ""]
