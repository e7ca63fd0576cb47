"""The segmentation in class colours."""

from __future__ import annotations

from typing import ClassVar

from unetstudio.ui.canvas.colours import Pixels, draw_classes
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Overlay, OverlayContext

BACKGROUND = 0.3
"""Share of the usual opacity at which the predicted background is filled: it covers most of an image, which must stay readable."""


class Classes(Overlay):
    """The segmentation, filled or outlined like the user's own labels."""

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
