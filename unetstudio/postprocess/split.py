"""Touching objects cut apart where they are narrow, by watershed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.postprocess.components import components
from unetstudio.postprocess.step import MILLIMETRES, PIXELS, STEPS, Evidence

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]


@STEPS.register("split")
@dataclass(frozen=True)
class Split:
    """A structure becomes two objects where its neck is narrower than both by `depth`, in radius; a line of background parts them.

    Heights are distances from the edge times how sure the network is, so that a doubtful line between two objects counts as a neck. Seeds
    are their h-maxima (Soille 2003); from these the watershed (Meyer 1991) grows within each island by itself.
    """

    title: ClassVar[str] = "Split touching objects"
    help: ClassVar[str] = "Cuts a structure in two where it is narrow."
    main: ClassVar[str] = "depth"
    objects: ClassVar[str] = "cuts"
    verb: ClassVar[str] = "taken for lines"

    enabled: bool = field(default=False, metadata={"label": "Use"})
    depth: float = field(
        default=2.0,
        metadata={
            "label": "Neck",
            "minimum": 0.5,
            "maximum": 20.0,
            "step": 0.5,
            "help": "Smaller cuts more: how much narrower than its halves a neck must be.",
        },
    )
    unit: str = field(
        default=PIXELS,
        metadata={"label": "Unit", "choices": (PIXELS, MILLIMETRES), "help": "Pixels, or millimetres where the spacing is known."},
    )

    def __call__(self, labels: NDArray[np.uint8], evidence: Evidence) -> tuple[NDArray[np.uint8], int]:
        from scipy.ndimage import find_objects

        spacing = evidence.spacing or (1.0, 1.0, 1.0)
        steps = np.array(spacing) / (1.0 if self.unit == MILLIMETRES and evidence.spacing else spacing[2])  # of a voxel, in the unit
        result, cuts = labels, 0
        for value in evidence.foreground:
            ids, _ = components(labels == value, corners=True)
            for number, box in enumerate(find_objects(ids), start=1):
                if box is None:
                    continue
                inside: Mask = ids[box] == number
                line, count = _cut(inside, evidence.best[box], self.depth, steps)
                if count:
                    result = labels.copy() if result is labels else result
                    result[box][line] = evidence.background
                    cuts += count
        return result, cuts


def _cut(inside: Mask, sureness: NDArray[np.uint8], depth: float, steps: NDArray[np.float64]) -> tuple[Mask, int]:
    """Voxels of an island (Z, Y, X) that lie on a line between two of its objects, and the number of objects beyond the first."""
    from scipy.ndimage import label, maximum_filter
    from skimage.morphology import reconstruction
    from skimage.segmentation import watershed

    axes = 2 if len(inside) == 1 else 3
    island, sure = np.pad(inside.reshape(inside.shape[-axes:]), 1), np.pad(_smooth(sureness).reshape(inside.shape[-axes:]), 1)
    distance = _distance(island, steps[-axes:])
    if distance.max() <= depth:
        return inside, 0
    heights = distance * sure * np.float32(1 / 255)
    domes = heights - np.asarray(reconstruction(np.maximum(heights - np.float32(depth), 0), heights), np.float32)
    seeds, count = label((domes >= 0.5 * depth) & island, np.ones((3,) * axes))
    if count < 2:
        return inside, 0
    parts: NDArray[Any] = watershed(-heights, seeds, mask=island)[(slice(1, -1),) * axes]
    line = maximum_filter(parts, size=3) > parts  # of two neighbours the one with the lower number gives its edge for the line
    return inside & line.reshape(inside.shape), count - 1


def _distance(mask: Mask, steps: NDArray[np.float64]) -> Floats:
    """To the nearest voxel outside, in the unit of `steps`."""
    if mask.ndim == 2 and steps[0] == steps[1]:
        found = cv2.distanceTransform(mask.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return np.asarray(found, np.float32) * np.float32(steps[0])
    from scipy.ndimage import distance_transform_edt

    return np.asarray(distance_transform_edt(mask, sampling=steps), np.float32)


def _smooth(sureness: NDArray[np.uint8]) -> Floats:
    """(Z, Y, X) with the grain of single pixels taken out, slice by slice."""
    return np.stack([cv2.GaussianBlur(plane, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE) for plane in sureness]).astype(np.float32)
