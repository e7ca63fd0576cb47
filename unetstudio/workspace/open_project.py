"""An open project, in the window or in a command: its cases, its classes, and its saved view state."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.postprocess.stack import DEFAULT_STEPS, from_json, to_json
from unetstudio.postprocess.step import Step
from unetstudio.project.project import Project
from unetstudio.settings import TrainingSettings
from unetstudio.workspace.case_list import CaseList
from unetstudio.workspace.class_list import ClassList
from unetstudio.workspace.open_case import OpenCase
from unetstudio.workspace.project_writer import LoadedCase, ProjectWriter


@dataclass(frozen=True)
class SettingsChanged:
    """The training settings or the post-processing steps of the project were changed."""


class OpenProject:
    """The single owner of the contents of project.json while the project is open.

    Operations change it in memory at once, visible to every thread; `writer` saves it to disk. `notices` are sentences for the user.
    """

    def __init__(self, writer: ProjectWriter, notices: tuple[str, ...] = ()) -> None:
        self.writer = writer
        self.notices = notices
        self.view: dict[str, Any] = dict(writer.project.manifest.view)
        """View state saved with the project: the case shown last, slice and zoom of each, and the like. Values are replaced, never mutated;
        `keep_view` saves them."""
        self.cases = CaseList(writer, self.view, self._follow)
        self.classes = ClassList(writer)
        self.case: OpenCase | None = None
        self._sequences: dict[str, int] = {}  # sequence number of the last change of each case that was open, by case id

    @property
    def path(self) -> Path:
        """The project's folder."""
        return self.writer.project.folder

    @property
    def name(self) -> str:
        """The folder's name without its ending."""
        return self.writer.project.name

    @property
    def read_only(self) -> bool:
        """Whether the project cannot be changed."""
        return self.writer.project.read_only

    @property
    def training(self) -> TrainingSettings:
        """The training settings."""
        return self.writer.project.manifest.training

    def set_training(self, settings: TrainingSettings) -> SettingsChanged:
        """Set the training settings."""
        self.writer.update(training=settings)
        return SettingsChanged()

    @property
    def steps(self) -> tuple[Step, ...]:
        """The post-processing steps."""
        saved = self.writer.project.manifest.steps
        return from_json(saved) if saved else DEFAULT_STEPS

    def set_steps(self, steps: tuple[Step, ...]) -> SettingsChanged:
        """Set the post-processing steps."""
        self.writer.update(steps=to_json(steps))
        return SettingsChanged()

    def thumbnail(self, case_id: str) -> Path:
        """Return the path of a case's thumbnail, which may not exist yet."""
        return self.writer.thumbnail(case_id)

    # ----------------------------------------------------------------------------------------------- the open case

    def last_case(self) -> str:
        """Return the id of the case to show first: the one shown last, or else the first; "" when there is none."""
        last = str(self.view.get("case", ""))
        return last if last in self.cases else next((case.id for case in self.cases), "")

    def enter(self, loaded: LoadedCase) -> OpenCase:
        """Make a loaded case the open one."""
        self.leave()
        self.case = OpenCase(self.cases[loaded.case.id], loaded.scan, loaded.labels, loaded.sequence)  # judged meanwhile, perhaps
        self.view["case"] = self.case.id
        self.keep_view()
        return self.case

    def leave(self) -> None:
        """Close the open case."""
        if self.case is not None:
            self._sequences[self.case.id] = self.case.sequence
            self.cases.note_annotated(self.case.id, self.case.annotated_share)
            self.case = None

    def _follow(self, case: Case) -> None:
        """Replace the open case by the list's newer version of it."""
        if self.case is not None and self.case.id == case.id:
            self.case.case = case

    def changed_while_closed(self, loaded: LoadedCase) -> bool:
        """Return whether a case's labels have changed since it was last open, as by an import."""
        return self._sequences.get(loaded.case.id, loaded.sequence) != loaded.sequence

    def keep_view(self) -> None:
        """Save the view state with the project."""
        self.writer.update(view=dict(self.view))

    # ------------------------------------------------------------------------------------------------- for commands

    def close(self) -> None:
        """Save what changed, and release the project."""
        self.writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Save what changed, also after an error, and release the project."""
        try:
            self.writer.retry()
        finally:
            self.close()


def open_project(folder: Path, documents: Path, *, read_only: bool = False) -> OpenProject:
    """Open the project of a folder; read-only where it is in use or cannot be written, as `notices` then say."""
    return _opened(Project.open(folder, read_only=read_only), documents)


def new_project(folder: Path, classes: ClassTable, documents: Path) -> OpenProject:
    """Make a project in a folder that does not exist yet."""
    return _opened(Project.create(folder, classes), documents)


def _opened(project: Project, documents: Path) -> OpenProject:
    writer = ProjectWriter(project, documents)
    return OpenProject(writer, (*project.notices, *writer.drive_notices()))
