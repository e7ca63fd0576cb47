"""Import of images into a project: read beside the disk thread, one after the other; images dropped meanwhile are queued."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from unetstudio.data.case import Case, Source
from unetstudio.errors import UserError
from unetstudio.formats.finding.discovery import Discovery, find_images
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.finding.part_choice import files_of_several, proposed
from unetstudio.ui.case_opener import CaseOpener
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.task import Task, Tasks
from unetstudio.workspace import user_folders
from unetstudio.workspace.add_images import CaseRead, CaseRefused, ImageEvent, open_images
from unetstudio.workspace.open_project import OpenProject


@dataclass(frozen=True)
class _Batch:
    """Images that were opened together."""

    paths: Sequence[Path]
    anew: bool  # into a new project
    show: bool  # open each on the screen as it is read, instead of only listing it
    sources: tuple[Source, ...] = ()  # the images meant, where that is known


ChooseParts = Callable[[Sequence[FoundImage], Callable[[Sequence[FoundImage]], None]], None]
"""Asks which of the images in files of several are to be opened, and calls the function with those; with none for none at all."""


class ImageImport(QObject):
    """Finds images, and reads them for the open project.

    Events of a batch that was forgotten, because its project was closed, are dropped.
    """

    project_made = Signal(object)  # OpenProject: made for the images, or opened beside them

    def __init__(self, notifier: Notifier, disk: DiskThread, tasks: Tasks, case_opener: CaseOpener, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier, self._disk, self._tasks, self._case_opener = notifier, disk, tasks, case_opener
        self._waiting: list[_Batch] = []
        self._held = False
        self._reading: Task | None = None
        self.choose_parts: ChooseParts | None = None
        """Set by a window; without it, those are opened that a window would propose."""
        self.missing: set[str] = set()
        """Ids of cases whose image could not be read: it may be dropped on the window from its new place."""
        notifier.case_failed.connect(lambda case_id, _: self.missing.add(case_id))

    def add(self, paths: Sequence[Path], *, anew: bool = False, show: bool = False) -> None:
        """Add images to the open project; without one to the project beside them, or to a new one with `anew`."""
        self._waiting.append(_Batch(paths, anew, show))
        self._begin_next()

    def show(self, image: Source | Path) -> None:
        """Open the case of an image; one that is in no case yet becomes one."""
        project = self._notifier.project
        case = None if project is None else project.cases.of_image(image)
        if case is not None:
            self._case_opener.open(case.id)
        elif isinstance(image, Source):
            self._waiting.append(_Batch([image.path], anew=False, show=True, sources=(image,)))
            self._begin_next()
        else:
            self.add([image], show=True)

    def hold(self) -> None:
        """Begin nothing until `release`: a project is being opened."""
        self._held = True

    def release(self) -> None:
        """Resume after `hold`."""
        self._held = False
        self._begin_next()

    def forget(self) -> None:
        """Drop all batches: the project is closed, and nothing that is still being read belongs to it."""
        self._waiting.clear()
        self.missing.clear()
        self._held = False
        if (task := self._reading) is not None:
            self._reading = None
            task.stop()

    def _begin_next(self) -> None:
        if self._reading is not None or self._held or not self._waiting:
            return
        project = self._notifier.project
        if project is not None and project.read_only:
            self._waiting.clear()
            self._notifier.notice.emit("This project is open read-only; images cannot be added.", "warning")
            return
        batch = self._waiting.pop(0)
        if project is not None:
            self._look_for_missing(project, batch.paths)
        task = self._reading = self._tasks.begin("Opening images")
        if batch.sources:
            self._read(task, batch, batch.sources)
            return
        stop = self._disk.begin(
            _found(batch.paths), lambda found: self._choose(task, batch, found), lambda error: self._end_search(task, error)
        )
        task.on_stop(lambda: self._cancel(task, stop))

    def _end_search(self, task: Task, error: UserError | None) -> None:
        if error is not None:
            self._end(task, error)

    def _choose(self, task: Task, batch: _Batch, found: Discovery) -> None:
        """Read the images found; where a file holds several, those that the user chooses."""
        if task is not self._reading:
            return
        if found.notes:
            self._notifier.notice.emit(" ".join(found.notes), "info")
        if self.choose_parts is None or not files_of_several(found.images):
            self._read(task, batch, [image.source for image in proposed(found.images)])
        else:
            self.choose_parts(found.images, lambda images: self._read(task, batch, [image.source for image in images]))

    def _read(self, task: Task, batch: _Batch, sources: Sequence[Source]) -> None:
        if task is not self._reading:
            return
        if not sources:
            self._cancel(task)
            self._begin_next()
            return
        project, documents = self._notifier.project, user_folders.documents()
        steps = open_images(batch.paths, project, documents, sources=sources, anew=batch.anew, in_turn=self._disk.carry)
        stop = self._disk.begin(steps, lambda event: self._take(task, event, show=batch.show), lambda error: self._end(task, error))
        task.on_stop(lambda: self._stop(stop))

    def _cancel(self, task: Task, stop: Callable[[], None] | None = None) -> None:
        """End a batch of which nothing was read."""
        self._reading = None
        task.on_stop(None)
        task.stop()
        if stop is not None:
            self._waiting.clear()
            stop()

    def _stop(self, stop: Callable[[], None]) -> None:
        """Stop after the current image; those read so far stay."""
        self._waiting.clear()
        stop()

    def _take(self, task: Task, event: OpenProject | ImageEvent, *, show: bool) -> None:
        if task is not self._reading:
            if isinstance(event, OpenProject):
                self._disk.ask(event.close)
            return
        match event:
            case OpenProject():
                self.project_made.emit(event)
            case CaseRead():
                task.progress(event.done, event.total)
                self._list(event, show=show)
            case CaseRefused():
                task.progress(event.done, event.total)
                if not event.duplicate or show:
                    task.problem(event.text)
                    self._notifier.notice.emit(event.text, "warning")

    def _end(self, task: Task, error: UserError | None) -> None:
        if task is not self._reading:
            return
        self._reading = None
        if error is None:
            task.finish()
        else:
            task.fail(str(error))
            self._notifier.notice.emit(str(error), "error")
        self._begin_next()

    def _look_for_missing(self, project: OpenProject, dropped: Sequence[Path]) -> None:
        missing = [case for case in project.cases if case.id in self.missing]
        if missing:
            self._disk.ask(lambda: project.writer.find_moved(missing, dropped), lambda cases: self._report_moved(project, cases))

    def _list(self, event: CaseRead, *, show: bool) -> None:
        """Add a case at the end of the strip; the first is opened at once."""
        project = self._notifier.project
        if project is None:
            return
        try:
            added = project.cases.add(event.case)
        except UserError as error:
            self._notifier.notice.emit(str(error), "warning")
            return
        if added is not None:
            self._notifier.announce(added)
        if (added is not None and not self._case_opener.requested) or (show and event.case.id in project.cases):
            self._case_opener.open(event.case.id, event.scan)

    def _report_moved(self, project: OpenProject, cases: list[Case]) -> None:
        if not cases or self._notifier.project is not project:
            return
        self.missing -= {case.id for case in cases}
        self._notifier.announce(project.cases.relink(cases))
        self._notifier.notice.emit(f"Found again: {', '.join(case.name for case in cases[:3])}{' …' if len(cases) > 3 else ''}", "info")
        self._case_opener.open(cases[0].id)


def _found(paths: Sequence[Path]) -> Generator[Discovery, None, None]:
    """Find the images, as a job: a large folder takes time."""
    yield find_images(paths)
