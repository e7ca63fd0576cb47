"""The slice of the image that a tool works on, read and measured only when a tool asks for it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from numpy.typing import NDArray

from unetstudio.data.plane import Plane
from unetstudio.data.scan import Voxels

Map = TypeVar("Map")


class ImagePlane:
    """One slice of a scan's `voxels` (C, Z, Y, X); everything read or computed is kept for the strokes that follow on it."""

    def __init__(self, voxels: Voxels, plane: Plane) -> None:
        self.plane = plane
        self._voxels = voxels
        self._maps: dict[Callable[[NDArray[Any]], Any], Any] = {}

    @cached_property
    def channels(self) -> NDArray[Any]:
        """(C, rows, columns), stored values."""
        return self._voxels[(slice(None), *self.plane.slices)]

    def derived(self, compute: Callable[[NDArray[Any]], Map]) -> Map:
        """The result of a module-level function of `channels`, such as a gradient; each function runs once for the slice."""
        if compute not in self._maps:
            self._maps[compute] = compute(self.channels)
        kept: Map = self._maps[compute]
        return kept
