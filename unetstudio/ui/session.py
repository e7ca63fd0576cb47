"""The open project as the window sees it: turns values into signals."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable, Colour
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.display import Display
from unetstudio.ui.learning import Learning
from unetstudio.ui.review import Review


class Session(QObject):
    """API (being implemented)."""

    project_opened = Signal()
    project_closed = Signal()
    cases_changed = Signal()  # list, order, review states, thumbnails
    case_opening = Signal(str)  # id: its scan is being read
    case_opened = Signal(str)  # id: scan and labels are there, ready to paint
    case_failed = Signal(str, str)  # id, one sentence
    classes_changed = Signal()
    save_state_changed = Signal(str, bool)  # words for the status bar, everything is safe
    notice = Signal(str, str)  # one sentence, level: "info", "warning", "error"
    progress = Signal(str, int, int)  # what (import, export), done, total; done == total ends it

    project_path: Path | None
    project_name: str
    read_only: bool
    cases: tuple[Case, ...]
    case: Case | None  # the open one
    scan: Scan | None
    labels: LabelMap | None
    classes: ClassTable
    annotation: Annotation
    learning: Learning
    review: Review
    display: Display

    def open_paths(self, paths: list[Path]) -> None: ...  # files, folders, a DICOM folder, a project; into the open project if any
    def new_project(self, paths: list[Path]) -> None: ...  # closes the open one first
    def open_example(self) -> None: ...
    def import_masks(self, paths: list[Path]) -> None: ...
    def close_project(self) -> None: ...
    def open_case(self, case_id: str) -> None: ...
    def step_case(self, step: int) -> None: ...  # +1 next, -1 previous
    def move_case(self, case_id: str, place: int) -> None: ...
    def remove_case(self, case_id: str) -> None: ...
    def thumbnail(self, case_id: str) -> Path | None: ...  # PNG in the cache, None while it is being made
    def annotated_fraction(self, case_id: str) -> float: ...
    def add_class(self, name: str = "") -> None: ...
    def rename_class(self, value: int, name: str) -> None: ...
    def recolour_class(self, value: int, colour: Colour) -> None: ...
    def set_class_visible(self, value: int, visible: bool) -> None: ...
    def set_class_locked(self, value: int, locked: bool) -> None: ...
    def remove_class(self, value: int) -> None: ...
    def export(self, folder: Path, what: str, formats: list[str], cases: list[str], pictures: bool, table: bool) -> None: ...
    def shut_down(self) -> None: ...
    def recent_projects(self) -> list[dict[str, Any]]: ...  # {"path", "name", "thumbnail", "opened", "cases"}
