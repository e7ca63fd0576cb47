"""The dialog about this computer: processor, memory, GPU, speed, and the remedy where a GPU is present but unused."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QFrame, QGridLayout, QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from unetstudio.ui.pauses import Pauses
from unetstudio.ui.resources import icon
from unetstudio.ui.task import Task, Tasks
from unetstudio.ui.worker_task import begin_worker_task
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import DescribeDevice, DeviceReport, TaskEvent


class ComputerDialog(QDialog):
    """Asks the worker for its report; the speed test takes about five seconds. Closing the dialog stops it."""

    def __init__(self, tasks: Tasks, worker: WorkerThread, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle("This computer")
        self.setMinimumSize(600, 280)
        self._report: DeviceReport | None = None
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(24)
        self._rows.setVerticalSpacing(8)
        self._rows.setColumnStretch(1, 1)
        self.waiting = QLabel("Measuring the speed of this computer, about five seconds …")
        self.waiting.setProperty("role", "muted")
        self.bar = QProgressBar()
        self.bar.setRange(0, 0)
        self.bar.setTextVisible(False)
        self.remedy = QLabel()
        self.remedy.setWordWrap(True)
        self.remedy.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.remedy.setProperty("role", "warning")
        self.copy_button = QPushButton(icon("copy"), "Copy as text")
        self.copy_button.setEnabled(False)
        self.copy_button.clicked.connect(self._copy)
        close = QPushButton("Close")
        close.setDefault(True)
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self.copy_button)
        buttons.addStretch(1)
        buttons.addWidget(close)
        line = QFrame()
        line.setProperty("role", "line")
        self._column = layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(12)
        layout.addLayout(self._rows)
        layout.addWidget(self.remedy)
        layout.addWidget(self.waiting)
        layout.addWidget(self.bar)
        layout.addStretch(1)
        layout.addWidget(line)
        layout.addLayout(buttons)
        self.remedy.hide()
        self._task = begin_worker_task(tasks, worker, "Measuring this computer", DescribeDevice, self._take)
        self._task.when_ended(self._show_end)
        self.finished.connect(self._task.stop)

    def _take(self, task: Task, event: TaskEvent) -> None:
        if isinstance(event, DeviceReport):
            self.show_report(event)

    def _show_end(self) -> None:
        """Say why there is no report, if there is none."""
        self.bar.hide()
        if self._report is None:
            self.waiting.setText(self._task.error or "The speed test was stopped.")

    def show_report(self, report: DeviceReport) -> None:
        """Show the report, the longest pause of the window today, and the remedy if there is one."""
        longest = Pauses().longest_today()
        pause = ("Longest pause today", longest.sentence if longest is not None else "none over 0.1 s")
        self._report = report = replace(report, rows=(*report.rows, pause))
        self.waiting.hide()
        self.bar.hide()
        self.copy_button.setEnabled(True)
        while (entry := self._rows.takeAt(0)) is not None:
            if (widget := entry.widget()) is not None:
                widget.deleteLater()
        for line, (heading, text) in enumerate(report.rows):
            name = QLabel(heading)
            name.setProperty("role", "field")
            value = QLabel(text)
            value.setWordWrap(True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            self._rows.addWidget(name, line, 0, Qt.AlignmentFlag.AlignTop)
            self._rows.addWidget(value, line, 1)
        self.remedy.setText(report.remedy)
        self.remedy.setVisible(bool(report.remedy))
        self._column.activate()
        self.resize(self.width(), max(self.height(), self._column.totalHeightForWidth(self.width())))

    def as_text(self) -> str:
        """Return the report as lines of text, to be sent to somebody who helps."""
        if self._report is None:
            return ""
        lines = [f"{heading}: {text}" for heading, text in self._report.rows]
        return "\n".join([*lines, self._report.remedy] if self._report.remedy else lines)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.as_text())
        self.copy_button.setText("Copied")
