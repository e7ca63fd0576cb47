"""Recognition of network drives: disks of another computer, on which flushed data is only as safe as that computer makes it."""

from __future__ import annotations

import os
from pathlib import Path

import psutil

FILE_SYSTEMS = frozenset(
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
"""Types of network file systems, without "fuse."."""


def is_on_network_drive(folder: Path) -> bool:
    """Whether another computer's disk holds the folder."""
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
    return mount.fstype.lower().removeprefix("fuse.") in FILE_SYSTEMS or "remote" in mount.opts.split(",")
