"""What of the open case is shown and how: plane, slice, window/level, overlays. Nothing here changes labels."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from PySide6.QtCore import QObject, Signal


class Overlay(StrEnum):
    """What lies over the image besides the user's own labels."""

    CLASSES = "classes"  # the segmentation in class colours
    PROBABILITY = "probability"  # of one class, as a heat map
    UNCERTAINTY = "uncertainty"  # high where the best two classes are close
    ATTENTION = "attention"  # where an attention network looked, high where its gates are open
    NONE = "none"


class Display(QObject):
    """Display settings; `set(name=value)` emits `changed(name)` for each that really changed."""

    changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.axis = 0  # array axis looked along: 0 = z (rows y, columns x), 1 = y (rows z, columns x), 2 = x (rows z, columns y)
        self.index = 0  # slice on that axis
        self.window: tuple[float, float] | None = None  # low and high in voxel values; None = automatic percentiles
        self.inverted = False  # as a negative: what the scan shows bright becomes dark
        self.show_labels = True
        self.label_opacity = 0.55
        self.overlay = Overlay.CLASSES
        self.overlay_opacity = 0.40
        self.outline = False  # overlay and labels as outlines instead of fills
        self.probability_class = 1
        self.raw_held = False  # Tab is held: the raw image alone
        self.show_removed = False  # what post-processing took away, highlighted

    def set(self, **values: Any) -> None:
        """Changes settings by name."""
        for name, value in values.items():
            if not hasattr(self, name):
                raise AttributeError(name)
            if getattr(self, name) != value:
                setattr(self, name, value)
                self.changed.emit(name)
