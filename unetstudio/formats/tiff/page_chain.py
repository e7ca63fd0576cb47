"""A check of the pages of a TIFF: each names the next, libraries pass over one that is missing, and they never leave a circle."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from unetstudio.errors import FormatError

MOST_PAGES = 1_000_000


def require_all_pages(path: Path) -> None:
    """Raise FormatError for a file that ends before its last page begins or is described, or whose pages have no end."""
    size = path.stat().st_size
    with path.open("rb") as file:
        head = file.read(16)
        order = "little" if head[:2] == b"II" else "big"
        big = head[2:4] in (b"+\0", b"\0+")
        count_bytes, entry_bytes, offset_bytes = (8, 20, 8) if big else (2, 12, 4)

        def number(at: int, length: int) -> int | None:
            return _number(file, at, length, order) if at + length <= size else None

        place, seen = number(8 if big else 4, offset_bytes), set[int]()
        while place and place not in seen and len(seen) < MOST_PAGES:
            seen.add(place)
            entries = number(place, count_bytes)
            place = None if entries is None else number(place + count_bytes + entries * entry_bytes, offset_bytes)
    if place:
        raise FormatError(path, "its pages follow one another without end; it is damaged, copy it again from its origin.")
    if place is None:
        raise FormatError(path, f"it is cut short: it ends before its page {len(seen)}; copy it again from its origin.")


def _number(file: BinaryIO, at: int, length: int, order: str) -> int:
    file.seek(at)
    return int.from_bytes(file.read(length), "big" if order == "big" else "little")
