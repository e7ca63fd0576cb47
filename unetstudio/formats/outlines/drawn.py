"""Outlines of a file, drawn on the grid of the scan that they belong to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import Colour
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import FormatError
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.outlines.regions import OutlineNote
from unetstudio.formats.outlines.tracing import Ring, Window, fill
from unetstudio.formats.voxel_files.memory_check import require_memory

OUTSIDE_IS_BACKGROUND = "What lies outside its outlines counts as background."
OUTSIDE_IS_UNLABELLED = "It outlines the background too, so that what lies outside of all its outlines counts as not annotated."
_REST = "_background_"  # labelme's name of all that lies outside the shapes, which also cuts holes
_BACKGROUND = {"background", _REST}
UNNAMED = "no name"
"""What outlines without a name are called, where others are told apart by theirs."""
_NOT_DRAWN, _IGNORED = -1, -2


@dataclass(frozen=True, eq=False)
class Outline:
    """What a file says of one outlined region: its rings by the even-odd rule or its pixels, its class and its slice.

    `value` is where the file itself numbers classes. `z` None is the one slice of a picture. `ignored` regions are not annotated.
    """

    name: str
    rings: Sequence[Ring] = ()
    pixels: tuple[Window, NDArray[np.bool_]] | None = None  # in a window of the image, instead of rings
    value: int | None = None
    colour: Colour | None = None
    z: int | None = None
    ignored: bool = False


def drawn(
    outlines: Sequence[Outline], path: Path, grid: MaskGrid | None, note: OutlineNote, notes: Sequence[str] = (), *, small_on_top: bool
) -> MaskContent:
    """Draw outlines on the grid of a scan, or on that of which the file itself tells.

    Where outlines overlap the smaller one is on top, or else the later one. What lies outside of all is background, unless the file
    outlines the background too, or says that it is not annotated.
    """
    shape, geometry = _grid(path, grid, note)
    values, names, colours = _meanings(outlines, note)
    has_background = any(value == 0 and outline.name.strip().lower() != _REST for outline, value in zip(outlines, values, strict=True))
    outside = note.outside if note.outside is not None else UNLABELLED if has_background else 0
    layers = [(value, _places(outline, shape, path)) for outline, value in zip(outlines, values, strict=True)]
    said = [*notes]
    if beyond := sum(not layer[1].any() for _, layer in layers):
        said.append(f"{beyond} of its {len(layers)} outlines enclose no pixel of the image and were left out.")
    if small_on_top:
        layers.sort(key=lambda layer: -int(np.count_nonzero(layer[1][1])))
    array = np.full(shape, _NOT_DRAWN, np.int16 if max(values, default=0) < 2**15 else np.int32)
    overlapping = 0
    for value, (window, inside) in layers:
        under = array[window]
        overlapping += int(np.count_nonzero(inside & (under != _NOT_DRAWN) & (under != value)))
        under[..., inside] = value
    if overlapping:
        upper = "the smaller" if small_on_top else "the later"
        said.append(f"Outlines of different classes overlap in {overlapping} pixel(s); there {upper} one counts.")
    if note.outside is None:
        said.append(OUTSIDE_IS_UNLABELLED if has_background else OUTSIDE_IS_BACKGROUND)
    array[array == _NOT_DRAWN] = _IGNORED if outside == UNLABELLED else outside
    unknown = array == _IGNORED
    array[unknown] = UNLABELLED
    narrow = array.astype(np.uint8) if array.max() <= UNLABELLED else array
    return MaskContent(
        narrow, geometry, names, colours, unknown=unknown if unknown.any() else None, notes=tuple(said), counted=_is_counted(outlines, note)
    )


def _grid(path: Path, grid: MaskGrid | None, note: OutlineNote) -> tuple[tuple[int, int, int], Geometry]:
    """Return the shape to draw on and its geometry; raise FormatError where it is unknown or another image's."""
    if grid is None and note.shape is None:
        raise FormatError(path, "it holds outlines and not the size of their image; import it as a mask of the image that it belongs to.")
    if grid is None:
        shape = note.shape or (1, 1, 1)
        require_memory(path, 5 * math.prod(shape), path.stat().st_size, by_region=False)
        return shape, note.geometry
    if note.shape not in (None, grid.shape):
        raise FormatError(path, f"it outlines an image of {_size(note.shape)}, and this one has {_size(grid.shape)}; choose its own image.")
    return grid.shape, grid.geometry


def _size(shape: Sequence[int] | None) -> str:
    return " x ".join(str(n) for n in reversed(shape or ()))


def _meanings(outlines: Sequence[Outline], note: OutlineNote) -> tuple[list[int], dict[int, str], dict[int, Colour]]:
    """Return the value of each outline, and name and colour of each value; classes of other programs are counted from 1."""
    known = dict(note.values)
    names, colours = {value: name for name, value in known.items()}, dict[int, Colour]()
    values = []
    for outline in outlines:
        if outline.name.strip().lower() in _BACKGROUND and 0 not in known.values():
            known.setdefault(outline.name, 0)
        elif outline.value is not None:
            known.setdefault(outline.name, outline.value)
        value = known.setdefault(outline.name, max([*known.values(), 0]) + 1)
        values.append(_IGNORED if outline.ignored else value)
        if outline.ignored:
            continue
        if outline.name or _is_counted(outlines, note):
            names[value] = outline.name or UNNAMED
        if outline.colour is not None:
            colours.setdefault(value, outline.colour)
    return values, names, colours


def _is_counted(outlines: Sequence[Outline], note: OutlineNote) -> bool:
    """Whether the numbers of the classes are none of the file's."""
    return not note.values and any(outline.value is None for outline in outlines)


def _places(outline: Outline, shape: tuple[int, int, int], path: Path) -> tuple[tuple[slice, slice, slice], NDArray[np.bool_]]:
    """Return the window (Z, Y, X) of an outline, and where in its rows and columns it is."""
    if outline.z is not None and not 0 <= outline.z < shape[0]:
        raise FormatError(path, f"it has an outline in slice {outline.z + 1}, and the image has {shape[0]}; choose its own image.")
    if outline.z is None and shape[0] > 1:
        raise FormatError(path, "it does not say in which slice of the volume its outlines lie; draw them on the volume itself.")
    z = slice(outline.z or 0, (outline.z or 0) + 1)
    (rows, columns), inside = fill(outline.rings, shape[1:]) if outline.pixels is None else outline.pixels
    return (z, rows, columns), inside
