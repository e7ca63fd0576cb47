"""The step that sets the probability from which the likeliest structure wins over the background."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.postprocess.overwrite import overwrite
from unetstudio.postprocess.step import STEPS, StepInput


@STEPS.register("threshold")
@dataclass(frozen=True)
class Threshold:
    """A structure wins where p / (p + p_background) >= `probability`; at 0.5 that is the likeliest class."""

    title: ClassVar[str] = "Threshold"
    help: ClassVar[str] = "Lower finds more of each structure, higher only what is certain."
    main: ClassVar[str] = "probability"
    objects: ClassVar[str] = ""
    verb: ClassVar[str] = "changed"

    enabled: bool = field(default=True, metadata={"label": "Use"})
    probability: float = field(
        default=0.5,
        metadata={
            "label": "Probability",
            "minimum": 0.05,
            "maximum": 0.95,
            "step": 0.01,
            "help": "A structure is drawn where it is at least this likely against the background.",
        },
    )

    def __call__(self, labels: NDArray[np.uint8], input: StepInput) -> tuple[NDArray[np.uint8], int]:
        """Change only voxels that the threshold decides differently from 0.5, so that the step may stand anywhere in the order."""
        if self.probability == 0.5:
            return labels, 0
        wins = input.best >= self._needed(input.other)
        changed = wins != (input.best > input.other)
        changed &= (labels == input.background) | (labels == input.winner)
        result = labels.copy()
        overwrite(result, changed & wins, input.winner)
        overwrite(result, changed & ~wins, input.background)
        return result, 0

    def reach(self, input: StepInput) -> float:
        """Return 0: each voxel is decided by itself."""
        del input
        return 0

    def _needed(self, other: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the least foreground probability (1..255) that wins over a background probability, per voxel."""
        share = min(self.probability, 0.999)
        table = np.clip(np.ceil(np.arange(256) * share / (1 - share)), 1, 255).astype(np.uint8)
        return np.asarray(cv2.LUT(other.reshape(-1, other.shape[-1]), table), np.uint8).reshape(other.shape)
