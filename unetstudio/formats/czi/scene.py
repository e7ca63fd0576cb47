"""A scene of a CZI file as an array that stays in the file: its tiles are put together where they are read."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.czi.directory import Block, data_of
from unetstudio.formats.czi.pixels import decoded
from unetstudio.formats.voxel_files.file_array import Slices

_COUNTING = "VHIRBT"
"""Dimensions that count images: views, phases, illuminations, rotations, blocks and times."""


class Scene:
    """The array of a scene, with `axes` that count images, then C, Z, Y, X and S (samples of a colour).

    A place that no tile covers is 0. Raise FormatError when a whole plane that is read has no tile.
    """

    def __init__(self, path: Path, blocks: Sequence[Block]) -> None:
        self._path = path
        self._values = {axis: sorted({block.start.get(axis, 0) for block in blocks}) for axis in (*_COUNTING, "C", "Z")}
        self._lead = [axis for axis in (*_COUNTING, "C", "Z") if axis in "CZ" or len(self._values[axis]) > 1]
        self.axes = "".join(self._lead) + "YXS"
        self._top, self._left = (min(block.start[axis] for block in blocks) for axis in "YX")
        height = max(block.start["Y"] + block.size["Y"] for block in blocks) - self._top
        width = max(block.start["X"] + block.size["X"] for block in blocks) - self._left
        self.shape = (*(len(self._values[axis]) for axis in self._lead), height, width, min(3, max(block.samples for block in blocks)))
        self.dtype = np.result_type(*{block.dtype for block in blocks})
        self._planes: dict[tuple[int, ...], list[Block]] = defaultdict(list)
        places = {axis: {value: n for n, value in enumerate(self._values[axis])} for axis in self._lead}
        for block in sorted(blocks, key=lambda one: one.start.get("M", 0)):  # a later tile lies on top
            self._planes[tuple(places[axis][block.start.get(axis, 0)] for axis in self._lead)].append(block)

    @property
    def uncovered(self) -> float:
        """The share of the first plane that no tile covers."""
        covered = np.zeros(tuple(-(-n // 8) for n in self.shape[-3:-1]), np.bool_)
        for block in next(iter(self._planes.values())):
            top, left = block.start["Y"] - self._top, block.start["X"] - self._left
            covered[top // 8 : -(-(top + block.size["Y"]) // 8), left // 8 : -(-(left + block.size["X"]) // 8)] = True
        return 1 - float(covered.mean())

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        values = np.zeros(tuple(part.stop - part.start for part in index), self.dtype)
        lead, (rows, columns, samples) = index[:-3], index[-3:]
        with self._path.open("rb") as file:
            for place in itertools.product(*(range(part.start, part.stop) for part in lead)):
                plane = values[tuple(n - part.start for n, part in zip(place, lead, strict=True))]
                if place not in self._planes:
                    raise FormatError(
                        self._path, "a plane of this image was never stored (a recording that was stopped); choose another time."
                    )
                for block in self._planes[place]:
                    top, left = block.start["Y"] - self._top, block.start["X"] - self._left
                    y0, y1 = max(rows.start, top), min(rows.stop, top + block.size["Y"])
                    x0, x1 = max(columns.start, left), min(columns.stop, left + block.size["X"])
                    if y0 < y1 and x0 < x1:
                        tile = decoded(data_of(file, block, self._path), block)[y0 - top : y1 - top, x0 - left : x1 - left, samples]
                        plane[y0 - rows.start : y1 - rows.start, x0 - columns.start : x1 - columns.start] = tile
        return values
