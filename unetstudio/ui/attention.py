"""The attention map of the open case, for networks with attention gates."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from unetstudio.data.case import Case
from unetstudio.inference.events import AttentionMapped


class Attention(QObject):
    """Shows where the network looked. `values` (Z, Y, X) uint8: 0 where unknown or the gates were least open, 255 where most; None
    before the first map."""

    changed = Signal(object)  # Region

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._case: Case | None = None
        self._checkpoint = ""
        self.values: NDArray[np.uint8] | None = None
        self.limits = (0.0, 1.0)  # opening of the gates where the map is darkest and brightest

    def open(self, case: Case | None) -> None:
        """Begin an empty map for a case."""
        self._case, self.values, self._checkpoint = case, None, ""

    def take(self, event: AttentionMapped) -> None:
        """Add a map of the region on screen; a map made by other weights replaces the earlier ones."""
        if self._case is None or event.case != self._case.id:
            return
        if self.values is None or event.checkpoint != self._checkpoint:
            self.values, self._checkpoint = np.zeros(self._case.shape, np.uint8), event.checkpoint
        self.values[event.region.slices] = event.values
        self.limits = (event.low, event.high)
        self.changed.emit(event.region)
