"""Damaged copies of files, and what opening them may end in."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from unetstudio.errors import UserError
from unetstudio.formats import discover, read
from unetstudio.formats.finding.recognition import format_of
from unetstudio.formats.masks.content import MaskGrid
from unetstudio.formats.masks.mask_files import read_content

PLACES = 10
"""Number of places at which files are cut."""
LONGEST = 5.0
"""Seconds that opening any file of a few kilobytes may take."""

Change = Callable[[bytearray, np.random.Generator], bytearray]


def mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """Return a copy with one to four changes; most of them in the first kilobyte, where headers are."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 5))):
        if changed:
            changed = CHANGES[int(rng.integers(len(CHANGES)))](changed, rng)
    return bytes(changed)


def _place(data: bytearray, rng: np.random.Generator) -> int:
    return int(rng.integers(min(len(data), 1024) if rng.random() < 0.7 else len(data)))


def _flip(data: bytearray, rng: np.random.Generator) -> bytearray:
    data[_place(data, rng)] ^= 1 << int(rng.integers(8))
    return data


def _set(data: bytearray, rng: np.random.Generator) -> bytearray:
    data[_place(data, rng)] = int(rng.choice([0, 1, 0x7F, 0x80, 0xFF, rng.integers(256)]))
    return data


def _set_number(data: bytearray, rng: np.random.Generator) -> bytearray:
    """Set 2, 4 or 8 bytes to an extreme number."""
    size, place = int(rng.choice([2, 4, 8])), _place(data, rng)
    value = int(rng.choice([0, 1, -1, 2 ** (8 * min(size, 7) - 1) - 1, -(2 ** (8 * min(size, 7) - 1)), 65_536 % 2 ** (8 * size - 1)]))
    data[place : place + size] = value.to_bytes(size, "little" if rng.random() < 0.5 else "big", signed=True)
    return data


def _delete(data: bytearray, rng: np.random.Generator) -> bytearray:
    place = _place(data, rng)
    del data[place : place + int(rng.integers(1, 65))]
    return data


def _insert(data: bytearray, rng: np.random.Generator) -> bytearray:
    place = _place(data, rng)
    data[place:place] = rng.bytes(int(rng.integers(1, 17)))
    return data


def _repeat(data: bytearray, rng: np.random.Generator) -> bytearray:
    start, place = _place(data, rng), _place(data, rng)
    data[place:place] = data[start : start + int(rng.integers(1, 129))]
    return data


def _cut(data: bytearray, rng: np.random.Generator) -> bytearray:
    return data[: int(rng.integers(len(data) + 1))]


CHANGES: tuple[Change, ...] = (_flip, _set, _set_number, _delete, _insert, _repeat, _cut)


def attempt(path: Path, grid: MaskGrid | None = None) -> str:
    """Open a file as images and as a mask, and return what it ended in: "" for images, a mask or a UserError, else what is wrong."""
    began = time.monotonic()
    try:
        _open(path, grid)
    except UserError:
        pass
    except Exception as error:  # noqa: BLE001 - what is looked for
        return f"{type(error).__name__}: {error}"
    seconds = time.monotonic() - began
    return f"{seconds:.1f} s" if seconds > LONGEST else ""


def _open(path: Path, grid: MaskGrid | None) -> None:
    sources = []
    with contextlib.suppress(UserError):
        sources = discover([path])
    for source in sources[:3]:
        try:
            scan = read(source)
            assert scan.array.ndim == 4 and scan.array.size > 0, f"voxels of shape {scan.array.shape}"
        except UserError:
            continue
    if path.is_file() and format_of(path):
        content = read_content(path, grid)
        assert content.values.ndim == 3 and content.values.dtype.kind in "iub", f"a mask of {content.values.dtype} {content.values.shape}"
