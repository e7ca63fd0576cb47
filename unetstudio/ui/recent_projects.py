"""The window's list of recent projects, read beside the disk thread, since they may lie on a slow network drive."""

from __future__ import annotations

from collections.abc import Generator

from PySide6.QtCore import QObject, Signal

from unetstudio.ui.disk_thread import DiskThread
from unetstudio.ui.notifier import Notifier
from unetstudio.workspace import recent
from unetstudio.workspace.recent import RecentProject


class RecentProjects(QObject):
    """The list as last read, `projects`, newest first; `changed` follows every reading."""

    changed = Signal()

    def __init__(self, notifier: Notifier, disk: DiskThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier, self._disk = notifier, disk
        self.projects: tuple[RecentProject, ...] = ()
        notifier.project_opened.connect(self._remember)

    def _remember(self) -> None:
        """Put the open project at the top of the list."""
        if (project := self._notifier.project) is not None:
            folder = project.path
            self._disk.ask(lambda: recent.remember(folder))

    def read(self) -> None:
        """Read the list, after everything queued on the disk thread before; `changed` follows."""

        def steps() -> Generator[tuple[RecentProject, ...], None, None]:
            yield tuple(recent.projects())

        self._disk.begin(steps(), self._take)

    def _take(self, projects: tuple[RecentProject, ...]) -> None:
        self.projects = projects
        self.changed.emit()
