"""The work of one window: its open project, and the parts that read, paint, learn, review, import and export."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QThread, Signal

from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.project.manifest_file import is_project
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.attention import Attention
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS
from unetstudio.ui.case_opener import CaseOpener
from unetstudio.ui.cursor import Cursor
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.display import Display, DisplayOptions
from unetstudio.ui.export_run import ExportRun
from unetstudio.ui.history import HistoryReader
from unetstudio.ui.image_import import ImageImport
from unetstudio.ui.learning import Learning
from unetstudio.ui.mask_import import MaskImport
from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.notifier import Change, Notifier
from unetstudio.ui.project_opener import ProjectOpener
from unetstudio.ui.recent_projects import RecentProjects
from unetstudio.ui.review import Review
from unetstudio.ui.save_as import SaveAs
from unetstudio.ui.saving import Saver
from unetstudio.ui.task import Tasks
from unetstudio.ui.unsaved_gate import UnsavedGate
from unetstudio.ui.worker_sync import WorkerSync
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.workspace import user_folders
from unetstudio.workspace.example import example_images
from unetstudio.workspace.open_project import OpenProject

LINGER = 30_000
"""Milliseconds for which the process outlives its window to save strokes that could not be written yet."""


class Session(Notifier):
    """Opens and closes projects, and passes each part's reports on to the others."""

    save_state_changed = Signal(str, str)  # words for the status bar, saving.Level

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tasks = Tasks(self)
        self.disk = DiskThread(self)
        self.worker = WorkerThread(self)
        self.saver = Saver(self, self.disk, self)
        self.recent = RecentProjects(self, self.disk, self)
        self.cursor = Cursor(self)
        self.display = Display(self)
        self.annotation = Annotation(self)
        self.review = Review(self, self.annotation, self)
        self.attention = Attention(self)
        self.networks = NetworkCatalogue(self.worker, self.tasks, self)
        self.learning = Learning(self.worker, self.networks, self)
        self.project_opened.connect(self._set_up)  # before the worker is given the project to learn
        self.project_opener = ProjectOpener(self.disk, self)
        self.case_opener = CaseOpener(self, self.disk, self.saver, self.cursor, self.display, self.annotation, self.review, self)
        self.image_import = ImageImport(self, self.disk, self.tasks, self.case_opener, self)
        self.mask_import = MaskImport(self, self.disk, self.tasks, self.annotation, self)
        self.export_run = ExportRun(self, self.disk, self.saver, self.worker, self.tasks, self)
        self.save_as = SaveAs(self, self.disk, self.tasks, self.annotation, self)
        self.gate = UnsavedGate(self, self.saver, self.disk, self.annotation, self)
        self.history = HistoryReader(self, self.disk, self)
        self.worker_sync = WorkerSync(
            self, self.worker, self.disk, self.saver, self.display, self.review, self.attention, self.learning, self
        )
        self._wire()
        self.disk.start()

    def _wire(self) -> None:
        self.classes_changed.connect(lambda: self.annotation.set_classes(self.classes))
        self.project_closed.connect(self.annotation.forget)
        self.project_closed.connect(self.learning.project_closed)
        self.case_opened.connect(lambda _: self.attention.open(self.case.case if self.case is not None else None))
        self.disk.crashed.connect(self.fault)
        self.learning.notice.connect(self.notice)
        self.networks.notice.connect(self.notice)
        self.annotation.refused.connect(lambda sentence: self.notice.emit(sentence, "info"))
        self.saver.space_low.connect(lambda sentence: self.notice.emit(sentence, "warning"))
        self.saver.state_changed.connect(self.save_state_changed)
        self.saver.lost.connect(self._stop_painting)
        self.annotation.journalled.connect(self.saver.append)
        self.annotation.journalled.connect(self.worker_sync.send_labels)
        self.annotation.labels_edited.connect(self.review.labels_edited)
        self.annotation.classes_undone.connect(self._undo_classes)
        self.learning.settings_changed.connect(self._keep_training)
        self.learning.changed.connect(self._drop_overlay)
        self.project_opener.opened.connect(self.show_project)
        self.project_opener.refused.connect(self._report_refusal)
        self.case_opener.shown.connect(lambda: self.start_worker())  # noqa: PLW0108 - looked up when called: a window may go without
        self.image_import.project_made.connect(self.show_project)
        self.mask_import.stored.connect(self.worker_sync.send_labels)
        self.save_as.moved.connect(self._continue_in)

    # ----------------------------------------------------------------------------------------- opening and closing

    def open_paths(self, paths: Sequence[Path]) -> None:
        """Open files, folders, a DICOM folder or a project; images are added to the open project, or to a new one beside them."""
        projects = [path for path in paths if is_project(path) or (is_project(path.parent) and path.name == "project.json")]
        if not projects:
            self.image_import.add(paths)
        elif projects[0] != self.project_opener.folder:  # otherwise a double click
            self.gate.leave(partial(self._open_project, projects[0]))

    def _open_project(self, folder: Path) -> None:
        self.close_project()
        self.image_import.hold()
        self.project_opener.open(folder)

    def new_project(self, paths: Sequence[Path]) -> None:
        """Open images in a project of their own."""

        def begin() -> None:
            self.close_project()
            self.image_import.add(paths, anew=True)

        self.gate.leave(begin)

    def open_example(self) -> None:
        """Open images that come with the program's libraries, copied to a folder of the user's."""

        def begin() -> None:
            self.close_project()
            self.disk.ask(lambda: example_images(user_folders.documents()), self.open_paths, lambda error: self._report_refusal(str(error)))

        self.gate.leave(begin)

    def show_project(self, project: OpenProject) -> None:
        """Make a project that was read or created the open one, and show its case."""
        self.enter(project)
        if case_id := project.last_case():
            self.case_opener.open(case_id)
        self.image_import.release()

    def close_project(self) -> None:
        """Close the project, also one that is being read. Everything is saved already; the disk thread releases it in its turn."""
        self.project_opener.forget()
        self.image_import.forget()
        self.leave()

    def start_worker(self) -> None:
        """Start the learner's process; the window does so once it is on the screen."""
        if not self.worker.isRunning():
            self.worker.start()

    def shut_down(self) -> None:
        """Close the project, then end the threads and the worker process, within 5 s."""
        self.close_project()
        self.worker.leave()
        self.disk.finish()
        self.worker.finish()
        self.review.finish()

    def linger(self) -> bool:
        """Wait, after `shut_down`, until strokes are on a slow disk; False when a thread still runs after that."""
        self.disk.wait(LINGER)
        return not self.disk.working and not any(thread.isRunning() for thread in self.findChildren(QThread))

    def _report_refusal(self, sentence: str) -> None:
        self.notice.emit(sentence, "error")
        self.image_import.release()

    def _continue_in(self, folder: Path) -> None:
        self.close_project()
        self.open_paths([folder])

    # ----------------------------------------------------------------------------------------------------- changes

    def change(self, operation: Callable[[OpenProject], Change | None]) -> Change | None:
        """Run an operation as `Notifier.change`; a change of classes can be undone, and a new class is painted next."""
        change = super().change(operation)
        if isinstance(change, ClassesEdit):
            self.annotation.keep_classes(change)
            if change.before is None and change.after is not None:
                self.annotation.set_active_class(change.after.value)
        return change

    def add_class(self, name: str = "") -> None:
        """Add a class in a colour that stands out against the image, and paint with it next."""
        self.change(lambda project: project.classes.add(name, self.scan))

    def _set_up(self) -> None:
        """Apply the open project's classes and training settings."""
        if (project := self.project) is None:
            return
        self.annotation.read_only = project.read_only
        self.annotation.set_classes(self.classes)
        self.annotation.set_active_class(project.view.get("active_class", 1))
        self.learning.settings = replace(project.training, seconds=0.0, steps=0)  # a time budget applies to one training only
        self.learning.settings_changed.emit()

    def _undo_classes(self, edit: ClassesEdit) -> None:
        if self.project is not None:
            self.announce(self.project.classes.apply(edit))

    def _keep_training(self) -> None:
        if self.project is not None:
            self.announce(self.project.set_training(self.learning.settings))

    def _stop_painting(self, reason: str) -> None:
        """Stop painting and learning: another program has taken over the project, and nothing more would be saved."""
        self.annotation.cancel()
        self.annotation.read_only = True
        self.worker_sync.close()
        self.learning.rest("Nothing is learned here any more: open the project again.")
        self.notice.emit(reason, "error")

    # ----------------------------------------------------------------------------------------------------- display

    @property
    def overlays(self) -> tuple[str, ...]:
        """Names of the overlays that the network in use supports."""
        network = self.networks[self.learning.state.network]
        return tuple(name for name, overlay in OVERLAYS.items() if overlay.offered(network))

    def _drop_overlay(self) -> None:
        """Show the segmentation instead of an overlay that another network does not support."""
        if self.display.options.overlay not in self.overlays:
            self.display.show(replace(self.display.options, overlay=DisplayOptions.overlay))
