"""The open project as the window sees it: turns values into signals.

Commands come down as calls, results go up as signals. Reading and writing happen on the disk thread (through `ProjectWriter`), learning
in the worker process; nothing here takes longer than a frame.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.postprocess.segment import DEFAULT_STEPS, from_json, to_json
from unetstudio.project.manifest_file import is_project
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.attention import Attention
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS
from unetstudio.ui.case_commands import CaseCommands
from unetstudio.ui.case_opening import CaseOpening
from unetstudio.ui.class_commands import ClassCommands
from unetstudio.ui.cursor import Cursor
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.display import Display, DisplayOptions
from unetstudio.ui.exchange import Exchange
from unetstudio.ui.history import HistoryReader
from unetstudio.ui.image_import import ImageImport
from unetstudio.ui.learning import Learning
from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.review import Review
from unetstudio.ui.save_as import SaveAs
from unetstudio.ui.saving import Saver
from unetstudio.ui.task import Tasks
from unetstudio.ui.worker_sync import WorkerSync
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import LabelsEdited
from unetstudio.workspace import recent
from unetstudio.workspace.example import example_images
from unetstudio.workspace.project_writer import OpenedProject, ProjectWriter, open_project

LINGER = 30_000
"""Milliseconds that the process outlives its window for the sake of strokes that could not be written yet."""


class Session(CaseOpening, CaseCommands, ClassCommands, QObject):
    """One window's project, or none."""

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
    fault = Signal(str)  # traceback of an error in the program itself, on the disk thread or in the worker

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.writer: ProjectWriter | None = None
        self.cases: tuple[Case, ...] = ()
        self.classes = ClassTable()
        self.case: Case | None = None
        self.scan: Scan | None = None
        self.labels: LabelMap | None = None
        self.view: dict[str, Any] = {}  # what the window remembers of the project: open case, zoom and slice of each case ...
        self.author = ""  # as the user typed it, for the audit trail
        self._sequence: dict[str, int] = {}
        self._wanted = ""  # id of the case asked for last
        self._opening: Path | None = None  # the project asked for last, while it is being read
        self.tasks = Tasks(self)
        self.disk = DiskThread(self)
        self.worker = WorkerThread(self)
        self.saver = Saver(self.disk, self)
        self.cursor = Cursor(self)
        self.display = Display(self)
        self.annotation = Annotation(self)
        self.review = Review(self.annotation, self)
        self.attention = Attention(self)
        self.networks = NetworkCatalogue(self.worker, self.tasks, self)
        self.learning = Learning(self.worker, self.networks, self)
        self.exchange = Exchange(self)
        self.save_as = SaveAs(self)
        self.history = HistoryReader(self)
        self.image_import = ImageImport(self)
        self.worker_sync = WorkerSync(self)
        self._wire()
        self.disk.start()

    def _wire(self) -> None:
        self.disk.crashed.connect(self.fault)
        self.review.fault.connect(self.fault)
        self.saver.state_changed.connect(self.save_state_changed)
        self.saver.lost.connect(self._stop_painting)
        self.saver.space_low.connect(lambda text: self.notice.emit(text, "warning"))
        self.annotation.journalled.connect(self._journal)
        self.annotation.labels_edited.connect(self.review.labels_edited)
        self.annotation.classes_undone.connect(self._undo_classes)
        self.annotation.refused.connect(lambda text: self.notice.emit(text, "info"))
        self.review.refused.connect(lambda text: self.notice.emit(text, "info"))
        self.review.steps_changed.connect(lambda: self.saver.keep(steps=to_json(self.review.steps)))
        self.review.state_asked.connect(self._set_review)
        self.review.next_asked.connect(self._open_next_unreviewed)
        self.case_opened.connect(lambda _: self.attention.open(self.case))
        self.learning.settings_changed.connect(lambda: self.saver.keep(training=self.learning.settings))
        self.learning.notice.connect(self.notice)
        self.networks.notice.connect(self.notice)
        self.learning.changed.connect(self._drop_overlay)

    # ----------------------------------------------------------------------------------------------------- project

    @property
    def project_path(self) -> Path | None:
        """The project's folder."""
        return self.writer.project.folder if self.writer is not None else None

    @property
    def project_name(self) -> str:
        """For the title bar."""
        return self.writer.project.name if self.writer is not None else ""

    @property
    def read_only(self) -> bool:
        """Whether nothing can be changed."""
        return self.writer is not None and self.writer.project.read_only

    def open_paths(self, paths: list[Path]) -> None:
        """Files, folders, a DICOM folder or a project; images join the open project, or begin one beside them."""
        projects = [path for path in paths if is_project(path) or (is_project(path.parent) and path.name == "project.json")]
        if projects:
            self._open_project(projects[0])
        elif paths:
            self.image_import.add(paths)

    def new_project(self, paths: list[Path]) -> None:
        """Images into a project of their own."""
        self.close_project()
        self.image_import.add(paths, anew=True)

    def open_example(self) -> None:
        """Images that come with the program's libraries, copied to a folder of the user's."""
        self.close_project()
        self.disk.ask(lambda: example_images(recent.documents()), self.open_paths, self._refuse)

    def close_project(self) -> None:
        """Everything is saved already; the disk thread lets go in its turn."""
        self._opening = None
        self.image_import.forget()
        if self.writer is None:
            return
        self.exchange.project_closed()
        self._close_case()
        self.saver.keep(view=self.view)
        self.saver.close()
        self.writer = None
        self.cases, self.classes, self.view, self._wanted = (), ClassTable(), {}, ""
        self.annotation.forget()
        self.worker_sync.close()
        self.learning.project_closed()
        self.project_closed.emit()

    def stop_work(self) -> None:
        """Ends what `progress` tells of; what is done of it stays."""
        self.image_import.stop()
        self.exchange.stop()
        self.save_as.stop()

    def shut_down(self) -> None:
        """Ends within 3 s: closes the project, then the threads and the worker process."""
        self.close_project()
        self.worker.leave()
        self.disk.finish()
        self.worker.finish()
        self.review.finish()

    def linger(self) -> bool:
        """After `shut_down`: waits until strokes on a slow disk are there; False when a thread runs even then."""
        self.disk.wait(LINGER)
        return not self.disk.working and not any(thread.isRunning() for thread in self.findChildren(QThread))

    def recent_projects(self) -> list[dict[str, Any]]:
        """Newest first: path, name, thumbnail, opened, cases; those that are gone are left out."""
        return recent.projects()

    def start_worker(self) -> None:
        """Starts the learner's process; the window does so once it is on screen."""
        if not self.worker.isRunning():
            self.worker.start()

    @property
    def opening(self) -> bool:
        """Whether a project is being read."""
        return self._opening is not None

    def _open_project(self, folder: Path) -> None:
        if folder == self._opening:
            return  # a double click
        self.close_project()
        self._opening = folder

        def read() -> OpenedProject | None:
            return open_project(folder, recent.documents()) if self._opening == folder else None

        self.disk.ask(read, lambda opened: self._project_read(folder, opened), lambda error: self._project_refused(folder, error))

    def _project_read(self, folder: Path, opened: OpenedProject | None) -> None:
        if opened is not None and folder == self._opening:
            self._opening = None
            self.show_project(opened)
            self.image_import.go_on()
        elif opened is not None:
            self.disk.ask(opened.writer.close)  # another one was asked for meanwhile

    def _project_refused(self, folder: Path, error: UserError) -> None:
        if folder == self._opening:
            self._opening = None
            self._refuse(error)
            self.image_import.go_on()

    def show_project(self, opened: OpenedProject) -> None:
        """From now on this project, which has just been read or made, is the open one."""
        self.writer = opened.writer
        project = opened.writer.project
        self.cases, self.classes, self.view = project.cases, project.classes, dict(project.manifest.view)
        self.saver.open(opened.writer)
        self.set_author(self.author)
        self.annotation.read_only = project.read_only
        self.annotation.set_classes(self.classes)
        self.annotation.set_active_class(self.view.get("active_class", 1))
        self.learning.settings = replace(project.manifest.training, seconds=0.0, steps=0)  # a time to learn in is used once
        self.learning.settings_changed.emit()
        self.review.set_steps(from_json(project.manifest.steps) if project.manifest.steps else DEFAULT_STEPS)
        recent.remember(project.folder)
        self.project_opened.emit()
        self.classes_changed.emit()
        self.cases_changed.emit()
        for text in opened.notices:
            self.notice.emit(text, "warning")
        self.worker_sync.open()
        if self.cases:
            known = {case.id for case in self.cases}
            last = self.view.get("case", "")
            self.open_case(last if last in known else self.cases[0].id)

    # -------------------------------------------------------------------------------------- edits, and what is learned

    def _journal(self, kind: str, edit: Any) -> None:
        """Every change of labels goes to disk and to the worker, under one number; what is kept of a stroke in hand to the disk alone."""
        if self.case is None:
            return
        if kind in ("partial", "cancel"):
            self.saver.append(self.case.id, kind, edit)
            return
        self._sequence[self.case.id] += 1
        self.saver.append(self.case.id, kind, edit)
        self.worker.ask(LabelsEdited(self.case.id, self._sequence[self.case.id], edit))

    def import_masks(self, paths: list[Path]) -> None:
        """Masks made elsewhere become labels."""
        self.exchange.import_masks(paths)

    def export(
        self, folder: Path, what: str, formats: list[str], cases: list[str], pictures: bool, table: bool, *, averaged: bool = False
    ) -> None:
        """Writes masks, pictures and measurements into a folder; `averaged` predicts anew over mirrored views first."""
        self.exchange.export(folder, what, formats, cases, pictures, table, averaged=averaged)

    @property
    def overlays(self) -> tuple[str, ...]:
        """Names of the overlays that the network in use can be shown with."""
        network = self.networks[self.learning.state.network]
        return tuple(name for name, overlay in OVERLAYS.items() if overlay.offered(network))

    def set_author(self, name: str) -> None:
        """The name that goes with strokes and decisions from now on; "" for the account's alone."""
        self.author = name
        if self.writer is not None:
            writer = self.writer
            self.disk.ask(lambda: writer.set_author(name))

    def save_elsewhere(self, parent: Path) -> None:
        """Copies the project into another folder, with the strokes that wait, and goes on there."""
        self.save_as.save(parent)

    def show_view(self, region: Region, focus: tuple[int, int, int]) -> None:
        """What is on screen, which the worker predicts first."""
        self.worker_sync.show_view(region, focus)

    def _stop_painting(self, reason: str) -> None:
        """The project is somebody else's now: what would not be saved is not painted."""
        self.annotation.cancel()
        self.annotation.read_only = True
        self.worker_sync.close()
        self.learning.rest("Nothing is learned here any more: open the project again.")
        self.notice.emit(reason, "error")

    def _drop_overlay(self) -> None:
        """Show the segmentation instead of an overlay that another network does not have."""
        if self.display.options.overlay not in self.overlays:
            self.display.show(replace(self.display.options, overlay=DisplayOptions.overlay))

    def _refuse(self, error: UserError) -> None:
        self.progress.emit("", 1, 1)
        self.notice.emit(str(error), "error")
