"""The order in which people number files: 2 before 10."""

from __future__ import annotations

import re


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """Sorting key: numbers by value, letters without regard to case."""
    pieces = re.findall(r"(\d{1,18})|([^\d]+)", name.casefold())
    return tuple((0, int(digits), "") if digits else (1, 0, letters) for digits, letters in pieces)
