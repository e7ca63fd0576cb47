"""Class probabilities of one checkpoint over a scan, filled tile by tile."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region

GUESS = "guess-"
"""Beginning of the id under which a quick guess predicts: the pixel classifier alone, before a network has learnt."""

UNSAVED = "step-"
"""Beginning of the id of weights that are not on the disk: their step, and the fit of the quick guess with which they predict."""


def is_guess(checkpoint: str) -> bool:
    """Whether an id is that of a quick guess."""
    return checkpoint.startswith(GUESS)


def source_name(checkpoint: str) -> str:
    """Name what an id stands for: "quick guess", "step 40" for weights that were not on the disk, or the beginning of a checkpoint's id."""
    if is_guess(checkpoint):
        return "quick guess"
    step = checkpoint.removeprefix(UNSAVED)
    return checkpoint[:12] if step == checkpoint else f"step {step.partition('.')[0]}"


class Prediction:
    """A prediction: `probabilities` (K, Z, Y, X) uint8, 0..255 for 0..1, K in the order of the class `values`; `known` is the mask of
    predicted voxels.

    A newer checkpoint's tiles overwrite older ones, so that the overlay never goes blank while it refreshes.
    """

    def __init__(self, shape: Index, values: tuple[int, ...], checkpoint: str = "") -> None:
        self.values = values
        self.checkpoint = checkpoint
        self.probabilities: NDArray[np.uint8] = np.zeros((len(values), *shape), np.uint8)
        self.known: NDArray[np.bool_] = np.zeros(shape, np.bool_)

    @property
    def shape(self) -> Index:
        """The shape (Z, Y, X)."""
        z, y, x = self.known.shape
        return (z, y, x)

    @property
    def complete(self) -> bool:
        """Whether every voxel has been predicted."""
        return bool(self.known.all())

    def put(self, region: Region, probabilities: NDArray[np.uint8], checkpoint: str) -> None:
        """Write a tile, (K, Z, Y, X of the region) uint8."""
        self.probabilities[(slice(None), *region.slices)] = probabilities
        self.known[region.slices] = True
        self.checkpoint = checkpoint
