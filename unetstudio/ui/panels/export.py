"""The export panel: the choices, the button, and, instead of a message box, the progress and the result."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import QProgressBar, QPushButton, QScrollArea, QVBoxLayout, QWidget

from unetstudio import RESEARCH_USE
from unetstudio.ui.export_run import ExportRun
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.panels.export_form import ExportForm
from unetstudio.ui.panels.text import label
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.resources import icon
from unetstudio.ui.task import Task, TaskState

SETTLE = 60  # ms until the column has room for the result


class ExportPanel(QWidget):
    """Commands an `ExportRun` and shows the task that it begins."""

    def __init__(self, notifier: Notifier, export_run: ExportRun, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export_panel")
        self._export_run = export_run
        self._task: Task | None = None  # the export shown last
        self.form = ExportForm(notifier, preferences)
        self.export_button = QPushButton(icon("export", "#ffffff"), "Export")
        self.bar = QProgressBar()
        self.result = label(role="body", name="export_result")
        self.open_button = QPushButton(icon("folder"), "Open folder")
        self._folder = Path()  # the folder of the last export
        self._lay_out()
        self.export_button.clicked.connect(self.export)
        self.open_button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._folder))))
        self.form.changed.connect(self._enable)
        self._enable()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.form.offer_formats()

    def _lay_out(self) -> None:
        self.export_button.setObjectName("export_go")
        self.export_button.setProperty("role", "primary")
        self.export_button.setToolTip("Write the files (Ctrl+E comes here)")
        self.open_button.setObjectName("export_open_folder")
        self.bar.setObjectName("export_progress")
        self.bar.setTextVisible(False)
        for button in (self.export_button, self.open_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for part in (self.bar, self.result, self.open_button):
            part.setVisible(False)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.form)
        for part in (self.export_button, self.bar, self.result, self.open_button, label(RESEARCH_USE, "small", "research_use")):
            column.addWidget(part)

    def _enable(self) -> None:
        running = self._task is not None and self._task.running
        self.export_button.setEnabled(self.form.complete and not running)

    def export(self) -> None:
        """Export the ticked files."""
        form = self.form
        if not self.export_button.isEnabled():
            return
        form.remember_folder()
        averaged = form.averaged.isChecked() and form.averaged.isEnabled()
        folder, cases = form.chosen_folder(), form.chosen_cases()
        self.show_task(self._export_run.begin(folder, form.choice(), cases, averaged=averaged), folder)

    def show_task(self, task: Task, folder: Path) -> None:
        """Show the progress of an export into a folder, and at the end its result."""
        self._task, self._folder = task, folder
        self._say("", "")
        self.bar.setVisible(True)
        task.changed.connect(self._show_progress)
        self._show_progress()
        self._enable()
        task.when_ended(self._show_end)

    def _show_progress(self) -> None:
        if self._task is not None:
            self.bar.setRange(0, self._task.total)  # no total yet: the bar only shows activity
            self.bar.setValue(self._task.done)

    def _show_end(self) -> None:
        in_sight = not self.export_button.visibleRegion().isEmpty()
        self.bar.setVisible(False)
        self._enable()
        match self._task:
            case Task(state=TaskState.FAILED, error=error):
                self._say(error, "bad")
            case Task(state=TaskState.STOPPED):
                self._say("The export was stopped.", "warning")
            case Task(problems=problems):
                words = _in_words(problems)
                self._say(f"Exported to “{self._folder.name}”. {words}".strip(), "warning" if words else "good")
                self.open_button.setVisible(True)
        if in_sight:  # who has not scrolled away sees the result, which is below the button
            QTimer.singleShot(SETTLE, self, self._reveal)

    def _reveal(self) -> None:
        column = self.parentWidget()
        while column is not None and not isinstance(column, QScrollArea):
            column = column.parentWidget()
        if column is not None:
            column.ensureWidgetVisible(self.result)
            column.ensureWidgetVisible(self.open_button if self.open_button.isVisible() else self.result)

    def _say(self, text: str, role: str) -> None:
        self.result.setText(text)
        self.result.setProperty("role", role)
        self.result.style().polish(self.result)
        self.result.setVisible(bool(text))
        self.open_button.setVisible(False)


def _in_words(problems: list[str]) -> str:
    """Quote the first problem and count the others."""
    if not problems:
        return ""
    return problems[0] + (f" ({len(problems) - 1} more were left out.)" if len(problems) > 1 else "")
