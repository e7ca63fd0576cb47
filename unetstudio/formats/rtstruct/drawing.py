"""The voxels of one structure, from its contours."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.dicom.slice_pairing import Pairing
from unetstudio.formats.masks.content import MaskGrid
from unetstudio.formats.rtstruct.fill import filled
from unetstudio.formats.rtstruct.slices import Slices, along, of_source

_FLAT = 0.5
"""Largest extent of a contour across its plane, in slices."""

_SAME_PLANE = 0.1
"""Distance of contours, in slices, within which they are drawn in one plane."""

_EDGE = 0.51
"""Distance in pixels from the centres of the outermost ones to which a contour may reach."""

_ROUNDING = 1e-3


@dataclass(eq=False)
class Drawing:
    """The voxels of a structure: `mask` in the part `box` of the grid.

    Not drawn were contours or parts of them `outside` the image, `oblique` to its axes, and `between` the slices where another plane is
    nearer. `apart` says that no two neighbouring slices have contours.
    """

    box: tuple[slice, ...] = ()
    mask: NDArray[np.bool_] | None = None
    outside: int = 0
    oblique: int = 0
    between: int = 0
    apart: bool = False

    @property
    def voxels(self) -> int:
        """Number of voxels."""
        return 0 if self.mask is None else int(np.count_nonzero(self.mask))


def draw(contours: Iterable[NDArray[np.float64]], grid: MaskGrid, pairing: Pairing | None) -> Drawing:
    """Fill contours (N, 3) in mm on a grid, or on the slices of `pairing` from which it was straightened."""
    drawing = Drawing()
    if pairing is not None:
        stack = np.zeros((len(pairing.planes), *pairing.plane_shape), bool)
        _draw_on(of_source(pairing), contours, stack, drawing)
        _crop(pairing.from_slices(stack, grid.shape), drawing)
        return drawing
    whole = np.zeros(grid.shape, bool)
    by_axis: defaultdict[int, list[NDArray[np.float64]]] = defaultdict(list)
    inverse = np.linalg.inv(grid.geometry.matrix)
    for contour in contours:
        extents = np.ptp(contour @ inverse[:3, :3].T, axis=0)
        by_axis[0 if extents[0] <= _FLAT else int(np.argmin(extents))].append(contour)
    for axis, chosen in by_axis.items():
        _draw_on(along(grid, axis), chosen, np.moveaxis(whole, axis, 0), drawing)
    _crop(whole, drawing)
    return drawing


def _draw_on(slices: Slices, contours: Iterable[NDArray[np.float64]], stack: NDArray[np.bool_], drawing: Drawing) -> None:
    """Fill contours into a view (N, rows, columns) of the mask; each slice takes those of the drawn plane nearest to it."""
    at_slice: defaultdict[int, list[tuple[float, NDArray[np.float64]]]] = defaultdict(list)
    step = slices.step
    for contour in contours:
        places = slices.coordinates(contour)
        level = float(places[:, 0].mean())
        n, distance = slices.nearest(level)
        if np.ptp(places[:, 0]) > _FLAT * step:
            drawing.oblique += 1
        elif distance > 1 + _ROUNDING:
            drawing.outside += 1
        else:
            corners = places[:, 1:] - slices.starts[n]
            drawing.outside += bool((corners.min(0) < -_EDGE).any() or (corners.max(0) > np.array(slices.shape) - 1 + _EDGE).any())
            at_slice[n].append((level, corners))
    for n, placed in at_slice.items():
        nearest = min((level for level, _ in placed), key=lambda level, n=n: (abs(level - slices.levels[n]), level))  # type: ignore[misc]  # mypy infers no lambda with a default
        chosen = [corners for level, corners in placed if abs(level - nearest) <= _SAME_PLANE * step]
        drawing.between += len(placed) - len(chosen)
        _fill_into(stack[n], chosen)
    gaps = np.diff(sorted(at_slice))
    drawing.apart |= bool(len(gaps)) and int(gaps.min()) > 1


def _fill_into(plane: NDArray[np.bool_], contours: list[NDArray[np.float64]]) -> None:
    """Fill contours (N, 2) into a plane, in the part of it that they span."""
    corners, size = np.concatenate(contours), np.array(plane.shape)
    low = np.clip(np.floor(corners.min(0)), 0, size).astype(int)
    high = np.clip(np.ceil(corners.max(0)) + 1, low, size).astype(int)
    part = plane[low[0] : high[0], low[1] : high[1]]
    part |= filled([contour - low for contour in contours], (int(high[0] - low[0]), int(high[1] - low[1])))


def _crop(whole: NDArray[np.bool_], drawing: Drawing) -> None:
    """Keep the part of the grid that has voxels."""
    used = [np.flatnonzero(whole.any(axis=tuple(other for other in range(3) if other != axis))) for axis in range(3)]
    if len(used[0]):
        drawing.box = tuple(slice(int(one[0]), int(one[-1]) + 1) for one in used)
        drawing.mask = whole[drawing.box].copy()


def paint(drawings: Iterable[tuple[int, Drawing]], values: NDArray[np.integer[Any]]) -> int:
    """Paint structures by number into a label map, the largest first, so that what lies in another stays visible; return the number of
    voxels in several."""
    overlap = np.zeros(values.shape, bool)
    for number, drawing in sorted(drawings, key=lambda drawn: -drawn[1].voxels):
        if drawing.mask is not None:
            part = values[drawing.box]
            overlap[drawing.box] |= drawing.mask & (part != 0)
            part[drawing.mask] = number
    return int(np.count_nonzero(overlap))
