"""Free space on a project's disk, and the warning when it runs short."""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

LOW = 10**9
"""Free bytes below which the user is warned."""
GENERATIONS = 3
"""Number of further generations of labels for which space must be free."""


def free_bytes(folder: Path) -> int | None:
    """Return the bytes free for this user on the folder's disk; None when that is unknown."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def low_space_warning(folder: Path, case: Path | None = None) -> str:
    """Return a sentence when space runs short for strokes, or for three more generations of the labels in a case's folder; else ""."""
    free, last = free_bytes(folder), 0
    with contextlib.suppress(OSError):
        last = max((path.stat().st_size for path in case.glob("labels-*.h5")), default=0) if case else 0
    if free is None or free >= max(LOW, GENERATIONS * last):
        return ""
    amount = f"{free / 1e9:.1f} GB" if free >= 1e9 else f"{free / 1e6:.0f} MB"
    return f"Only {amount} are free on the disk of {folder.name}: free some space soon, so that strokes can go on being saved."
