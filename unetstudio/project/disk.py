"""The disk that a project lies on: how much room it has, whether it is another computer's, and a reserve for when it is full."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

import psutil

from unetstudio.errors import ProjectError
from unetstudio.project import durable

LOW = 10**9
"""Bytes free below which the user is warned."""
GENERATIONS = 3
"""So many of the last generation of labels must find room."""
NETWORK = frozenset(
    {
        "nfs",
        "nfs4",
        "cifs",
        "smb",
        "smb2",
        "smb3",
        "smbfs",
        "smbnetfs",
        "afpfs",
        "afs",
        "ncpfs",
        "9p",
        "ceph",
        "glusterfs",
        "lustre",
        "gpfs",
        "beegfs",
        "davfs",
        "webdav",
        "sshfs",
        "rclone",
        "davfs2",
        "gvfsd-fuse",
        "s3fs",
    }
)
"""File systems, without "fuse.", whose disk is another computer's."""


def room(folder: Path) -> int | None:
    """Bytes free for this user on the folder's disk; None when the disk does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def warning(folder: Path, case: Path | None = None) -> str:
    """One sentence when room runs short for strokes, and for three more generations of a case's labels in its folder; else ""."""
    free, last = room(folder), 0
    with contextlib.suppress(OSError):
        last = max((path.stat().st_size for path in case.glob("labels-*.h5")), default=0) if case else 0
    if free is None or free >= max(LOW, GENERATIONS * last):
        return ""
    left = f"{free / 1e9:.1f} GB" if free >= 1e9 else f"{free / 1e6:.0f} MB"
    return f"Only {left} are free on the disk of {folder.name}: free some space soon, so that strokes can go on being saved."


def keep_reserve(folder: Path) -> bool:
    """Whether the project has its reserve; made when it is not there and the disk has room for it four times over."""
    path = folder / durable.RESERVE
    try:
        found = os.lstat(path)
        if found.st_size == durable.RESERVE_BYTES and getattr(found, "st_blocks", 2**40) * 512 >= durable.RESERVE_BYTES:
            return True
        durable.remove(path)
    except (OSError, ProjectError):
        pass  # not there, or not to be removed: then making it fails as well
    free = room(folder)
    if free is None or free < 4 * durable.RESERVE_BYTES:
        return False
    try:
        durable.allocate(path, durable.RESERVE_BYTES)
    except ProjectError:
        return False
    return True


def give_reserve_back(folder: Path) -> bool:
    """Frees the reserve's room; False when there was none."""
    return durable.release_reserve(folder / durable.RESERVE)


def is_network(folder: Path) -> bool:
    """Whether another computer's disk holds the folder, so that what is flushed is as safe as that computer makes it."""
    place = os.path.realpath(folder)
    if place.startswith("\\\\"):
        return True
    try:
        partitions = psutil.disk_partitions(all=True)
    except (OSError, RuntimeError):
        return False
    around = [p for p in partitions if p.mountpoint and Path(place).is_relative_to(p.mountpoint)]
    if not around:
        return False
    mount = max(reversed(around), key=lambda p: len(p.mountpoint))  # of two on the same place the later covers the other
    return mount.fstype.lower().removeprefix("fuse.") in NETWORK or "remote" in mount.opts.split(",")
