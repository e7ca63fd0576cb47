"""The place shown of the open case: a direction and a voxel. Views that share one cursor show the same place."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from unetstudio.data.plane import Plane
from unetstudio.data.region import Index


class Cursor(QObject):
    """The voxel `position` (z, y, x) in focus; the plane shown is the slice through it, across `plane.axis`."""

    moved = Signal(object)  # Plane

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.plane = Plane()
        self.position: Index = (0, 0, 0)
        self._shape: Index = (1, 1, 1)

    def open(self, shape: Index) -> None:
        """Move to the middle slice of another case of `shape` (Z, Y, X)."""
        self._shape = shape
        self.position = (shape[0] // 2, shape[1] // 2, shape[2] // 2)
        self._show(0)

    def look_along(self, axis: int) -> None:
        """Look along another array axis, at the slice seen last in that direction."""
        self._show(axis)

    def go_to(self, index: int) -> None:
        """Show another slice along the present axis, kept within the case."""
        axis = self.plane.axis
        z, y, x = self.position
        clamped = min(max(index, 0), self._shape[axis] - 1)
        self.position = ((clamped, y, x), (z, clamped, x), (z, y, clamped))[axis]
        self._show(axis)

    def step(self, by: int) -> None:
        """Move by `by` slices."""
        self.go_to(self.plane.index + by)

    def _show(self, axis: int) -> None:
        plane = Plane(axis, self.position[axis])
        if plane != self.plane:
            self.plane = plane
            self.moved.emit(plane)
