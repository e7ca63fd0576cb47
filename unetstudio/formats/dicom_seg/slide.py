"""Segmentations of slides, whose frames are tiles of one large picture."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unetstudio.errors import FormatError
from unetstudio.formats.dicom_seg.frames import SegFrame

if TYPE_CHECKING:
    from pydicom import Dataset


def tile_places(dataset: Dataset, frames: Sequence[SegFrame], path: Path) -> list[tuple[int, int]]:
    """Return (y, x) of each tile's first pixel in the picture: as the frames state it, or row by row for each segment."""
    groups = dataset.get("PerFrameFunctionalGroupsSequence") or []
    stated = [_stated(group) for group in groups]
    if len(stated) == len(frames) and None not in stated:
        return [place for place in stated if place is not None]
    if dataset.get("DimensionOrganizationType") != "TILED_FULL":
        raise FormatError(path, "it is a segmentation of a slide whose tiles do not say where they lie; export it again.")
    height, width = int(dataset.Rows), int(dataset.Columns)
    down, across = -(-int(dataset.TotalPixelMatrixRows) // height), -(-int(dataset.TotalPixelMatrixColumns) // width)
    before: defaultdict[int, int] = defaultdict(int)
    places = []
    for frame in frames:
        number = before[frame.segment]
        before[frame.segment] += 1
        if number >= down * across:
            raise FormatError(path, "it has several focal planes; export each as a segmentation of its own.")
        places.append((number // across * height, number % across * width))
    return places


def _stated(group: Any) -> tuple[int, int] | None:
    places = group.get("PlanePositionSlideSequence")
    if not places or "RowPositionInTotalImagePixelMatrix" not in places[0]:
        return None
    return (int(places[0].RowPositionInTotalImagePixelMatrix) - 1, int(places[0].ColumnPositionInTotalImagePixelMatrix) - 1)
