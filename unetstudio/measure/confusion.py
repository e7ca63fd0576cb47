"""The confusion matrix: voxels by true and predicted class, from which the overlap metrics are computed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import UserError

CHUNK = 1 << 24
"""Number of voxels counted at a time, so that a large map needs little memory."""


@dataclass(frozen=True, eq=False)
class Confusion:
    """A confusion matrix: `counts` (K, K) voxels by true class (row) and predicted class (column), in the order of the class `values`.

    The confusion of several cases is the sum of theirs. `missed` (K,) holds voxels by true class that were predicted as no known class.
    """

    values: tuple[int, ...]
    counts: NDArray[np.int64]
    missed: NDArray[np.int64]

    def __add__(self, other: Confusion) -> Confusion:
        """Return the confusion of two cases together, which must have the same classes."""
        if self.values != other.values:
            raise ValueError(f"cannot add classes {self.values} and {other.values}")
        return Confusion(self.values, self.counts + other.counts, self.missed + other.missed)

    @property
    def truth(self) -> NDArray[np.int64]:
        """The voxels by true class (K,)."""
        total: NDArray[np.int64] = self.counts.sum(axis=1) + self.missed
        return total

    @property
    def predicted(self) -> NDArray[np.int64]:
        """The voxels by predicted class (K,)."""
        total: NDArray[np.int64] = self.counts.sum(axis=0)
        return total

    @property
    def agreed(self) -> NDArray[np.int64]:
        """The correctly predicted voxels by class (K,)."""
        return np.diagonal(self.counts)


def confusion(predicted: NDArray[np.integer], truth: NDArray[np.integer], values: Sequence[int] = ()) -> Confusion:
    """Count true against predicted classes; `values` are the classes, or all that occur in either map if empty.

    Voxels whose truth is 255 (not annotated) are ignored. A voxel predicted as 255 or as a class outside `values` counts as missed.
    Values are integers from 0 to 255. Raise UserError for maps of different shapes.
    """
    if predicted.shape != truth.shape:
        raise UserError(
            f"The masks differ in size: {_size(predicted)} predicted and {_size(truth)} in truth; compare masks of the same image."
        )
    table = np.zeros((256, 256), np.int64)
    flat_truth, flat_predicted = truth.reshape(-1), predicted.reshape(-1)
    for begin in range(0, flat_truth.size, CHUNK):
        part = slice(begin, begin + CHUNK)
        t, p = _as_byte(flat_truth[part]), _as_byte(flat_predicted[part])
        table += np.bincount(t.astype(np.uint16) << 8 | p, minlength=65536).reshape(256, 256)
    table[UNLABELLED] = 0
    occurring = [value for value in range(UNLABELLED) if table[value].any() or table[:, value].any()]
    order = tuple(values) or tuple(occurring)
    unknown = sorted(set(np.flatnonzero(table.any(axis=1)).tolist()) - set(order))
    if unknown:
        raise UserError(f"The true mask holds the value {unknown[0]}, which is no class here; classes are {', '.join(map(str, order))}.")
    counts = table[np.ix_(order, order)]
    return Confusion(order, counts, table[list(order)].sum(axis=1) - counts.sum(axis=1))


def _as_byte(labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Convert to uint8; raise UserError for values outside 0..255."""
    if labels.dtype != np.uint8 and labels.size and (labels.min() < 0 or labels.max() > 255):
        wrong = labels.max() if labels.max() > 255 else labels.min()
        raise UserError(
            f"A mask holds the value {wrong}; class values go from 0 to 254. Numbered objects become a class with --map 1+=1, "
            "or compare them as objects with --metrics seg,ap50."
        )
    return labels.astype(np.uint8, copy=False)


def _size(labels: NDArray[np.integer]) -> str:
    """Format the shape, last axis first, such as "512 × 640"."""
    return " × ".join(str(length) for length in reversed(labels.shape))
