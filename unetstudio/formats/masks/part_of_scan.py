"""The image that is the mask, in a file of several: the one at the place of the scan's own image, never simply the first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unetstudio.errors import FormatError
from unetstudio.formats.masks.content import MaskGrid
from unetstudio.formats.part import Part, places_in


def mask_part(parts: Sequence[Part], path: Path, grid: MaskGrid | None) -> tuple[str, tuple[str, ...]]:
    """Return the key of the image that is the mask, "" where there is one alone, and a sentence; FormatError where it cannot be told."""
    if len(parts) < 2:
        return "", ()
    wanted = grid.source.part if grid is not None and grid.source is not None else ""
    same = [part for part in parts if wanted and part.key == wanted]
    if not same and (time := places_in(wanted).get("t")) is not None:
        same = [part for part in parts if places_in(part.key).get("t") == time]
    if len(same) != 1:
        raise FormatError(path, f"a mask is one image, but this file holds {len(parts)}; save the one that is meant as a file of its own.")
    return same[0].key, (f"Of the {len(parts)} images in {path.name}, “{same[0].name}” was taken, as that of the image.",)
