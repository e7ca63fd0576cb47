"""The uncertainty overlay: the uncertainty of the prediction as a heat map."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from unetstudio.postprocess.uncertainty import uncertainty
from unetstudio.ui.canvas.colours import Pixels, heat_tint
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Overlay, OverlayContext


class Uncertainty(Overlay):
    """A heat map that is bright where the best two classes are close."""

    title: ClassVar[str] = "Uncertainty"

    def draw(self, picture: Pixels, context: OverlayContext) -> Pixels:
        prediction, plane, grid = context.predicted.prediction, context.plane, context.grid
        if prediction is None:
            return picture
        channels = [grid.pick(plane.of(channel)) for channel in prediction.probabilities]
        close = np.where(grid.pick(plane.of(prediction.known)), uncertainty(channels), np.uint8(0))
        return heat_tint(context.options.overlay_opacity).over(picture, grid.spread(close))


OVERLAYS.register("uncertainty")(Uncertainty())
