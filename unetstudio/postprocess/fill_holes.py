"""The step that fills background enclosed by one structure."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.postprocess.components import borders, components, kept_by_hand
from unetstudio.postprocess.step import MILLIMETRES, PIXELS, STEPS, StepInput


@STEPS.register("fill_holes")
@dataclass(frozen=True)
class FillHoles:
    """Holes up to `size` (0: any size) enclosed by a single class take that class, except those with painted background.

    A hole that touches the edge of the image, an unpredicted voxel, or two classes stays open.
    """

    title: ClassVar[str] = "Fill holes"
    help: ClassVar[str] = "Fills background that is enclosed by a structure."
    main: ClassVar[str] = "size"
    objects: ClassVar[str] = "holes"
    verb: ClassVar[str] = "filled"

    enabled: bool = field(default=False, metadata={"label": "Use"})
    size: float = field(
        default=0.0,
        metadata={"label": "Up to", "minimum": 0.0, "maximum": 5000.0, "step": 1.0, "special": "any", "help": "Larger holes stay open."},
    )
    unit: str = field(
        default=PIXELS,
        metadata={"label": "Unit", "choices": (PIXELS, MILLIMETRES), "help": "Pixels or voxels, or mm² (mm³ in a volume)."},
    )

    def reach(self, input: StepInput) -> float:
        """Return the size of a hole with the voxels around it."""
        return math.ceil(input.voxels(self.size, self.unit)) + 2 if self.size > 0 else math.inf

    def __call__(self, labels: NDArray[np.uint8], input: StepInput) -> tuple[NDArray[np.uint8], int]:
        ids, sizes = components(labels == input.background, corners=False)
        hole = np.ones(len(sizes), np.bool_)
        hole[0] = False
        hole[_at_edges(ids)] = False
        hole[kept_by_hand(ids, input.painted)] = False
        if self.size > 0:
            hole &= sizes <= input.voxels(self.size, self.unit)
        if not hole.any():
            return labels, 0
        holes = np.take(np.where(hole, np.arange(len(sizes), dtype=np.int32), np.int32(0)), ids)
        where = np.flatnonzero(holes != 0)
        number, label, _ = borders(labels, holes, where)
        first = np.flatnonzero(np.diff(number, prepend=-1))
        single = np.diff(np.append(first, len(number))) == 1
        enclosed = first[single & (label[first] != UNLABELLED)]
        filling = np.full(len(sizes), input.background, np.uint8)
        filling[number[enclosed]] = label[enclosed]
        result = labels.copy()
        result.reshape(-1)[where] = filling[holes.reshape(-1)[where]]
        return result, len(enclosed)


def _at_edges(ids: NDArray[np.int32]) -> NDArray[np.int32]:
    """Return the ids that touch an edge of the array; in a single slice the edges of the plane."""
    axes = [axis for axis in range(3) if axis > 0 or ids.shape[0] > 1]
    faces = [ids.take(end, axis).reshape(-1) for axis in axes for end in (0, -1)]
    return np.unique(np.concatenate(faces))
