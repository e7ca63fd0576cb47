"""A recorder of every change of the disk in order, between our writing modules and the system."""

# It stands in for os.
# ruff: noqa: PTH100, PTH102, PTH104, PTH108

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from disk_seam import standing_in

ROOT = 0
"""Number of the recorded folder itself."""


@dataclass(frozen=True)
class Made:
    """A new empty file or folder with a name."""

    folder: int
    name: str
    item: int
    is_folder: bool = False


@dataclass(frozen=True)
class Written:
    """Bytes written into a file."""

    item: int
    at: int
    data: bytes


@dataclass(frozen=True)
class Sized:
    """A file truncated or extended with zeros."""

    item: int
    size: int


@dataclass(frozen=True)
class Named:
    """A further name for a file."""

    folder: int
    name: str
    item: int


@dataclass(frozen=True)
class Unnamed:
    """A name removed."""

    folder: int
    name: str


@dataclass(frozen=True)
class Renamed:
    """A new name of a file or folder, replacing the one that had it."""

    folder: int
    name: str
    new_folder: int
    new_name: str
    item: int


@dataclass(frozen=True)
class Synced:
    """A sync of a file's bytes or a folder's names; `call` is the system call."""

    item: int
    call: str
    is_folder: bool


@dataclass(frozen=True)
class Mark:
    """A mark, not a change: a promise that the program has made, or an action it is about to take."""

    what: tuple[Any, ...]


Operation = Made | Written | Sized | Named | Unnamed | Renamed | Synced | Mark


@dataclass
class _Open:
    item: int
    at: int
    appends: bool


class Recorder:
    """An `os` for the writing modules that records changes below `root`; what exists already is recorded first, as synced."""

    def __init__(self, root: Path) -> None:
        self.operations: list[Operation] = []
        self._root = Path(os.path.abspath(root))
        self._folders: dict[int, dict[str, int]] = {ROOT: {}}
        self._sizes: dict[int, int] = {}
        self._open: dict[int, _Open] = {}
        self._count = 0
        self._adopt(self._root, ROOT)

    def __getattr__(self, name: str) -> Any:
        return getattr(os, name)

    def mark(self, *what: Any) -> None:
        """Record a promise between two changes."""
        self.operations.append(Mark(what))

    def open(self, path: Any, flags: int, mode: int = 0o777) -> int:
        handle = os.open(path, flags, mode)
        place = self._place(path)
        if place is not None:
            item = self._item(*place)
            if item is None:
                item = self._make(*place, is_folder=False)
            elif flags & os.O_TRUNC:
                self._size(item, 0)
            self._open[handle] = _Open(item, 0, bool(flags & os.O_APPEND))
        return handle

    def close(self, handle: int) -> None:
        self._open.pop(handle, None)
        os.close(handle)

    def lseek(self, handle: int, offset: int, whence: int) -> int:
        at = os.lseek(handle, offset, whence)
        if handle in self._open:
            self._open[handle].at = at
        return at

    def read(self, handle: int, length: int) -> bytes:
        data = os.read(handle, length)
        if handle in self._open:
            self._open[handle].at += len(data)
        return data

    def write(self, handle: int, data: Any) -> int:
        count = os.write(handle, data)
        if file := self._open.get(handle):
            at = self._sizes[file.item] if file.appends else file.at
            self.operations.append(Written(file.item, at, bytes(data[:count])))
            file.at = at + count
            self._sizes[file.item] = max(self._sizes[file.item], file.at)
        return count

    def ftruncate(self, handle: int, size: int) -> None:
        os.ftruncate(handle, size)
        if file := self._open.get(handle):
            self._size(file.item, size)

    def posix_fallocate(self, handle: int, offset: int, length: int) -> None:
        os.posix_fallocate(handle, offset, length)
        if file := self._open.get(handle):
            self._size(file.item, max(self._sizes[file.item], offset + length))

    def fsync(self, handle: int) -> None:
        os.fsync(handle)
        self._synced(handle, "fsync")

    def fdatasync(self, handle: int) -> None:
        os.fdatasync(handle)
        self._synced(handle, "fdatasync")

    def mkdir(self, path: Any, mode: int = 0o777) -> None:
        os.mkdir(path, mode)
        if place := self._place(path):
            self._make(*place, is_folder=True)

    def link(self, path: Any, target: Any) -> None:
        os.link(path, target)
        if place := self._place(target):
            item = self._known(path)
            self._folders[place[0]][place[1]] = item
            self.operations.append(Named(*place, item))

    def unlink(self, path: Any) -> None:
        os.unlink(path)
        if place := self._place(path):
            del self._folders[place[0]][place[1]]
            self.operations.append(Unnamed(*place))

    remove = unlink

    def rename(self, path: Any, target: Any) -> None:
        os.rename(path, target)
        old, new = self._place(path), self._place(target)
        if old and new:
            item = self._folders[old[0]].pop(old[1])
            self._folders[new[0]][new[1]] = item
            self.operations.append(Renamed(*old, *new, item))

    def replace(self, path: Any, target: Any) -> None:
        self.rename(path, target)

    def _adopt(self, folder: Path, number: int) -> None:
        for path in sorted(folder.iterdir()):
            item = self._make(number, path.name, is_folder=path.is_dir())
            if path.is_dir():
                self._adopt(path, item)
            else:
                self._sizes[item] = path.stat().st_size
                self.operations += [Written(item, 0, path.read_bytes()), Synced(item, "fsync", False)]
        self.operations.append(Synced(number, "fsync", True))

    def _synced(self, handle: int, call: str) -> None:
        if file := self._open.get(handle):
            self.operations.append(Synced(file.item, call, file.item in self._folders))

    def _make(self, folder: int, name: str, *, is_folder: bool) -> int:
        self._count += 1
        item = self._count
        self._folders[folder][name] = item
        if is_folder:
            self._folders[item] = {}
        else:
            self._sizes[item] = 0
        self.operations.append(Made(folder, name, item, is_folder))
        return item

    def _size(self, item: int, size: int) -> None:
        self._sizes[item] = size
        self.operations.append(Sized(item, size))

    def _place(self, path: Any) -> tuple[int, str] | None:
        """Return the folder's number and the name in it; "" for the root itself, None for a path elsewhere."""
        whole = Path(os.path.abspath(path))
        if not whole.is_relative_to(self._root):
            return None
        *folders, name = whole.relative_to(self._root).parts or ("",)
        at = ROOT
        for folder in folders:
            at = self._folders[at][folder]
        return at, name

    def _item(self, folder: int, name: str) -> int | None:
        return folder if name == "" else self._folders[folder].get(name)

    def _known(self, path: Any) -> int:
        place = self._place(path)
        item = self._item(*place) if place else None
        if item is None:
            raise AssertionError(f"{path} was linked from outside of what is recorded")
        return item


@contextlib.contextmanager
def recording(root: Path) -> Iterator[Recorder]:
    """Record the program's changes below `root` within the context, with a small reserve."""
    recorder = Recorder(root)
    with standing_in(recorder):
        yield recorder
