"""Recognition of network drives, on which flushed data is only as safe as the server makes it."""

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
"""Types of network file systems, without the prefix "fuse."."""


def is_on_network_drive(folder: Path) -> bool:
    """Whether a folder is on another computer's disk."""
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
    mount = max(reversed(around), key=lambda p: len(p.mountpoint))  # of two at the same place the later hides the other
    return mount.fstype.lower().removeprefix("fuse.") in FILE_SYSTEMS or "remote" in mount.opts.split(",")
