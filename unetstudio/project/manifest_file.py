"""The files project.json in a project's folder and project.json.bak, the state before it, which is used when the first is damaged."""

from __future__ import annotations

import time
from pathlib import Path

from unetstudio.errors import ProjectError
from unetstudio.project import file_listing
from unetstudio.project.durable import write_bytes
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.folders import move
from unetstudio.project.manifest import BEGINNING, MOST_BYTES, Lines, Manifest, decode, encode
from unetstudio.project.os_errors import DamagedError, MissingError

MANIFEST, BACKUP = "project.json", "project.json.bak"
SUFFIX = ".unetstudio"
"""Suffix of project folders."""


class ManifestFile:
    """The two generations of a project's manifest; `saved` is that last read or written, None before the first write."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.path = folder / MANIFEST
        self.saved: Manifest | None = None
        self._content = b""  # the last valid project.json, which becomes the second generation
        self._lines: Lines = {}

    def read(self) -> tuple[Manifest, str]:
        """Read the manifest, and return a sentence if the first generation is damaged and the second was used, else ""."""
        notice = ""
        try:
            self._content = read_bytes(self.path, MOST_BYTES)
            self.saved = decode(self._content, self.path)
        except (DamagedError, MissingError) as error:
            self.saved = self._read_backup(error)
            notice = f"{MANIFEST} is damaged or missing, so the state before it was opened. Labels are whole; check the cases and classes."
        return self.saved, notice

    def write(self, manifest: Manifest) -> None:
        """Write project.json if something changed, and the one before it as project.json.bak; raise ProjectError if that fails."""
        content = encode(manifest, self._folder, self._lines)
        if content != self._content:
            if self._content:
                write_bytes(self._folder / BACKUP, self._content, replace=True)
            write_bytes(self.path, content, replace=True)
            if not self._content:
                write_bytes(self._folder / BACKUP, content, replace=True)
        self._content, self.saved = content, manifest

    def keep_version(self, version: int) -> None:
        """Keep a copy of the file as read, named by its version, before a migrated one is written."""
        write_bytes(self.path.with_name(f"{MANIFEST}.version-{version}"), self._content, replace=True)

    def repair(self) -> None:
        """Write project.json again if it was read from the second generation; a damaged file is kept under another name."""
        exists = file_listing.exists(self.path)
        if exists and read_bytes(self.path) == self._content:
            return
        if exists:
            move(self.path, self.path.with_name(f"{MANIFEST}.damaged-{int(time.time())}"))
        write_bytes(self.path, self._content)

    def _read_backup(self, error: ProjectError) -> Manifest:
        path = self._folder / BACKUP
        try:
            self._content = read_bytes(path, MOST_BYTES)
            return decode(self._content, path)
        except (DamagedError, MissingError):
            reason = "is damaged and there is no whole backup beside it; copy the folder again from where it came. Nothing was changed."
            raise ProjectError(self.path, reason) from error


def is_project(folder: Path) -> bool:
    """Whether a folder is a project, by the content of its project.json, which other programs have too."""
    try:
        if folder.suffix == SUFFIX and any(file_listing.exists(folder / name) for name in (MANIFEST, BACKUP)):
            return True
        return read_bytes(folder / MANIFEST).startswith(BEGINNING)
    except ProjectError:
        return False
