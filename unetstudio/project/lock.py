"""Who may write a project: one lock file of our own with host, process and a heartbeat.

Not the file system's locks, which network drives often lack, and not HDF5's. It guards against ourselves, which is what happens: a second
window on the same folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import platform
import secrets
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from unetstudio import __version__
from unetstudio.errors import ProjectError
from unetstudio.project import durable, file_listing, folders
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.journal import user
from unetstudio.project.os_errors import MissingError

NAME = "lock"
BEAT = 30.0
"""Seconds between two calls of `Lock.beat`."""
STALE = 120.0
"""Seconds without a beat after which a holder on another computer counts as gone."""


@dataclass(frozen=True)
class LockedBy:
    """Who holds the lock, as its file says."""

    host: str = ""
    pid: int = 0
    user: str = ""
    version: str = ""
    started: float = 0.0  # when that process began, seconds since 1970
    token: str = ""

    @property
    def sentence(self) -> str:
        """For the user of the second window."""
        if not self.host:
            where = "is in use by another program"
        elif self.host == platform.node():
            where = "is open in another window on this computer" + (f", of {self.user}" if self.user not in ("", user()) else "")
        else:
            where = f"is open on another computer, {self.host}" + (f" ({self.user})" if self.user else "")
        return f"This project {where}; it is shown here for reading only. Close it there to paint here."


class Lock:
    """The right to write, until `release`."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.lost = False
        """Released, or taken by somebody who took us for dead after a long sleep."""
        self.ours: Callable[[], bool] = lambda: True
        """Asked when the lock file is gone: whether the folder still holds what was locked."""
        self._content = content

    def confirm(self) -> None:
        """Before each write: ProjectError when the lock is lost, after which nothing may be written, or when the disk does not answer.

        A lock file that was merely deleted is made again; not so in another project that was put in the place of ours.
        """
        try:
            found = read_bytes(self.path) if not self.lost else b""
        except MissingError:
            if not self.ours():
                self.lost = True
                words = "is another project now, so nothing more is saved here. Close this window and open yours from where it lies now."
                raise ProjectError(self.path.parent, words) from None
            found = self._content if durable.write_once(self.path, self._content) is not None else read_bytes(self.path)
        if found != self._content:
            self.lost = True
            raise ProjectError(self.path.parent, "is in use by another program now, so nothing more is saved here. Open it again.")

    def beat(self) -> None:
        """Every `BEAT` seconds: shows other computers that we are alive. ProjectError as `confirm`."""
        self.confirm()
        folders.touch(self.path)

    def release(self) -> None:
        """Gives the project free; never somebody else's lock."""
        with contextlib.suppress(ProjectError):  # a folder that is gone needs no unlocking
            if not self.lost and read_bytes(self.path) == self._content:
                folders.remove(self.path)
        self.lost = True


def acquire(folder: Path) -> Lock | LockedBy:
    """The lock of a project folder, or who has it; ProjectError when the folder cannot be written to."""
    path = folder / NAME
    process = psutil.Process()
    me = LockedBy(platform.node(), os.getpid(), user(), __version__, process.create_time(), secrets.token_hex(8))
    content = json.dumps(asdict(me)).encode()
    for _ in range(3):
        if durable.write_once(path, content) is not None:
            return Lock(path, content)
        try:
            held, beaten = read_bytes(path), file_listing.modified_at(path)
        except MissingError:
            continue
        if beaten is None:
            continue
        holder = _parsed(held)
        if not _gone(holder, _disk_time(folder) - beaten):
            return holder
        _take_away(path, held)
    return LockedBy()


def alive(folder: Path) -> bool:
    """Whether somebody holds a project folder's lock, as far as can be seen without writing."""
    try:
        held, beaten = read_bytes(folder / NAME), file_listing.modified_at(folder / NAME)
    except ProjectError:
        return False
    return beaten is not None and not _gone(_parsed(held), time.time() - beaten)


def _gone(holder: LockedBy, silent: float) -> bool:
    """Whether the holder is no more. A process of that number that began at another time is another one, unless the clock was set."""
    if holder.host != platform.node():
        return silent > STALE
    if not psutil.pid_exists(holder.pid):
        return True
    try:
        same = abs(psutil.Process(holder.pid).create_time() - holder.started) < 2.0
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        same = False
    return not same and silent > STALE


def _take_away(path: Path, seen: bytes) -> None:
    """Removes a dead lock, and puts it back should it be another, live one by now."""
    aside = path.with_name(f".lock.{secrets.token_hex(4)}{folders.TEMPORARY}")
    try:
        folders.move(path, aside)
        found = read_bytes(aside)
        if found != seen:
            durable.write_once(path, found)
        folders.remove(aside)
    except MissingError:
        return


def _disk_time(folder: Path) -> float:
    """Now, by the clock that dates the folder's files: on a network drive the server's."""
    probe = folder / f".clock.{secrets.token_hex(4)}{folders.TEMPORARY}"
    now = durable.write_once(probe, b"")
    folders.remove(probe)
    return time.time() if now is None else now


def _parsed(content: bytes) -> LockedBy:
    """The holder; of an unreadable lock, nobody known."""
    try:
        v = json.loads(content)
        holder = LockedBy(str(v["host"]), int(v["pid"]), str(v["user"]), str(v["version"]), float(v["started"]), str(v["token"]))
        return holder if 0 < holder.pid < 2**31 else LockedBy()
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return LockedBy()
