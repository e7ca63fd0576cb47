"""Checks of the size that a file claims, before anything of that size is allocated: whether it is plausible, and fits into memory."""

from __future__ import annotations

from pathlib import Path

from unetstudio.errors import FormatError

SMALL = 256 * 2**20
"""Bytes that are allocated without a check."""

MOST_PACKED = 20_000
"""Largest plausible compression ratio (zlib cannot exceed 1032, blank tiles of slides reach some thousands)."""


def require_memory(path: Path, nbytes: int, packed: int, *, by_region: bool = False) -> None:
    """Raise FormatError when `nbytes` of voxels cannot come from `packed` bytes of file, or exceed the free memory.

    `by_region` says whether the file can also be read piece by piece.
    """
    if nbytes <= SMALL:
        return
    require_plausible_size(path, nbytes, packed)
    import psutil

    free = int(psutil.virtual_memory().available)
    if nbytes > 0.8 * free:
        advice = "crop it or use another computer."
        if by_region:
            advice = 'crop it, use another computer, or run "unetstudio predict" on it, which reads it piece by piece.'
        raise FormatError(path, f"it needs {_gigabytes(nbytes)} of memory and {_gigabytes(free)} are free; {advice}")


def require_plausible_size(path: Path, nbytes: int, packed: int) -> None:
    """Raise FormatError when `nbytes` of voxels cannot come from `packed` bytes of file."""
    if nbytes > SMALL and nbytes > packed * MOST_PACKED:
        raise FormatError(path, f"it claims to hold {_gigabytes(nbytes)} in a file of {packed:,} bytes; it is damaged.")


def _gigabytes(nbytes: int) -> str:
    return f"{nbytes / 1e9:,.1f} GB"
