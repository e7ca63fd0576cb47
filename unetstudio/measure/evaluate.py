"""Evaluation of segmentations against the truth."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.measure.metric import METRICS, Pair, Score


def evaluate(
    predicted: NDArray[np.integer[Any]],
    truth: NDArray[np.integer[Any]],
    metrics: Sequence[str] = ("dice", "iou", "pixel_error"),
    values: Sequence[int] = (),
) -> dict[str, Score]:
    """Compute the scores of two label maps of the same shape by metric name; raise UserError for an unknown name."""
    return Evaluation(metrics).add(Pair(predicted, truth, tuple(values)))


class Evaluation:
    """The evaluation of cases, one by one and together; it keeps the metrics' intermediate results, not the masks."""

    def __init__(self, metrics: Sequence[str]) -> None:
        self._metrics = {name: METRICS[name] for name in metrics}
        self._parts: dict[str, list[Any]] = {name: [] for name in metrics}

    def add(self, pair: Pair) -> dict[str, Score]:
        """Add a case and return its own scores by metric name; the metrics may raise UserErrors."""
        parts = {name: metric.measure(pair) for name, metric in self._metrics.items()}
        for name, part in parts.items():
            self._parts[name].append(part)
        return {name: self._metrics[name].combine([part]) for name, part in parts.items()}

    @property
    def overall(self) -> dict[str, Score]:
        """The scores of all cases added so far, of which there must be at least one."""
        return {name: metric.combine(self._parts[name]) for name, metric in self._metrics.items()}
