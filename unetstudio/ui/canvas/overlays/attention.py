"""The attention overlay: the places where an attention network looked, as a heat map."""

from __future__ import annotations

from typing import ClassVar

from unetstudio.ui.canvas.colours import Pixels, heat_tint
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Overlay, OverlayContext, Predicted
from unetstudio.worker.messages import NetworkChoice


class Attention(Overlay):
    """A heat map that is bright where the network's gates are open."""

    title: ClassVar[str] = "Attention of the network"
    shows_prediction: ClassVar[bool] = False
    maps_attention: ClassVar[bool] = True

    def offered(self, network: NetworkChoice | None) -> bool:
        return network is not None and network.shows_attention

    def draw(self, picture: Pixels, context: OverlayContext) -> Pixels:
        attention = context.predicted.attention
        if attention is None:
            return picture
        return heat_tint(context.options.overlay_opacity).over(picture, context.grid.pixels(context.plane.of(attention)))

    def legend(self, predicted: Predicted) -> str:
        if predicted.attention is None:
            return "What the network lets through appears after the next prediction."
        low, high = predicted.attention_limits
        return f"How far the network lets the image through to where it draws borders: dark {100 * low:.0f} %, bright {100 * high:.0f} %."


OVERLAYS.register("attention")(Attention())
