"""The display options of the open case: window, labels, overlay. They never change labels."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal


@dataclass(frozen=True)
class DisplayOptions:
    """Everything that alters the picture of a given plane."""

    window: tuple[float, float] | None = None  # low and high in voxel values; None = automatic percentiles
    inverted: bool = False  # as a negative: bright parts of the scan become dark
    show_labels: bool = True
    label_opacity: float = 0.55
    overlay: str = "classes"  # name of the overlay between the image and the user's own labels; see `ui/canvas/overlays`
    overlay_opacity: float = 0.40
    outline: bool = False  # overlay and labels as outlines instead of fills
    probability_class: int = 1
    raw_held: bool = False  # Tab is held: the raw image alone
    show_removed: bool = False  # highlight the changes of post-processing


class Display(QObject):
    """The options in use."""

    changed = Signal(object)  # the previous DisplayOptions; the new ones are `options`

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.options = DisplayOptions()

    def show(self, options: DisplayOptions) -> None:
        """Use other options, made with `dataclasses.replace`."""
        before, self.options = self.options, options
        if options != before:
            self.changed.emit(before)
