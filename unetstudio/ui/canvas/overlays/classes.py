"""The segmentation in class colours."""

from __future__ import annotations

from typing import ClassVar

from unetstudio.ui.canvas.colours import Pixels, draw_classes
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Overlay, OverlayContext

BACKGROUND = 0.3
"""The predicted background covers most of an image: its fill is fainter, so that the image stays readable."""


class Classes(Overlay):
    """Filled or outlined, as the user's own labels are."""

    title: ClassVar[str] = "Segmentation"

    def draw(self, picture: Pixels, context: OverlayContext) -> Pixels:
        segmentation, options = context.predicted.segmentation, context.options
        if segmentation is None:
            return picture
        plane, opacity = context.plane.of(segmentation), options.overlay_opacity
        return draw_classes(
            picture, context.view, context.box, plane, context.classes, opacity, outlined=options.outline, background=BACKGROUND
        )


OVERLAYS.register("classes")(Classes())
