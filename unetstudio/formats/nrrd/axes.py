"""The roles of the axes of an NRRD file, and the place of its voxels in the patient."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.nrrd.header import NrrdHeader

_TO_LPS = {
    **dict.fromkeys(("left-posterior-superior", "lps"), (1, 1, 1)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1, -1, 1)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1, -1, 1)),
}
_MILLIMETRES = {"m": 1e3, "cm": 10.0, "mm": 1.0, "um": 1e-3, "µm": 1e-3, "μm": 1e-3, "micron": 1e-3, "microns": 1e-3, "nm": 1e-6}
_COLOURS = {"rgb-color", "rgba-color", "3-color", "4-color"}
_VOLUMES = {"time", "list"}
_PLACES = {"domain", "space", "time"}
MOST_CHANNELS = 4
"""Length up to which a first axis of unknown meaning holds channels."""


@dataclass(frozen=True)
class NrrdAxes:
    """A role for each axis, fastest first, as in `VolumeFile`; the geometry; and what is not known of it."""

    roles: str
    geometry: Geometry
    notes: tuple[str, ...] = ()


def read_axes(header: NrrdHeader) -> NrrdAxes:
    """Decide by directions, kinds and spacings; raise FormatError for fewer than two axes of space."""
    directions = _directions(header)
    roles, notes = _roles(header, directions)
    places = [roles.index(letter) for letter in "XYZ" if letter in roles]
    if len(places) < 2:
        raise FormatError(header.path, "it has fewer than two axes of space, so it is no image; choose the volume that it belongs to.")
    geometry, more = _geometry(header, directions, places)
    return NrrdAxes(roles, geometry, notes + more)


def _directions(header: NrrdHeader) -> list[NDArray[np.float64] | None]:
    """Return a vector for each axis; None for those without one."""
    text = header.fields.get("space directions", "")
    directions = [None if word.lower() == "none" else _vector(word, header) for word in re.findall(r"none|\([^)]*\)", text, re.IGNORECASE)]
    directions = [None if vector is None or not np.isfinite(vector).all() or not vector.any() else vector for vector in directions]
    if text and len(directions) != len(header.sizes):
        raise FormatError(header.path, "its header gives directions for other axes than it has, so it is damaged; export it again.")
    return directions or [None] * len(header.sizes)


def _vector(word: str, header: NrrdHeader) -> NDArray[np.float64]:
    try:
        return np.array([float(n) for n in word.strip("() ").split(",")])
    except ValueError:
        raise FormatError(header.path, f"its header holds “{word}”, which is no position, so it is damaged; export it again.") from None


def _roles(header: NrrdHeader, directions: list[NDArray[np.float64] | None]) -> tuple[str, tuple[str, ...]]:
    kinds = [kind.lower() for kind in header.words("kinds")]
    count = len(header.sizes)
    kinds = kinds if len(kinds) == count else ["???"] * count
    if "complex" in kinds:
        raise FormatError(header.path, "its pixels are not plain numbers; save their magnitude as real numbers first.")
    notes: tuple[str, ...] = ()
    if any(vector is not None for vector in directions):
        spatial = [vector is not None and kind not in ("time", "list") for vector, kind in zip(directions, kinds, strict=True)]
    elif any(kind in _PLACES for kind in kinds):
        spatial = [kind in ("domain", "space") for kind in kinds]
    else:
        spatial = [kind in ("???", "none") for kind in kinds]
        if sum(spatial) > 3 and header.sizes[0] <= MOST_CHANNELS:
            spatial[0] = False
            notes = (f"Its first axis, of {header.sizes[0]}, is taken for channels; if it holds volumes, save them as one file each.",)
    roles, letters = "", iter("XYZ")
    for is_spatial, kind, size in zip(spatial, kinds, header.sizes, strict=True):
        letter = next(letters, "t") if is_spatial else ""
        if letter:
            roles += letter
        elif kind in _VOLUMES or (kind in _PLACES and size > 1):
            roles += "t"
        elif kind in _COLOURS:
            roles += "S"
        else:
            roles += "C" if "C" not in roles else "t"
    return roles, notes


def _geometry(header: NrrdHeader, directions: list[NDArray[np.float64] | None], places: list[int]) -> tuple[Geometry, tuple[str, ...]]:
    space = header.fields.get("space", "").lower().removesuffix("-time")
    space = space[:3] if re.fullmatch(r"(lps|ras|las)t", space) else space
    vectors = [vector for place in places if (vector := directions[place]) is not None]
    if len(vectors) < len(places):
        return _spacing_only(header, places), ()
    if any(len(vector) != len(vectors[0]) for vector in vectors):
        raise FormatError(header.path, "its header gives directions of different lengths, so it is damaged; export it again.")
    signs = _TO_LPS.get(space)
    factors = np.array([_MILLIMETRES.get(unit.lower(), 1.0) for unit in header.words("space units")][: len(vectors[0])])
    factors = factors if len(factors) == len(vectors[0]) else np.ones(len(vectors[0]))
    if signs is None or len(vectors[0]) < 3:
        lengths = [float(np.linalg.norm(vector * factors)) for vector in vectors]
        if len(places) == 2 and lengths == [1.0, 1.0]:  # as ITK writes pictures of which it knows nothing
            return Geometry(), ()
        why = () if len(places) < 3 else ("Its header does not say how it lies in the patient; only its spacing is known.",)
        return Geometry(_three(lengths)), why
    scale = np.array(signs) * factors[:3]
    columns = [vector[:3] * scale for vector in vectors]
    if len(columns) == 2:
        normal = np.cross(columns[0], columns[1])
        columns.append(normal / np.linalg.norm(normal))
    origin = header.fields.get("space origin", "")
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = columns[2], columns[1], columns[0]
    affine[:3, 3] = _vector(origin, header)[:3] * scale if origin else 0.0
    if not np.isfinite(affine).all() or abs(np.linalg.det(affine[:3, :3] / np.linalg.norm(affine[:3, :3], axis=0))) < 1e-6:
        return Geometry(), ("Its header gives no valid place in the patient; spacing and orientation are unknown.",)
    return Geometry.from_affine(affine), ()


def _spacing_only(header: NrrdHeader, places: list[int]) -> Geometry:
    """Return the spacings, in the units given for each axis; unknown when there are none."""
    words, units = header.words("spacings"), header.words("units")
    if len(words) != len(header.sizes):
        return Geometry()
    try:
        spacings = [float(words[place]) for place in places]
    except ValueError:
        return Geometry()
    factors = [_MILLIMETRES.get(units[place].lower(), 1.0) if len(units) == len(words) else 1.0 for place in places]
    lengths = [abs(n) * factor for n, factor in zip(spacings, factors, strict=True)]
    return Geometry(_three(lengths)) if all(math.isfinite(n) and n > 0 for n in lengths) else Geometry()


def _three(lengths: list[float]) -> tuple[float, float, float]:
    """Return (z, y, x) of lengths along x, y and perhaps z."""
    x, y, z, *_ = (*lengths, 1.0)
    return (z, y, x)
