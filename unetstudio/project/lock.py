"""The write lock of a project: a lock file with host, process and a heartbeat.

File system locks are not used, since network drives often lack them, nor HDF5's. The lock guards against a second window of this program
on the same folder.
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
from hashlib import sha256
from pathlib import Path

import psutil

from unetstudio import __version__
from unetstudio.errors import ProjectError
from unetstudio.project import file_listing
from unetstudio.project.durable import write_bytes, write_once
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.folders import TEMPORARY, remove, touch
from unetstudio.project.os_errors import MissingError
from unetstudio.project.record import account_name

NAME = "lock"
HEARTBEAT = 30.0
"""Seconds between two calls of `Lock.heartbeat`."""
STALE = 120.0
"""Seconds without a heartbeat after which a holder on another computer counts as dead."""
PATIENCE = 2.0
"""Seconds to wait for another process that takes a dead lock over at the same time."""


@dataclass(frozen=True)
class LockHolder:
    """The process that holds the lock, as its file says."""

    host: str = ""
    pid: int = 0
    user: str = ""
    version: str = ""
    started: float = 0.0  # when that process began, seconds since 1970
    token: str = ""
    boot: str = ""  # of the computer, where the system names it
    ticks: int = 0  # from that boot to the process's begin, where the system says so

    @property
    def message(self) -> str:
        """The sentence for the user of the second window."""
        if not self.host:
            where = "is in use by another program"
        elif self.host == platform.node():
            where = "is open in another window on this computer" + (f", of {self.user}" if self.user not in ("", account_name()) else "")
        else:
            where = f"is open on another computer, {self.host}" + (f" ({self.user})" if self.user else "")
        return f"This project {where}; it is shown here for reading only. Close it there to paint here."


class Lock:
    """The right to write, until `release`."""

    def __init__(self, path: Path, content: bytes) -> None:
        self.path = path
        self.lost = False
        """Whether the lock was released, or taken by another process that took this one for dead."""
        self.is_ours: Callable[[], bool] = lambda: True
        """Whether the folder still holds the project that was locked; called when the lock file is gone."""
        self._content = content

    def confirm(self) -> None:
        """Confirm the lock before each write; raise ProjectError when it is lost, and nothing may be written, or the disk fails.

        A lock file that was merely deleted is made again, unless another project has replaced ours.
        """
        try:
            content = read_bytes(self.path) if not self.lost else b""
        except MissingError:
            if not self.is_ours():
                self.lost = True
                reason = "is another project now, so nothing more is saved here. Close this window and open yours from where it lies now."
                raise ProjectError(self.path.parent, reason) from None
            content = self._content if write_once(self.path, self._content) is not None else read_bytes(self.path)
        if content != self._content:
            self.lost = True
            raise ProjectError(self.path.parent, "is in use by another program now, so nothing more is saved here. Open it again.")

    def heartbeat(self) -> None:
        """Show other computers that this process is alive, every `HEARTBEAT` seconds. Raise ProjectError as `confirm` does."""
        self.confirm()
        touch(self.path)

    def release(self) -> None:
        """Unlock the project; another process's lock is never removed."""
        with contextlib.suppress(ProjectError):  # a folder that is gone needs no unlocking
            if not self.lost and read_bytes(self.path) == self._content:
                remove(self.path)
        self.lost = True


def acquire(folder: Path) -> Lock | LockHolder:
    """Lock a project folder, or return the lock's holder; raise ProjectError when the folder cannot be written to."""
    path = folder / NAME
    process = psutil.Process()
    me = LockHolder(
        *(platform.node(), os.getpid(), account_name(), __version__, process.create_time(), secrets.token_hex(8)),
        *(_boot(), _ticks(process.pid)),
    )
    content = json.dumps(asdict(me)).encode()
    deadline = time.monotonic() + PATIENCE
    while True:
        if write_once(path, content) is not None:
            return Lock(path, content)
        holder = LockHolder()
        with contextlib.suppress(MissingError):
            held, last_heartbeat = read_bytes(path), file_listing.modified_at(path)
            if last_heartbeat is not None:
                holder = _parsed(held)
                if not _is_gone(holder, _disk_time(folder) - last_heartbeat):
                    return holder
                if _replace_dead(path, held, content):
                    return Lock(path, content)
        if time.monotonic() > deadline:
            return holder
        time.sleep(0.05)


def is_locked(folder: Path) -> bool:
    """Whether a project folder is locked, as far as can be seen without writing."""
    try:
        held, last_heartbeat = read_bytes(folder / NAME), file_listing.modified_at(folder / NAME)
    except ProjectError:
        return False
    return last_heartbeat is not None and not _is_gone(_parsed(held), time.time() - last_heartbeat)


def _is_gone(holder: LockHolder, silence: float) -> bool:
    """Whether the holder has ended. A process with its number that began at another moment is a different one; where only the clock tells
    the moment, which may have been set, it counts as one after a while."""
    if holder.host != platform.node():
        return silence > STALE
    if not psutil.pid_exists(holder.pid) or (holder.boot and _boot() and holder.boot != _boot()):
        return True
    if holder.ticks and (ticks := _ticks(holder.pid)):
        return ticks != holder.ticks
    try:
        same = abs(psutil.Process(holder.pid).create_time() - holder.started) < 2.0
    except (psutil.NoSuchProcess, psutil.AccessDenied):
        same = False
    return not same and silence > STALE


def _replace_dead(path: Path, dead: bytes, content: bytes) -> bool:
    """Put our lock in a dead one's place, without a moment between; return whether it was ours to replace.

    Of many processes that see the same dead lock, the one that makes a claim file named after it may replace it, if it still stands then.
    """
    claim = path.with_name(f".{path.name}.{sha256(dead).hexdigest()[:16]}{TEMPORARY}")
    if write_once(claim, content) is None:
        _remove_dead_claim(claim)
        return False
    try:
        with contextlib.suppress(MissingError):
            if read_bytes(path) == dead:
                write_bytes(path, content, replace=True)
                return True
        return False
    finally:
        remove(claim)


def _remove_dead_claim(claim: Path) -> None:
    """Remove the claim of a process that was killed."""
    with contextlib.suppress(MissingError):
        claimant, claimed = _parsed(read_bytes(claim)), file_listing.modified_at(claim)
        if claimed is not None and _is_gone(claimant, abs(_disk_time(claim.parent) - claimed)):
            remove(claim)


def _boot() -> str:
    """Return what names the last start of this computer; "" where nothing does."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _ticks(pid: int) -> int:
    """Return when a process began, in ticks since the start of this computer, which no setting of the clock changes; 0 if unknown."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[19])
    except (OSError, ValueError, IndexError):
        return 0


def _disk_time(folder: Path) -> float:
    """Return the time by the clock that sets the folder's file times: on a network drive the server's."""
    probe = folder / f".clock.{secrets.token_hex(4)}{TEMPORARY}"
    now = write_once(probe, b"")
    remove(probe)
    return time.time() if now is None else now


def _parsed(content: bytes) -> LockHolder:
    """Parse the holder; that of an unreadable lock is unknown."""
    try:
        v = json.loads(content)
        holder = LockHolder(
            *(str(v["host"]), int(v["pid"]), str(v["user"]), str(v["version"]), float(v["started"]), str(v["token"])),
            *(str(v.get("boot", "")), int(v.get("ticks", 0))),
        )
        return holder if 0 < holder.pid < 2**31 else LockHolder()
    except (ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return LockHolder()
