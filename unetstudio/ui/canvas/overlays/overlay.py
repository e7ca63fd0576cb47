"""The contract of an overlay, which is drawn over the image, below the user's own labels."""

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
    """The predictions of the open case; arrays (Z, Y, X), None while there are none."""

    prediction: Prediction | None = None
    segmentation: NDArray[np.uint8] | None = None
    removed: NDArray[np.bool_] | None = None  # changed by post-processing
    attention: NDArray[np.uint8] | None = None
    attention_limits: tuple[float, float] = (0.0, 1.0)  # opening of the gates where the map is darkest and brightest


@dataclass(frozen=True, eq=False)
class OverlayContext:
    """The input of an overlay for the pixels of `box`, all of which show a voxel of `plane`."""

    view: View
    box: Box
    plane: Plane
    predicted: Predicted
    classes: ClassTable
    options: DisplayOptions

    @cached_property
    def grid(self) -> PixelGrid:
        """The voxels shown by the box's pixels."""
        return PixelGrid(self.view, self.box)


class Overlay(Protocol):
    """One way to show a prediction."""

    title: ClassVar[str]  # its menu entry
    of_one_class: ClassVar[bool] = False  # shows the class that the user chooses
    shows_prediction: ClassVar[bool] = True  # shows what is predicted
    maps_attention: ClassVar[bool] = False  # shows a map that the worker computes only while somebody looks at it

    def offered(self, network: NetworkChoice | None) -> bool:
        """Return whether the network in use supports it; None while it is not known."""
        del network
        return True

    def draw(self, picture: Pixels, context: OverlayContext) -> Pixels:
        """Return `picture` (height, width, 4) of the context's box with the overlay on it; the array passed in is not changed."""
        ...

    def legend(self, predicted: Predicted) -> str:
        """Return the meaning of its colours in a sentence; "" where they explain themselves."""
        del predicted
        return ""


OVERLAYS: Registry[Overlay] = Registry("unetstudio.ui.canvas.overlays", "overlay")
