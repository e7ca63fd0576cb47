"""Whole-slide images in DICOM: a picture assembled from the tiles in its frames."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_plane import planes_of
from unetstudio.formats.voxel_files.memory_check import require_memory

if TYPE_CHECKING:
    from pydicom import Dataset


def is_tiled(dataset: Dataset) -> bool:
    """Whether the frames are tiles of a large picture."""
    return "TotalPixelMatrixColumns" in dataset and "TotalPixelMatrixRows" in dataset


def assembled(frames: NDArray[Any], dataset: Dataset, path: Path) -> NDArray[Any]:
    """Assemble (1, C, Y, X) from tiles (N, C, Y, X) of the first focal plane and optical path; uncovered pixels are 0."""
    rows, columns = int(dataset.TotalPixelMatrixRows), int(dataset.TotalPixelMatrixColumns)
    if rows < 1 or columns < 1:
        raise FormatError(path, "its size is missing; the file is damaged.")
    channels, height, width = frames.shape[1:]
    require_memory(path, rows * columns * channels * frames.itemsize, path.stat().st_size)
    whole = np.zeros((1, channels, rows, columns), frames.dtype)
    for tile, (y, x) in zip(frames, _places(dataset, (rows, columns), (height, width), path), strict=False):
        if 0 <= y < rows and 0 <= x < columns:
            part = whole[0, :, y : y + height, x : x + width]
            part[...] = tile[:, : part.shape[1], : part.shape[2]]
    return whole


def slide_geometry(dataset: Dataset) -> Geometry:
    """Return the spacing from its tag, or from the size in mm of the imaged volume."""
    plane = planes_of(dataset, 1)[0]
    if plane.pixel is not None:
        return Geometry((1.0, plane.pixel[0], plane.pixel[1]))
    height, width = (float(dataset.get(keyword) or 0) for keyword in ("ImagedVolumeHeight", "ImagedVolumeWidth"))
    y, x = height / int(dataset.TotalPixelMatrixRows), width / int(dataset.TotalPixelMatrixColumns)
    square = y > 0 and abs(x / y - 1) < 0.05  # some writers state the size of the slide, not of the picture
    return Geometry((1.0, y, x)) if square else Geometry()


def _places(dataset: Dataset, whole: tuple[int, int], tile: tuple[int, int], path: Path) -> list[tuple[int, int]]:
    """Return (y, x) of each tile's first pixel: as the frames state it, or row by row where the file declares that."""
    stated = [_stated(frame) for frame in dataset.get("PerFrameFunctionalGroupsSequence") or []]
    if stated and None not in stated:
        return [place for place in stated if place is not None]
    places = [(y, x) for y in range(0, whole[0], tile[0]) for x in range(0, whole[1], tile[1])]
    if len(places) > 1 and dataset.get("DimensionOrganizationType") != "TILED_FULL":
        raise FormatError(path, "it is a slide whose tiles do not say where they lie; convert it to TIFF.")
    return places


def _stated(frame: Dataset) -> tuple[int, int] | None:
    places = frame.get("PlanePositionSlideSequence")
    if not places or "RowPositionInTotalImagePixelMatrix" not in places[0]:
        return None
    return (int(places[0].RowPositionInTotalImagePixelMatrix) - 1, int(places[0].ColumnPositionInTotalImagePixelMatrix) - 1)
