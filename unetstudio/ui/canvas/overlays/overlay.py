"""The contract of an overlay: what is drawn over the image, below the user's own labels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.plane import Plane
from unetstudio.data.prediction import Prediction
from unetstudio.registry import Registry
from unetstudio.ui.canvas.colours import Pixels
from unetstudio.ui.canvas.view import Box, PixelGrid, View
from unetstudio.ui.display import DisplayOptions
from unetstudio.worker.messages import NetworkChoice


@dataclass(frozen=True, eq=False)
class Predicted:
    """The predictions of the open case; arrays (Z, Y, X), None while there is nothing yet."""

    prediction: Prediction | None = None
    segmentation: NDArray[np.uint8] | None = None
    removed: NDArray[np.bool_] | None = None  # changed by post-processing
    attention: NDArray[np.uint8] | None = None
    attention_limits: tuple[float, float] = (0.0, 1.0)  # how far the gates were open where the map is darkest and brightest


@dataclass(frozen=True, eq=False)
class OverlayContext:
    """The material of an overlay for the pixels of `box`, all of which show a voxel of `plane`."""

    view: View
    box: Box
    plane: Plane
    predicted: Predicted
    classes: ClassTable
    options: DisplayOptions

    @cached_property
    def grid(self) -> PixelGrid:
        """The voxels of the box's pixels."""
        return PixelGrid(self.view, self.box)


class Overlay(Protocol):
    """One way to show what was predicted."""

    title: ClassVar[str]  # its menu entry
    of_one_class: ClassVar[bool] = False  # shows the class that the user chooses
    maps_attention: ClassVar[bool] = False  # shows a map that the worker computes only while somebody looks at it

    def offered(self, network: NetworkChoice | None) -> bool:
        """Whether the network in use has what it takes; None while it is not known."""
        del network
        return True

    def draw(self, picture: Pixels, context: OverlayContext) -> Pixels:
        """`picture` (height, width, 4) of the context's box with the overlay on it; the array handed in is left alone."""
        ...

    def legend(self, predicted: Predicted) -> str:
        """The meaning of its colours in a sentence; "" where they explain themselves."""
        del predicted
        return ""


OVERLAYS: Registry[Overlay] = Registry("unetstudio.ui.canvas.overlays", "overlay")
