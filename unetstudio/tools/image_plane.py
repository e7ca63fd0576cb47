"""The slice of the image that a tool works on, read only when a tool needs it."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from numpy.typing import NDArray

from unetstudio.data.plane import Plane
from unetstudio.data.scan import Voxels

Map = TypeVar("Map")


class ImagePlane:
    """One slice of a scan's `voxels` (C, Z, Y, X); everything read or computed is cached for later strokes."""

    def __init__(self, voxels: Voxels, plane: Plane) -> None:
        self.plane = plane
        self._voxels = voxels
        self._maps: dict[Callable[[NDArray[Any]], Any], Any] = {}

    @cached_property
    def channels(self) -> NDArray[Any]:
        """Stored values, (C, rows, columns)."""
        return self._voxels[(slice(None), *self.plane.slices)]

    def derived(self, compute: Callable[[NDArray[Any]], Map]) -> Map:
        """Return the result of a module-level function of `channels`, such as a gradient; each function runs once per slice."""
        if compute not in self._maps:
            self._maps[compute] = compute(self.channels)
        result: Map = self._maps[compute]
        return result
