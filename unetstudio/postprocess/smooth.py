"""The step that smooths boundaries: each voxel takes the class that prevails around it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.postprocess.overwrite import overwrite
from unetstudio.postprocess.step import MILLIMETRES, PIXELS, STEPS, StepInput


@STEPS.register("smooth")
@dataclass(frozen=True)
class Smooth:
    """A majority vote over a Gaussian neighbourhood whose standard deviation is half of `radius`, for all classes at once."""

    title: ClassVar[str] = "Smooth"
    help: ClassVar[str] = "Rounds ragged boundaries by what prevails within the radius."
    main: ClassVar[str] = "radius"
    objects: ClassVar[str] = ""
    verb: ClassVar[str] = "changed"

    enabled: bool = field(default=False, metadata={"label": "Use"})
    radius: float = field(
        default=2.0,
        metadata={"label": "Radius", "minimum": 0.0, "maximum": 20.0, "step": 0.5, "help": "Details finer than this are rounded off."},
    )
    unit: str = field(
        default=PIXELS,
        metadata={"label": "Unit", "choices": (PIXELS, MILLIMETRES), "help": "Pixels, or millimetres where the spacing is known."},
    )

    def reach(self, input: StepInput) -> float:
        """Return the window of the blur: three standard deviations."""
        return math.ceil(1.5 * max(input.radii(self.radius, self.unit))) + 2

    def __call__(self, labels: NDArray[np.uint8], input: StepInput) -> tuple[NDArray[np.uint8], int]:
        if self.radius <= 0:
            return labels, 0
        z, y, x = (r / 2 for r in input.radii(self.radius, self.unit))
        counts = np.bincount(labels.reshape(-1), minlength=256)
        present = [value for value in input.values if counts[value]]
        if len(present) < 2:
            return labels, 0
        if len(input.values) == len(present) == 2 and not counts[UNLABELLED]:  # a part of an image may lack a third class by chance
            prevails = (_blurred(labels == present[1], z, y, x) > 127).view(np.uint8)
            return prevails * np.uint8((present[1] - present[0]) % 256) + np.uint8(present[0]), 0
        most = _blurred(labels == present[0], z, y, x)
        result = np.full(labels.shape, present[0], np.uint8)
        for value in present[1:]:
            votes = _blurred(labels == value, z, y, x)
            overwrite(result, votes > most, value)
            np.maximum(most, votes, out=most)
        if counts[UNLABELLED]:
            overwrite(result, labels == UNLABELLED, UNLABELLED)
        return result, 0


def _blurred(mask: NDArray[np.bool_], z: float, y: float, x: float) -> NDArray[np.uint8]:
    """Compute the share of the mask (0..255) in a Gaussian window of these standard deviations in voxels, mirrored at the edges."""
    shares = mask.view(np.uint8) * np.uint8(255)
    for plane in shares:
        if y >= MINIMUM or x >= MINIMUM:
            cv2.GaussianBlur(plane, (0, 0), sigmaX=max(x, MINIMUM), sigmaY=max(y, MINIMUM), dst=plane, borderType=cv2.BORDER_REFLECT_101)
    if len(shares) > 1 and z >= MINIMUM:
        columns = shares.reshape(len(shares), -1)
        shares = np.asarray(cv2.GaussianBlur(columns, (1, 0), sigmaX=MINIMUM, sigmaY=z), np.uint8).reshape(shares.shape)
    return shares


MINIMUM = 0.15
"""Standard deviation in voxels below which a blur changes nothing."""
