"""What passes between the open project and the worker: the project itself, what is on screen, and the answers, to those they concern."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.inference.events import AttentionMapped, CasePredicted, TilePredicted
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS
from unetstudio.ui.display import DisplayOptions
from unetstudio.worker.messages import (
    STUDY_JOBS,
    CloseStudy,
    Event,
    JobFailed,
    OpenStudy,
    PredictCases,
    ShowView,
    StudyEvent,
    StudyOpened,
    TaskEnded,
    WorkerReady,
)

if TYPE_CHECKING:
    from unetstudio.ui.session import Session


class WorkerSync(QObject):
    """The session's link to the worker. What is told of a project that was closed meanwhile is dropped."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._session = session
        self._wanted = False  # whether the project is still to be given to the worker
        self._told: Path | None = None  # the project that the worker speaks of
        self._shown: ShowView | None = None
        session.worker.event_received.connect(self._take)
        session.saver.idle.connect(self._open_when_saved)
        session.display.changed.connect(self._follow_overlay)

    def open(self) -> None:
        """Gives the project to the worker, once every stroke that it will read is on the disk. One open for reading only is not learned:
        checkpoints and predictions would be written into it."""
        self._told = None
        self._wanted = not self._session.read_only
        if self._wanted:
            self._open_when_saved()
        else:
            self._session.learning.rest("Open read-only: nothing is learned here.")

    def close(self) -> None:
        """Takes it back."""
        self._wanted, self._told, self._shown = False, None, None
        self._session.worker.ask(CloseStudy())

    def show_view(self, region: Region, focus: tuple[int, int, int]) -> None:
        """What is on screen, which the worker predicts first."""
        if self._session.case is not None:
            self._shown = ShowView(self._session.case.id, region, focus, self._attention_wanted)
            self._session.worker.ask(self._shown)

    @property
    def _attention_wanted(self) -> bool:
        return OVERLAYS[self._session.display.options.overlay].maps_attention

    def _follow_overlay(self, before: DisplayOptions) -> None:
        """Where the network looked is computed only while somebody looks at it."""
        if self._shown is not None and self._shown.attention != self._attention_wanted:
            self._shown = replace(self._shown, attention=self._attention_wanted)
            if self._attention_wanted:
                self._session.worker.ask(self._shown)

    def _open_when_saved(self) -> None:
        session = self._session
        unsaved = session.saver.busy or session.saver.refused
        if not self._wanted or unsaved or session.writer is None or not session.learning.state.device:
            return
        self._wanted = False
        session.worker.ask(OpenStudy(session.writer.project.folder, session.classes, session.cases))
        session.learning.start()
        if self._shown is not None and session.case is not None and self._shown.case == session.case.id:
            session.worker.ask(self._shown)
        session.worker.ask(PredictCases())

    def _take(self, event: Event) -> None:
        session = self._session
        if isinstance(event, StudyOpened):
            self._told = event.project
        if self._is_late(event):
            return
        session.learning.take(event)
        match event:
            case WorkerReady() if session.writer is not None:
                self.open()
            case TilePredicted():
                session.review.take(event)
            case AttentionMapped():
                session.attention.take(event)
            case CasePredicted():
                self._show_whole(event)
                session.cases_changed.emit()
            case JobFailed(detail=detail) | TaskEnded(detail=detail) if detail:
                session.fault.emit(detail)

    def _is_late(self, event: Event) -> bool:
        """Whether it is told of a project that is not open any more."""
        if self._told is not None and self._told == self._session.project_path:
            return False
        return isinstance(event, StudyEvent) or (isinstance(event, JobFailed) and event.job in STUDY_JOBS)

    def _show_whole(self, event: CasePredicted) -> None:
        """Of a case that is on screen in part only, the rest was predicted to the disk."""
        writer, case, shown = self._session.writer, self._session.case, self._shown
        if writer is None or case is None or case.id != event.case or not event.whole or shown is None:
            return
        if shown.region.clipped(case.shape) == Region.whole(case.shape):
            return

        def show(prediction: Prediction | None) -> None:
            if prediction is not None and self._session.case is not None and self._session.case.id == case.id:
                self._session.review.show(prediction)

        self._session.disk.ask(lambda: writer.prediction(case), show)
