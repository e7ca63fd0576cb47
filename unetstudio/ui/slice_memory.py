"""The slice of a volume seen last in each direction."""

from __future__ import annotations

from unetstudio.data.scan import Scan
from unetstudio.ui.display import Display


class SliceMemory:
    """Remembers one scan at a time: another one begins in its middle."""

    def __init__(self, display: Display) -> None:
        self._display = display
        self._scan: Scan | None = None
        self._slices: dict[int, int] = {}  # index by axis

    def look_along(self, scan: Scan, axis: int) -> bool:
        """Show the plane across `axis` at the slice seen last there; False when it is shown already."""
        if self._display.axis == axis:
            return False
        if self._scan is not scan:
            self._scan, self._slices = scan, {}
        self._slices[self._display.axis] = self._display.index
        self._display.set(axis=axis, index=self._slices.get(axis, scan.shape[axis] // 2))
        return True
