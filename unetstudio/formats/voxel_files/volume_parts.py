"""The volumes of a series as images of one file: their keys and names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unetstudio.errors import FormatError
from unetstudio.formats.part import Part, key_of, places_in

MOST_VOLUMES = 20_000
"""Largest number of volumes of a file that is not damaged."""


def volume_parts(path: Path, volumes: int) -> Sequence[Part]:
    """List the volumes; a single one has an empty key. Raise FormatError for more than a file can hold."""
    _require_plausible(path, volumes)
    return (Part(),) if volumes == 1 else tuple(Part(key_of(t=n), f"volume {n + 1}") for n in range(volumes))


def volume_of(path: Path, volumes: int, part: str) -> int:
    """Return the number of the volume that a key names, the first for an empty key; raise FormatError when there is none."""
    _require_plausible(path, volumes)
    place = places_in(part).get("t", "0")
    if not place.isdecimal() or int(place) >= volumes:
        raise FormatError(path, f"it holds {volumes} volumes and none of the key {part!r}; add it again.")
    return int(place)


def _require_plausible(path: Path, volumes: int) -> None:
    if volumes > MOST_VOLUMES:
        raise FormatError(path, f"it claims to hold {volumes:,} volumes; it is damaged.")
