"""Scores of a segmentation against the truth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import UserError
from unetstudio.measure.metric import METRICS, Confusion, Score

CHUNK = 1 << 24
"""Voxels counted at a time, so that a large map needs little memory."""


def evaluate(
    predicted: NDArray[np.integer],
    truth: NDArray[np.integer],
    metrics: Sequence[str] = ("dice", "iou", "pixel_error"),
    values: Sequence[int] = (),
) -> dict[str, Score]:
    """Scores by metric name of two label maps of one shape; see `confusion` for what counts."""
    return score(confusion(predicted, truth, values), metrics)


def score(counted: Confusion, metrics: Sequence[str]) -> dict[str, Score]:
    """Scores by metric name; an unknown name is a UserError."""
    return {name: METRICS[name](counted) for name in metrics}


def confusion(predicted: NDArray[np.integer], truth: NDArray[np.integer], values: Sequence[int] = ()) -> Confusion:
    """Counts true against predicted classes; `values` are the classes, all that occur in either map when empty.

    Voxels whose truth is 255 (not annotated) do not count. A voxel predicted as 255 or as a class beyond `values` counts as missed.
    Values are integers from 0 to 255. Maps of different shape are a UserError.
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
    strangers = sorted(set(np.flatnonzero(table.any(axis=1)).tolist()) - set(order))
    if strangers:
        raise UserError(f"The true mask holds the value {strangers[0]}, which is no class here; classes are {', '.join(map(str, order))}.")
    counts = table[np.ix_(order, order)]
    return Confusion(order, counts, table[list(order)].sum(axis=1) - counts.sum(axis=1))


def _as_byte(labels: NDArray[np.integer]) -> NDArray[np.uint8]:
    """The same values as uint8; larger or negative ones are a UserError."""
    if labels.dtype != np.uint8 and labels.size and (labels.min() < 0 or labels.max() > 255):
        raise UserError(f"A mask holds the value {labels.max() if labels.max() > 255 else labels.min()}; class values go from 0 to 254.")
    return labels.astype(np.uint8, copy=False)


def _size(labels: NDArray[np.integer]) -> str:
    """Such as "512 × 640", width last axis first."""
    return " × ".join(str(length) for length in reversed(labels.shape))
