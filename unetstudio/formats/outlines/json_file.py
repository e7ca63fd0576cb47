"""JSON files of annotation programs: recognition without reading them whole, and checks of what they hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.voxel_files.memory_check import require_memory

EDGE = 2**16
"""Bytes at the beginning and the end of a file by whose words it is recognised."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_TIMES_LARGER = 12
"""How many times larger than its file parsed JSON is at most, roughly."""


def edges_of(path: Path, head: bytes) -> bytes:
    """Return the first and last bytes of a file that may be JSON without its white space; b"" for any other."""
    if head.removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] not in (b"{", b"["):
        return b""
    try:
        with path.open("rb") as file:
            first = file.read(EDGE)
            file.seek(max(len(first), path.stat().st_size - EDGE))
            return b"".join((first + file.read(EDGE)).removeprefix(_BYTE_ORDER_MARK).split())
    except OSError:
        return b""


def read_json(path: Path) -> Any:
    """Read a JSON file of any size that fits into memory; raise FormatError where it is cut off or no JSON."""
    size = path.stat().st_size
    require_memory(path, _TIMES_LARGER * size, size)
    try:
        return json.loads(path.read_bytes())
    except (ValueError, RecursionError) as error:
        raise FormatError(path, "it is cut off or damaged; export it again.") from error


def ring_of(points: object) -> NDArray[np.float64]:
    """Return a ring of corners (N, 2) from pairs of numbers, without a repeated last one; ValueError for anything else."""
    ring = np.array(points, np.float64)
    if ring.ndim != 2 or ring.shape[1] < 2 or not np.isfinite(ring).all():
        raise ValueError("corners of an outline")
    ring = ring[:, :2]
    return ring[:-1] if len(ring) > 1 and np.array_equal(ring[0], ring[-1]) else ring
