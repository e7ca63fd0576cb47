"""What a mask file holds: numbers per voxel, and all that the file says about their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.classes import Colour
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index
from unetstudio.errors import FormatError
from unetstudio.formats.masks.lossy import cleaned, cleaned_words, is_blurred
from unetstudio.formats.voxel_files.voxels import class_indices

MOST_COLOURS = 64
"""Largest number of colours of a mask in colours."""


@dataclass(frozen=True, eq=False)
class MaskGrid:
    """The scan that a mask is for: outlines are drawn on its grid, and file names in an annotation file are compared with `name`."""

    shape: Index  # (Z, Y, X)
    geometry: Geometry = field(default_factory=Geometry)
    source: Source | None = None
    name: str = ""  # the image's file name


@dataclass(frozen=True, eq=False)
class MaskContent:
    """The contents of a mask file, before their meaning is decided (`mask_coding`).

    `names` and `colours` are what the file itself says about values. `numbered` says that values number objects, not classes. `unknown` is
    where the file holds no value (NaN): not annotated. `notes` are sentences for the user: what overlapped, what was left out. With
    `by_colour` the values are colours, 0xRRGGBB, that mean nothing but themselves. With `counted` the file has names alone, which were
    numbered from 1 as they came: such a number means nothing.
    """

    values: NDArray[np.integer[Any]]  # (Z, Y, X) as stored
    geometry: Geometry = field(default_factory=Geometry)
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, Colour] = field(default_factory=dict)
    numbered: bool = False
    unknown: NDArray[np.bool_] | None = None  # (Z, Y, X)
    notes: tuple[str, ...] = ()
    by_colour: bool = False
    counted: bool = False


def content_of(
    values: NDArray[Any], geometry: Geometry, path: Path, *, palette: NDArray[np.uint8] | None = None, step: float = 0.0
) -> MaskContent:
    """Make the contents from voxels as they are stored, (C, Z, Y, X).

    `palette` (N, 3) holds the colours of indices, `step` is the slope by which whole numbers were rescaled. Raise FormatError for what is
    no mask: fractions, and more than `MOST_COLOURS` colours.
    """
    if len(values) == 3 and values.dtype == np.uint8 and (values[0] != values[1:]).any():
        return MaskContent(_packed(values, path), geometry, by_colour=True)
    if palette is None and is_blurred(values) and (clean := cleaned(values)) is not None:
        return replace(content_of(clean[0], geometry, path), notes=(cleaned_words(path, clean[1]),))
    indices, unknown = class_indices(values, path, step)
    colours = {} if palette is None else {value: _colour(palette[value]) for value in value_counts(indices) if 0 <= value < len(palette)}
    return MaskContent(indices, geometry, colours=colours, unknown=unknown)


def value_counts(values: NDArray[np.integer[Any]], where: NDArray[np.bool_] | None = None) -> dict[int, int]:
    """Count the voxels of each value, or those of `where`, in rising order of values."""
    chosen = values.reshape(-1) if where is None else values[where]
    if chosen.dtype in (np.uint8, np.uint16):
        counts = np.bincount(chosen)
        return {int(value): int(counts[value]) for value in np.flatnonzero(counts)}
    found, numbers = np.unique(chosen, return_counts=True)
    return dict(zip(found.tolist(), numbers.tolist(), strict=True))


def _packed(values: NDArray[Any], path: Path) -> NDArray[np.int32]:
    """Return colours (3, Z, Y, X) as 0xRRGGBB, (Z, Y, X)."""
    red, green, blue = values.astype(np.int32)
    packed: NDArray[np.int32] = red << 16 | green << 8 | blue
    if (number := len(np.unique(packed))) > MOST_COLOURS:
        raise FormatError(
            path,
            f"a mask needs one number per pixel, or a colour for each class, but this one has {number:,} colours: it is a photograph, or "
            f"was saved with loss (JPEG); export it as class indices in PNG or TIFF.",
        )
    return packed


def _colour(row: NDArray[np.uint8]) -> Colour:
    red, green, blue = (int(part) for part in row)
    return (red, green, blue)
