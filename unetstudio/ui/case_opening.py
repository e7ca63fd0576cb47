"""How a case comes onto the screen: its image is read, then its labels; of several asked for in a row only the last is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import SignalInstance

from unetstudio.data.case import Case
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.networks.allocator import give_back
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.cursor import Cursor
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.display import Display
from unetstudio.ui.image_import import ImageImport
from unetstudio.ui.review import Review
from unetstudio.ui.saving import Saver
from unetstudio.workspace.project_writer import OpenedCase, ProjectWriter


class CaseOpening:
    """The part of `Session` that opens and closes cases."""

    if TYPE_CHECKING:
        cases: tuple[Case, ...]
        case: Case | None
        scan: Scan | None
        labels: LabelMap | None
        view: dict[str, Any]
        writer: ProjectWriter | None
        disk: DiskThread
        saver: Saver
        cursor: Cursor
        display: Display
        annotation: Annotation
        review: Review
        image_import: ImageImport
        case_opening: SignalInstance
        case_opened: SignalInstance
        case_failed: SignalInstance
        notice: SignalInstance
        start_worker: Callable[[], None]
        replace_cases: Callable[[Iterable[Case]], None]
        _case: Callable[[str], Case]
        _keep_cases: Callable[[], None]
        _note_annotated: Callable[[], None]
        _sequence: dict[str, int]
        _wanted: str

    def add_case(self, case: Case, scan: Scan) -> None:
        """One more at the end of the strip; the first is opened at once."""
        if any(case.sha256 == other.sha256 for other in self.cases):
            return
        self.cases = (*self.cases, case)
        self._keep_cases()
        if not self._wanted:
            self.open_case(case.id, scan)

    def show_image(self, path: Path) -> None:
        """Opens the case of an image; one that is none yet becomes one."""
        known = next((case for case in self.cases if case.source.path.absolute() == path.absolute()), None)
        if known is not None:
            self.open_case(known.id)
        else:
            self.image_import.add([path], show=True)

    def open_case(self, case_id: str, scan: Scan | None = None) -> None:
        """Shows a case as soon as it is read; of several asked for in a row only the last is shown."""
        if self.writer is None or case_id == self._wanted:
            return
        writer, case = self.writer, self._case(case_id)
        self.annotation.end()
        self.saver.flush()  # a case that can be painted is listed on the disk
        self._wanted = case_id
        self.case_opening.emit(case_id)

        def read() -> tuple[Case, Scan] | None:
            return writer.scan_of(case) if self._wanted == case_id else None

        def go_on(found: tuple[Case, Scan] | None) -> None:
            if found is not None and self._wanted == case_id and self.writer is writer:
                self._open_read(writer, *found)

        if scan is None:
            self.disk.read(read, go_on, lambda error: self._case_refused(writer, case_id, error))
        else:
            self._open_read(writer, case, scan)

    def _open_read(self, writer: ProjectWriter, case: Case, scan: Scan) -> None:
        """Its labels, once its scan is there."""

        def read() -> OpenedCase | None:
            return writer.open_case(case, scan) if self._wanted == case.id else None

        self.disk.ask(read, self._case_read, lambda error: self._case_refused(writer, case.id, error))

    def _case_read(self, opened: OpenedCase | None) -> None:
        if opened is None or opened.case.id != self._wanted or self.writer is None:
            return
        case = opened.case
        if self.case is not None and self.case.id == case.id and opened.sequence <= self._sequence[case.id]:
            self.case_opened.emit(case.id)  # back before the next was there: what is on the screen holds all that the disk does, or more
            return
        self._close_case()
        if case != self._case(case.id):
            self.replace_cases([case])  # found again at its new place
        self.case, self.scan, self.labels = case, opened.scan, opened.labels
        changed = self._sequence.get(case.id, opened.sequence) != opened.sequence  # by an import
        self._sequence[case.id] = opened.sequence
        self.view["case"] = case.id
        self.display.show(replace(self.display.options, window=None))
        self.cursor.open(case.shape)
        self.annotation.open(case.id, opened.scan.voxels, opened.labels, opened.history, changed=changed)  # type: ignore[arg-type]
        self.review.open(case, opened.scan.voxels, opened.labels, opened.prediction)
        self.saver.keep(view=dict(self.view))
        self.case_opened.emit(case.id)
        if opened.recovered:
            self.notice.emit(opened.recovered, "warning")
        self.start_worker()
        self.disk.ask(give_back)  # of the case before

    def _case_refused(self, writer: ProjectWriter, case_id: str, error: UserError) -> None:
        if self.writer is not writer:
            return  # it was read while its project was closed
        self.image_import.lost.add(case_id)
        if self._wanted == case_id:
            self._wanted = self.case.id if self.case is not None else ""
        self.case_failed.emit(case_id, str(error))
        self.notice.emit(str(error), "error")

    def _close_case(self) -> None:
        if self.case is None:
            return
        self.annotation.end()
        self._note_annotated()
        self.annotation.close()
        self.review.close()
        self.case = self.scan = self.labels = None
