"""The step that gives small islands to the class around them."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.postprocess.components import borders, components, kept_by_hand
from unetstudio.postprocess.step import MILLIMETRES, PIXELS, STEPS, StepInput


@STEPS.register("small_components")
@dataclass(frozen=True)
class SmallComponents:
    """Islands of a structure below `size` take the class with most faces around them, except those with a painted voxel."""

    title: ClassVar[str] = "Small islands"
    help: ClassVar[str] = "Removes islands of a structure that are smaller than this."
    main: ClassVar[str] = "size"
    objects: ClassVar[str] = "islands"
    verb: ClassVar[str] = "removed"

    enabled: bool = field(default=False, metadata={"label": "Use"})
    size: float = field(
        default=30.0,
        metadata={"label": "Smaller than", "minimum": 0.0, "maximum": 5000.0, "step": 1.0, "help": "Islands below this size go."},
    )
    unit: str = field(
        default=PIXELS,
        metadata={"label": "Unit", "choices": (PIXELS, MILLIMETRES), "help": "Pixels or voxels, or mm² (mm³ in a volume)."},
    )

    def reach(self, input: StepInput) -> float:
        """Return the size of a removed island and of a neighbouring one that may be removed too."""
        return 2 * math.ceil(input.voxels(self.size, self.unit)) + 2

    def __call__(self, labels: NDArray[np.uint8], input: StepInput) -> tuple[NDArray[np.uint8], int]:
        """Remove the islands of all classes found in the same labels, so that their order does not matter."""
        limit = input.voxels(self.size, self.unit)
        removed = np.zeros(labels.shape, np.int32)
        count = 0
        for value in input.foreground:
            ids, sizes = components(labels == value, corners=True)
            small = sizes < limit
            small[0] = False
            small[kept_by_hand(ids, input.painted)] = False
            islands = int(small.sum())
            if islands:
                numbers = np.zeros(len(sizes), np.int32)
                numbers[small] = np.arange(count + 1, count + islands + 1)
                removed += np.take(numbers, ids)
                count += islands
        if not count:
            return labels, 0
        result = labels.copy()
        where = np.flatnonzero(removed != 0)
        around = np.full(count + 1, input.background, np.uint8)  # where an island has only unpredicted voxels around it
        number, label, faces = borders(labels, removed, where)
        predicted = label != UNLABELLED
        order = np.lexsort((-label[predicted], faces[predicted]))  # the class with most faces is assigned last
        around[number[predicted][order]] = label[predicted][order]
        result.reshape(-1)[where] = around[removed.reshape(-1)[where]]
        return result, count
