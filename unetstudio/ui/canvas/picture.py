"""The picture on the screen in layers: image, overlay, changes of post-processing, the user's labels.

Any rectangle of device pixels is composed from the voxels that it shows and from nothing else.
"""

from __future__ import annotations

import math

import numpy as np

from unetstudio.data.classes import ClassTable
from unetstudio.data.plane import Plane
from unetstudio.data.region import Region
from unetstudio.tools.tool import Pointer
from unetstudio.ui.canvas.colours import Pixels, draw_classes, outline_width
from unetstudio.ui.canvas.image_pyramid import ImagePyramid
from unetstudio.ui.canvas.label_plane import LabelPlane
from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, OverlayContext, Predicted
from unetstudio.ui.canvas.removed import draw_removed
from unetstudio.ui.canvas.sampling import sampled
from unetstudio.ui.canvas.view import Box, View
from unetstudio.ui.display import DisplayOptions

CLICKED = 8.0
"""Logical pixels within which a click counts as on a polygon's corner."""


class Picture:
    """The composed picture in `buffer` (height, width, 4) blue, green, red, 255, beside the bare image in `base`."""

    def __init__(self) -> None:
        self.view = View()
        self.plane = Plane()
        self.image: ImagePyramid | None = None
        self.labels: LabelPlane | None = None
        self.classes = ClassTable()
        self.predicted = Predicted()
        self.window = (0.0, 255.0)
        self.inverted = False
        self.surround = (40, 38, 36)  # blue, green, red outside the image
        self.base: Pixels = np.zeros((1, 1, 4), np.uint8)
        self.buffer: Pixels = np.zeros((1, 1, 4), np.uint8)

    def resize(self, buffer: Pixels) -> None:
        """Compose into another `buffer` (height, width, 4), such as the bytes of an image on the screen."""
        self.buffer = buffer
        self.base = np.full(buffer.shape, 255, np.uint8)

    def pointer(self, x: float, y: float, *, pressed: bool) -> Pointer:
        """Return a logical position as the tools expect it."""
        row, column = self.view.voxel_under(x, y)
        return Pointer(row, column, self.plane, self.view.spacing, pressed, CLICKED * self.view.ratio / self.view.scale)

    def labels_changed(self, region: Region) -> None:
        """Follow a change of the label map."""
        rectangle = self.plane.rectangle(region)
        if rectangle is not None and self.labels is not None:
            self.labels.changed(rectangle)

    def box(self, region: Region, options: DisplayOptions) -> Box | None:
        """Return the pixels on which these voxels may show; None when they are in other slices."""
        rectangle = self.plane.rectangle(region)
        if rectangle is None or self.image is None:
            return None
        margin = (2 if self.view.scale < 1 else 0) + (outline_width(self.view) + 1 if options.outline else 0)
        return self.view.touched(*rectangle).grown(margin) & self.view.screen

    def compose_base(self, box: Box) -> None:
        """Sample the image anew within a box."""
        inside = self.view.covered & box
        if inside != box or self.image is None:
            self.base[box.slices] = (*self.surround, 255)
        if self.image is not None and not inside.empty:
            self.base[inside.slices] = sampled(self.image, self.view, inside, self.window, self.inverted)

    def compose(self, box: Box, options: DisplayOptions) -> None:
        """Update the buffer within a box, from the base and the overlays."""
        inside = self.view.covered & box
        if inside != box or self.image is None:
            self.buffer[box.slices] = self.base[box.slices]
        if self.image is None or inside.empty:
            return
        picture = self.base[inside.slices]
        if not options.raw_held:
            picture = self._predicted(picture, inside, options)
            picture = self._labelled(picture, inside, options)
        self.buffer[inside.slices] = picture

    def scroll(self, right: int, down: int, options: DisplayOptions) -> None:
        """Follow a view that moved by whole pixels: keep the pixels still on the screen and compose the rest."""
        height, width = self.buffer.shape[:2]
        if abs(right) >= width or abs(down) >= height:
            fresh = [self.view.screen]
        else:
            for pixels in (self.base, self.buffer):
                moved = pixels[max(0, -down) : height - max(0, down), max(0, -right) : width - max(0, right)].copy()
                pixels[max(0, down) : height - max(0, -down), max(0, right) : width - max(0, -right)] = moved
            beside = Box(0, 0, right, height) if right > 0 else Box(width + right, 0, width, height)
            fresh = [beside, Box(0, 0, width, down) if down > 0 else Box(0, height + down, width, height)]
        margin = outline_width(self.view) if options.outline else 0
        for strip in fresh:
            if not strip.empty:
                box = strip.grown(margin) & self.view.screen
                self.compose_base(box)
                self.compose(box, options)

    def _predicted(self, picture: Pixels, box: Box, options: DisplayOptions) -> Pixels:
        context = OverlayContext(self.view, box, self.plane, self.predicted, self.classes, options)
        picture = OVERLAYS[options.overlay].draw(picture, context)
        return draw_removed(picture, context) if options.show_removed else picture

    def _labelled(self, picture: Pixels, box: Box, options: DisplayOptions) -> Pixels:
        if self.labels is None or not options.show_labels:
            return picture
        down, across = (2 ** max(0, math.ceil(-math.log2(pitch) - 1e-9)) for pitch in self.view.pitch)
        values = self.labels.reduced(down, across)
        opacity, outlined = options.label_opacity, options.outline
        return draw_classes(picture, self.view, box, values, self.classes, opacity, outlined=outlined, cell=(down, across))
