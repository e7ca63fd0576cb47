"""Natural sort order of file names: 2 before 10."""

from __future__ import annotations

import re


def natural_key(name: str) -> tuple[tuple[int, int, str], ...]:
    """Return a sorting key: numbers by value, letters without regard to case."""
    pieces = re.findall(r"(\d{1,18})|([^\d]+)", name.casefold())
    return tuple((0, int(digits), "") if digits else (1, 0, letters) for digits, letters in pieces)
