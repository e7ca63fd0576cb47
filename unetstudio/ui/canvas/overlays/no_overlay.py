"""The absence of an overlay: the image and the user's own labels alone."""

from __future__ import annotations

from typing import ClassVar

from unetstudio.ui.canvas.colours import Pixels
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Overlay, OverlayContext

NO_OVERLAY = "none"


class NoOverlay(Overlay):
    """An overlay that draws nothing."""

    title: ClassVar[str] = "No overlay"
    shows_prediction: ClassVar[bool] = False

    def draw(self, picture: Pixels, context: OverlayContext) -> Pixels:
        del context
        return picture


OVERLAYS.register(NO_OVERLAY)(NoOverlay())
