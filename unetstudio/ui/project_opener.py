"""Reading of a project from the disk; of several requested in a row only the last is opened."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from unetstudio.errors import UserError
from unetstudio.ui.disk_thread import DiskThread
from unetstudio.workspace import user_folders
from unetstudio.workspace.open_project import OpenProject, open_project


class ProjectOpener(QObject):
    """Reads on the disk thread, after everything queued there before, such as closing that very project."""

    opened = Signal(object)  # OpenProject
    refused = Signal(str)  # one sentence

    def __init__(self, disk: DiskThread, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._disk = disk
        self.folder: Path | None = None
        """The project that is being read."""

    def open(self, folder: Path) -> None:
        """Read a project; `opened` or `refused` follows unless another one is requested."""
        self.folder = folder
        self._disk.ask(lambda: self._read(folder), lambda project: self._take(folder, project), lambda error: self._refuse(folder, error))

    def forget(self) -> None:
        """Ignore the project that is being read."""
        self.folder = None

    def _read(self, folder: Path) -> OpenProject | None:
        return open_project(folder, user_folders.documents()) if self.folder == folder else None

    def _take(self, folder: Path, project: OpenProject | None) -> None:
        if project is not None and folder == self.folder:
            self.folder = None
            self.opened.emit(project)
        elif project is not None:
            self._disk.ask(project.close)  # another one was requested meanwhile

    def _refuse(self, folder: Path, error: UserError) -> None:
        if folder == self.folder:
            self.folder = None
            self.refused.emit(str(error))
