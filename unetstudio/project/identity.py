"""The identity of the project in a folder, so that whoever works on it by its path never writes into another one moved there."""

from __future__ import annotations

import os
from pathlib import Path

from unetstudio.errors import ProjectError
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.manifest import MOST_BYTES, decode, is_other_project
from unetstudio.project.manifest_file import MANIFEST


class ProjectIdentity:
    """The project that lies in `folder` now; without a readable project.json there is none to be confused with another."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._place = _place(folder)
        try:
            self._uuid = decode(read_bytes(folder / MANIFEST, MOST_BYTES), folder).uuid
        except ProjectError:
            self._uuid = ""

    def confirm(self) -> None:
        """Raise ProjectError when another project lies in the folder now; call it before each write.

        project.json is read only when the folder itself is another one than at the last look.
        """
        place = _place(self.folder)
        if place == self._place or place is None:  # a folder that is gone is told by the write
            return
        if self._uuid and is_other_project(self.folder / MANIFEST, self._uuid):
            raise ProjectError(self.folder, "is another project now, so nothing more is written there.")
        self._place = place


def _place(folder: Path) -> tuple[int, int] | None:
    """Return what tells a folder from another one at the same path; None when it is gone."""
    try:
        status = os.stat(folder)  # noqa: PTH116
    except OSError:
        return None
    return (status.st_dev, status.st_ino)
