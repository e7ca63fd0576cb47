"""The probability overlay: the probability of one class as a heat map."""

from __future__ import annotations

from typing import ClassVar

from unetstudio.ui.canvas.colours import Pixels, heat_tint
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Overlay, OverlayContext


class Probability(Overlay):
    """A heat map that is bright where the chosen class is likely."""

    title: ClassVar[str] = "Probability of one class"
    of_one_class: ClassVar[bool] = True

    def draw(self, picture: Pixels, context: OverlayContext) -> Pixels:
        prediction, options = context.predicted.prediction, context.options
        if prediction is None or options.probability_class not in prediction.values:
            return picture
        channel = prediction.probabilities[prediction.values.index(options.probability_class)]
        return heat_tint(options.overlay_opacity).over(picture, context.grid.pixels(context.plane.of(channel)))


OVERLAYS.register("probability")(Probability())
