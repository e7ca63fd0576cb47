"""What a mask file holds: numbers per voxel, and all that the file says about their meaning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.classes import Colour
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Index


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
    where the file holds no value (NaN): not annotated. `notes` are sentences for the user: what overlapped, what was left out.
    """

    values: NDArray[np.integer[Any]]  # (Z, Y, X) as stored
    geometry: Geometry = field(default_factory=Geometry)
    names: Mapping[int, str] = field(default_factory=dict)
    colours: Mapping[int, Colour] = field(default_factory=dict)
    numbered: bool = False
    unknown: NDArray[np.bool_] | None = None  # (Z, Y, X)
    notes: tuple[str, ...] = ()
