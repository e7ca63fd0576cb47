"""What the user does with the list of cases: step, reorder, remove, judge, and find the next one to judge."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import SignalInstance

from unetstudio.data.case import Case, ReviewState
from unetstudio.data.labels import LabelMap
from unetstudio.ui.review import Review
from unetstudio.ui.saving import Saver
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import CasesChanged
from unetstudio.workspace.project_writer import REMOVED, ProjectWriter


class CaseCommands:
    """The part of `Session` that changes the list of cases and their review states."""

    if TYPE_CHECKING:
        cases: tuple[Case, ...]
        case: Case | None
        labels: LabelMap | None
        read_only: bool
        view: dict[str, Any]
        writer: ProjectWriter | None
        review: Review
        saver: Saver
        worker: WorkerThread
        cases_changed: SignalInstance
        notice: SignalInstance
        open_case: Callable[[str], None]
        _wanted: str
        _close_case: Callable[[], None]

    def step_case(self, step: int) -> None:
        """To the next (+1) or previous (-1) case of the strip."""
        ids = [case.id for case in self.cases]
        if self._wanted in ids and 0 <= ids.index(self._wanted) + step < len(ids):
            self.open_case(ids[ids.index(self._wanted) + step])

    def move_case(self, case_id: str, place: int) -> None:
        """To another place in the strip."""
        if self._refuse_change():
            return
        rest = [case for case in self.cases if case.id != case_id]
        rest.insert(place, self._case(case_id))
        self.cases = tuple(rest)
        self._keep_cases()

    def remove_case(self, case_id: str) -> None:
        """Takes a case off the list; its image and its labels stay where they are, and opening the image again brings it back."""
        if self._refuse_change():
            return
        ids = [case.id for case in self.cases]
        place = ids.index(case_id)
        self.view[REMOVED] = {**self.view.get(REMOVED, {}), self._case(case_id).sha256: case_id}
        self.saver.keep(view=dict(self.view))
        self.cases = tuple(case for case in self.cases if case.id != case_id)
        self._keep_cases()
        if case_id != self._wanted:
            return
        if self.cases:
            self.open_case(self.cases[min(place, len(self.cases) - 1)].id)
        else:
            self._close_case()
            self._wanted = ""

    def _refuse_change(self) -> bool:
        """Whether the project is open for reading only, which is then said."""
        if self.read_only:
            self.notice.emit("This project is open read-only; nothing is changed.", "info")
        return self.read_only

    def thumbnail(self, case_id: str) -> Path | None:
        """PNG in the cache, or where it will be."""
        return self.writer.thumbnail(case_id) if self.writer is not None else None

    def annotated_fraction(self, case_id: str) -> float:
        """Share of a case's voxels that carry a class, as last known."""
        if self.case is not None and self.case.id == case_id and self.labels is not None:
            return self.labels.annotated / self.labels.values.size
        return float(self.view.get("annotated", {}).get(case_id, 0.0))

    def note_annotated(self, case_id: str, share: float) -> None:
        """Keeps what `annotated_fraction` tells while the case is not open."""
        self.view["annotated"] = {**self.view.get("annotated", {}), case_id: share}

    def _note_annotated(self) -> None:
        if self.case is not None:
            self.note_annotated(self.case.id, self.annotated_fraction(self.case.id))

    def _set_review(self, state: ReviewState) -> None:
        if self.case is not None and not self._refuse_change():
            self.case = replace(self.case, review=state)
            self.replace_cases([self.case])
            self.saver.note(self.case.id, event=state.value)
            self.review.state_changed.emit(self.case.id, state)

    def mark_case(self, case_id: str, state: ReviewState) -> None:
        """Sets the review state of any case."""
        if self.case is not None and case_id == self.case.id:
            self._set_review(state)
        elif not self._refuse_change():
            self.replace_cases([replace(self._case(case_id), review=state)])
            self.saver.note(case_id, event=state.value)
            self.review.state_changed.emit(case_id, state)

    def _open_next_unreviewed(self) -> None:
        ids = [case.id for case in self.cases]
        start = ids.index(self._wanted) + 1 if self._wanted in ids else 0
        for case in (*self.cases[start:], *self.cases[:start]):
            if case.review == ReviewState.UNREVIEWED and case.id != self._wanted:
                self.open_case(case.id)
                return
        self.notice.emit("Every case has been reviewed.", "info")

    def _case(self, case_id: str) -> Case:
        return next(case for case in self.cases if case.id == case_id)

    def replace_cases(self, changed: Iterable[Case]) -> None:
        """Cases that became others (review state, place of the image), known by their ids."""
        fresh = {case.id: case for case in changed}
        self.cases = tuple(fresh.get(case.id, case) for case in self.cases)
        self._keep_cases()

    def _keep_cases(self) -> None:
        self.saver.keep(cases=self.cases)
        self.worker.ask(CasesChanged(self.cases))
        self.cases_changed.emit()
