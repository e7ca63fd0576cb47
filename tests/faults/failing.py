"""A disk whose n-th call fails, for the writing modules; a failed sync loses the data it should have flushed, as on real systems."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from disk_seam import standing_in

READING = {"read", "lseek", "close", "stat"}
CHANGING = {"write", "fsync", "fdatasync", "rename", "replace", "unlink", "link", "mkdir", "ftruncate", "utime", "posix_fallocate"}
FULL = {"write", "fsync", "fdatasync", "mkdir", "posix_fallocate", "link"}
"""Calls that fail on a full disk."""
MODES = {
    "disk full, once": errno.ENOSPC,
    "disk full, until room is made": errno.ENOSPC,
    "write takes a part": 0,
    "write takes a part, then disk full": errno.ENOSPC,
    "disk fault": errno.EIO,
    "no permission": errno.EACCES,
    "read-only": errno.EROFS,
}


class Failing:
    """An `os` for the writing modules; `mode` is one of MODES. `failed` says whether the n-th call came, `heal` repairs the disk."""

    def __init__(self, fails_at: int, mode: str) -> None:
        self.fails_at, self.mode, self.error = fails_at, mode, MODES[mode]
        self.calls = 0
        self.failed = self.healed = False
        self._synced: dict[int, bytes] = {}
        self._paths: dict[int, Path] = {}

    def heal(self) -> None:
        self.healed = True

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if name not in READING | CHANGING | {"open"}:
            return real

        def call(*args: Any, **options: Any) -> Any:
            writes = name in CHANGING or (name == "open" and bool(args[1] & (os.O_WRONLY | os.O_RDWR)))
            if not self.healed and self._counts(name, writes):
                self.calls += 1
                if self.calls == self.fails_at or (self.failed and self._goes_on(name, writes)):
                    first, self.failed = not self.failed, True
                    return self._fail(name, real, args, options, first=first)
            result = real(*args, **options)
            self._follow(name, args, result)
            return result

        return call

    def _counts(self, name: str, writes: bool) -> bool:
        """Whether a call of this name can fail in this mode."""
        if self.mode.startswith("write takes a part") and not self.failed:
            return name == "write"
        if self.error == errno.ENOSPC:
            return name in FULL or (name == "open" and writes)
        return writes or self.error == errno.EIO or (self.error == errno.EACCES and name == "open")

    def _goes_on(self, name: str, writes: bool) -> bool:
        return self.error == errno.ENOSPC and "once" not in self.mode and (name in FULL or (name == "open" and writes))

    def _fail(self, name: str, real: Any, args: tuple[Any, ...], options: dict[str, Any], *, first: bool) -> Any:
        if name == "write" and first and self.mode.startswith("write takes a part"):
            return real(args[0], bytes(args[1])[: max(1, len(args[1]) // 2)])
        if name == "close":
            real(*args, **options)
            self._synced.pop(args[0], None)
        if name in ("fsync", "fdatasync") and args[0] in self._synced:
            kept = self._synced[args[0]]
            os.ftruncate(args[0], len(kept))
            os.pwrite(args[0], kept, 0)
        raise OSError(self.error, os.strerror(self.error))

    def _follow(self, name: str, args: tuple[Any, ...], result: Any) -> None:
        """Track the flushed content of each file."""
        if name == "open" and args[1] & os.O_WRONLY:
            self._paths[result] = Path(args[0])
            self._synced[result] = Path(args[0]).read_bytes()
        elif name in ("fsync", "fdatasync") and args[0] in self._synced:
            self._synced[args[0]] = self._paths[args[0]].read_bytes()
        elif name == "close":
            self._synced.pop(args[0], None)


failing = standing_in
"""Replaces the program's disk by such a one."""


LOOKING = ("stat", "lstat", "listdir", "scandir")


class Blind:
    """An `os` whose n-th query below `root` (names, sizes, times) fails once, for all of the program."""

    def __init__(self, root: Path, fails_at: int, error: int) -> None:
        self.root, self.fails_at, self.error = str(root), fails_at, error
        self.calls = 0
        self.failed = False

    def heal(self) -> None:
        """Do nothing: it fails at most once."""
        self.fails_at = 0

    @contextlib.contextmanager
    def everywhere(self) -> Iterator[None]:
        """Replace the calls in the `os` that all modules share."""
        real = {name: getattr(os, name) for name in LOOKING}
        for name in LOOKING:
            setattr(os, name, self._call(real[name]))
        try:
            yield
        finally:
            for name in LOOKING:
                setattr(os, name, real[name])

    def _call(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(path: Any = ".", *args: Any, **options: Any) -> Any:
            if not isinstance(path, int) and os.fspath(path).startswith(self.root):
                self.calls += 1
                if self.calls == self.fails_at:
                    self.failed = True
                    raise OSError(self.error, os.strerror(self.error), os.fspath(path))
            return real(path, *args, **options)

        return call
