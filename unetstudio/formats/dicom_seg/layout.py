"""The layout of a segmentation: the grid on which its frames are painted, and the place of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unetstudio.data.geometry import SAME_PLACE, Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.slice_pairing import Pairing, pair
from unetstudio.formats.dicom.source_planes import SourceSlices, frame_axes
from unetstudio.formats.dicom.tiles import is_tiled, slide_geometry
from unetstudio.formats.dicom_seg.frames import SegFrame
from unetstudio.formats.dicom_seg.placement import Place, place_on, spanned_grid
from unetstudio.formats.dicom_seg.slide import tile_places
from unetstudio.formats.masks.content import MaskGrid

if TYPE_CHECKING:
    from pydicom import Dataset

_ELSEWHERE = (
    "its frames lie elsewhere than the slices of the image, or are of another resolution; choose the image that it was drawn on, "
    "or resample it onto this one."
)


@dataclass(frozen=True)
class Layout:
    """The frames' `places` on a `grid`; `pairing` says how the grid of a straightened image follows from the slices painted on."""

    grid: MaskGrid
    places: Sequence[Place]
    pairing: Pairing | None = None
    note: str = ""


def layout_of(dataset: Dataset, frames: Sequence[SegFrame], grid: MaskGrid | None, slices: SourceSlices | None, path: Path) -> Layout:
    """Lay frames out on the grid of their image, or without one on that which they span; raise FormatError where they do not fit.

    `slices` are those of the image, if it is DICOM: it may have been straightened from them, and the frames are still as they are.
    """
    size = (int(dataset.Rows), int(dataset.Columns))
    if is_tiled(dataset):
        whole = MaskGrid((1, int(dataset.TotalPixelMatrixRows), int(dataset.TotalPixelMatrixColumns)), slide_geometry(dataset))
        return Layout(whole, [_upright(0, y, x) for y, x in tile_places(dataset, frames, path)])
    if not all(frame.is_placed for frame in frames):
        return _in_order(frames, grid, size, path)
    if grid is None or grid.geometry.affine is None:
        grid, slices = spanned_grid(frames, size, _stated_step(dataset), path), None
    pairing = None if slices is None else pair(slices, grid.geometry, grid.shape)
    layout = _on_slices(frames, grid, pairing, size) if pairing is not None and pairing.straightened else None
    layout = layout or _on_grid(frames, grid, size)
    if layout is None:
        raise FormatError(path, _ELSEWHERE)
    return layout


def _on_grid(frames: Sequence[SegFrame], grid: MaskGrid, size: tuple[int, int]) -> Layout | None:
    """Lay frames out where they lie on the grid; None when one does not fit."""
    places = [place for frame in frames if (place := place_on(grid, frame.plane, size)) is not None]
    return Layout(grid, places) if len(places) == len(frames) else None


def _in_order(frames: Sequence[SegFrame], grid: MaskGrid | None, size: tuple[int, int], path: Path) -> Layout:
    """Lay out frames without places: the nth of each segment is the nth slice, if each segment has one for each slice."""
    before: defaultdict[int, int] = defaultdict(int)
    places = []
    for frame in frames:
        places.append(_upright(before[frame.segment], 0, 0))
        before[frame.segment] += 1
    slices = max(before.values())
    if set(before.values()) != {slices} or (grid is not None and grid.shape[0] != slices):
        raise FormatError(path, "its frames do not say where they lie, and there is not one for each slice; export it with positions.")
    note = "Its frames do not say where they lie; they were taken as the slices in their order." if slices > 1 else ""
    return Layout(MaskGrid((slices, *size), Geometry()), places, note=note)


def _on_slices(frames: Sequence[SegFrame], grid: MaskGrid, pairing: Pairing, size: tuple[int, int]) -> Layout | None:
    """Lay frames out on the slices from which the image was straightened; None when one does not fit."""
    axes = frame_axes(pairing.planes[0][0].plane)
    positions = np.array([group[0].plane.position for group in pairing.planes])
    near = SAME_PLACE * float(np.linalg.norm(axes, axis=0).min())
    places = []
    for frame in frames:
        distances = np.linalg.norm(positions - np.array(frame.plane.position), axis=1)
        nearest = int(np.argmin(distances))
        if distances[nearest] > near or np.abs(frame_axes(frame.plane) - axes).max() * (max(size) - 1) > near:
            return None
        places.append(_upright(nearest, 0, 0))
    return Layout(MaskGrid((len(positions), *size), grid.geometry), places, pairing) if pairing.plane_shape == size else None


def _upright(z: int, y: int, x: int) -> Place:
    return np.array([z, y, x], np.int64), np.array([[0, 0], [1, 0], [0, 1]], np.int64)


def _stated_step(dataset: Dataset) -> float | None:
    """Return the distance of slices in mm that all frames share; None when it is not stated."""
    shared = dataset.get("SharedFunctionalGroupsSequence")
    measures = shared[0].get("PixelMeasuresSequence") if shared else None
    stated = measures[0].get("SpacingBetweenSlices") if measures else None
    return abs(float(stated)) or None if stated is not None else None
