"""Whether an image that a file announces can be meant, and fits into memory: asked before anything of its size is made."""

from __future__ import annotations

from pathlib import Path

from unetstudio.errors import FormatError

SMALL = 256 * 2**20
"""Bytes that are made without asking."""

MOST_PACKED = 20_000
"""No honest file unpacks to more than this many times its size (zlib cannot exceed 1032, blank tiles of slides reach some thousands)."""


def make_sure_it_fits(path: Path, nbytes: int, packed: int) -> None:
    """FormatError when `nbytes` of voxels cannot come from `packed` bytes of file, or exceed the free memory."""
    if nbytes <= SMALL:
        return
    if nbytes > packed * MOST_PACKED:
        raise FormatError(path, f"it claims to hold {_gigabytes(nbytes)} in a file of {packed:,} bytes; it is damaged.")
    import psutil

    free = int(psutil.virtual_memory().available)
    if nbytes > 0.8 * free:
        raise FormatError(
            path, f"it needs {_gigabytes(nbytes)} of memory and {_gigabytes(free)} are free; crop it or use another computer."
        )


def _gigabytes(nbytes: int) -> str:
    return f"{nbytes / 1e9:,.1f} GB"
