"""A project that is open, in the window or in a command: its cases, its classes, and what it remembers of how it was looked at."""

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
    """The project has other training settings or other post-processing."""


class OpenProject:
    """The one owner of what project.json holds while it is open.

    Operations change it in memory at once, for every thread to see; `writer` puts it on the disk. `notices` are sentences for the user.
    """

    def __init__(self, writer: ProjectWriter, notices: tuple[str, ...] = ()) -> None:
        self.writer = writer
        self.notices = notices
        self.view: dict[str, Any] = dict(writer.project.manifest.view)
        """The case shown last, slice and zoom of each, and the like. Values are replaced, never changed; `keep_view` has them saved."""
        self.cases = CaseList(writer, self.view, self._follow)
        self.classes = ClassList(writer)
        self.case: OpenCase | None = None
        self._sequences: dict[str, int] = {}  # of the last change of each case that was open, by its id

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
        """Whether nothing can be changed."""
        return self.writer.project.read_only

    @property
    def training(self) -> TrainingSettings:
        """How its networks are trained."""
        return self.writer.project.manifest.training

    def set_training(self, settings: TrainingSettings) -> SettingsChanged:
        """Train networks in another way."""
        self.writer.update(training=settings)
        return SettingsChanged()

    @property
    def steps(self) -> tuple[Step, ...]:
        """Its post-processing."""
        kept = self.writer.project.manifest.steps
        return from_json(kept) if kept else DEFAULT_STEPS

    def set_steps(self, steps: tuple[Step, ...]) -> SettingsChanged:
        """Post-process in another way."""
        self.writer.update(steps=to_json(steps))
        return SettingsChanged()

    def thumbnail(self, case_id: str) -> Path:
        """Return where a case's thumbnail lies, or will."""
        return self.writer.thumbnail(case_id)

    # ----------------------------------------------------------------------------------------------- the open case

    def last_case(self) -> str:
        """Return the id of the case to show first: the one shown last, else the first; "" when there is none."""
        last = str(self.view.get("case", ""))
        return last if last in self.cases else next((case.id for case in self.cases), "")

    def enter(self, loaded: LoadedCase) -> OpenCase:
        """Make a case that was read the open one."""
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
        """Keep the open case as the list has it."""
        if self.case is not None and self.case.id == case.id:
            self.case.case = case

    def changed_while_closed(self, loaded: LoadedCase) -> bool:
        """Whether a case that was open before has other labels since, as by an import."""
        return self._sequences.get(loaded.case.id, loaded.sequence) != loaded.sequence

    def keep_view(self) -> None:
        """Hand the view over to be saved."""
        self.writer.update(view=dict(self.view))

    # ------------------------------------------------------------------------------------------------- for commands

    def close(self) -> None:
        """Give the project back."""
        self.writer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Save what changed, also after an error, and give the project back."""
        try:
            self.writer.retry()
        finally:
            self.close()


def open_project(folder: Path, documents: Path, *, read_only: bool = False) -> OpenProject:
    """Open the project of a folder; read-only where it is in use or cannot be written, which `notices` say."""
    return _opened(Project.open(folder, read_only=read_only), documents)


def new_project(folder: Path, classes: ClassTable, documents: Path) -> OpenProject:
    """Make a project in a folder that does not exist yet."""
    return _opened(Project.create(folder, classes), documents)


def _opened(project: Project, documents: Path) -> OpenProject:
    writer = ProjectWriter(project, documents)
    return OpenProject(writer, (*project.notices, *writer.drive_notices()))
