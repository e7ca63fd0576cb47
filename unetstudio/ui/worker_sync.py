"""Synchronisation of the open project with the worker: the project and its changes are sent, and the events passed on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject

from unetstudio.data.case import Case
from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.inference.events import AttentionMapped, CasePredicted, TilePredicted
from unetstudio.ui.attention import Attention
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.display import Display, DisplayOptions
from unetstudio.ui.learning import Learning
from unetstudio.ui.notifier import Change, Notifier
from unetstudio.ui.review import Review
from unetstudio.ui.saving import Saver
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import (
    STUDY_JOBS,
    CasesChanged,
    ClassesChanged,
    CloseStudy,
    Event,
    JobFailed,
    LabelsEdited,
    OpenStudy,
    PredictCases,
    ShowView,
    StudyEvent,
    StudyOpened,
    TaskEnded,
    WorkerReady,
)
from unetstudio.workspace.open_case import LabelChange
from unetstudio.workspace.open_project import SettingsChanged


class WorkerSync(QObject):
    """Sends the open project to the worker. Events about a project that was closed meanwhile are dropped."""

    def __init__(
        self,
        notifier: Notifier,
        worker: WorkerThread,
        disk: DiskThread,
        saver: Saver,
        display: Display,
        review: Review,
        attention: Attention,
        learning: Learning,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._notifier, self._worker, self._disk, self._saver, self._display = notifier, worker, disk, saver, display
        self._review, self._attention, self._learning = review, attention, learning
        self._to_open = False  # whether the project is still to be sent to the worker
        self._opened: Path | None = None  # the project that the worker's events are about
        self._view: ShowView | None = None
        notifier.project_opened.connect(self.open)
        notifier.project_closed.connect(self.close)
        notifier.changed.connect(self._send)
        worker.event_received.connect(self._take)
        saver.idle.connect(self._open_when_saved)
        display.changed.connect(self._follow_overlay)

    # ---------------------------------------------------------------------------------------------------- to the worker

    def open(self) -> None:
        """Send the project to the worker, once every stroke that it will read is on the disk.

        One that is open read-only is not trained on: checkpoints and predictions would be written into it.
        """
        self._opened = None
        self._to_open = not self._notifier.read_only
        if self._to_open:
            self._open_when_saved()
        else:
            self._learning.rest("Open read-only: nothing is learned here.")

    def close(self) -> None:
        """Take the project away from the worker."""
        self._to_open, self._opened, self._view = False, None, None
        self._worker.ask(CloseStudy())

    def send_labels(self, change: LabelChange) -> None:
        """Send a change of labels under its number in the journal; parts of an unfinished stroke are not sent."""
        if change.kind.changes and change.edit is not None:
            self._worker.ask(LabelsEdited(change.case, change.sequence, change.edit))

    def _send(self, change: Change) -> None:
        """Send the change made by an operation, as far as it concerns learning."""
        if (project := self._notifier.project) is None:
            return
        match change:
            case ClassesEdit():
                if change.concerns_learning:
                    self._worker.ask(ClassesChanged(project.classes.table))
            case SettingsChanged():
                pass  # sent when learning starts with them
            case _:
                self._worker.ask(CasesChanged(project.cases.all))

    def show_view(self, region: Region, focus: tuple[int, int, int]) -> None:
        """Send the visible region, which the worker predicts first."""
        if (case := self._case()) is not None:
            self._view = ShowView(case.id, region, focus, self._shows_attention)
            self._worker.ask(self._view)

    @property
    def _shows_attention(self) -> bool:
        return OVERLAYS[self._display.options.overlay].maps_attention

    def _follow_overlay(self, before: DisplayOptions) -> None:
        """Have attention computed only while it is shown."""
        if self._view is not None and self._view.attention != self._shows_attention:
            self._view = replace(self._view, attention=self._shows_attention)
            if self._shows_attention:
                self._worker.ask(self._view)

    def _open_when_saved(self) -> None:
        project = self._notifier.project
        unsaved = self._saver.busy or self._saver.refused
        if not self._to_open or unsaved or project is None or not self._learning.state.device:
            return
        self._to_open = False
        self._worker.ask(OpenStudy(project.path, project.classes.table, project.cases.all))
        self._learning.start()
        if self._view is not None and (case := self._case()) is not None and self._view.case == case.id:
            self._worker.ask(self._view)
        self._worker.ask(PredictCases())

    # -------------------------------------------------------------------------------------------------- from the worker

    def _take(self, event: Event) -> None:
        if isinstance(event, StudyOpened):
            self._opened = event.project
        if self._is_late(event):
            return
        self._learning.take(event)
        match event:
            case WorkerReady() if self._notifier.project is not None:
                self.open()
            case TilePredicted():
                self._review.take(event)
            case AttentionMapped():
                self._attention.take(event)
            case CasePredicted():
                self._show_whole(event)
                self._notifier.cases_changed.emit()
            case JobFailed(detail=detail) | TaskEnded(detail=detail) if detail:
                self._notifier.fault.emit(detail)

    def _is_late(self, event: Event) -> bool:
        """Return whether an event is about a project that is not open any more."""
        project = self._notifier.project
        if self._opened is not None and project is not None and self._opened == project.path:
            return False
        return isinstance(event, StudyEvent) or (isinstance(event, JobFailed) and event.job in STUDY_JOBS)

    def _show_whole(self, event: CasePredicted) -> None:
        """Read the rest of the open case's prediction, which was made on the disk, when only a part of the case is on the screen."""
        project, case, view = self._notifier.project, self._case(), self._view
        if project is None or case is None or case.id != event.case or not event.whole or view is None:
            return
        if view.region.clipped(case.shape) == Region.whole(case.shape):
            return

        def show(prediction: Prediction | None) -> None:
            shown = self._case()
            if prediction is not None and shown is not None and shown.id == case.id:
                self._review.show(prediction)

        self._disk.ask(lambda: project.writer.prediction(case), show)

    def _case(self) -> Case | None:
        project = self._notifier.project
        return None if project is None or project.case is None else project.case.case
