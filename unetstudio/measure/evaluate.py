"""Scores of a segmentation against the truth."""

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
    """Scores by metric name of two label maps of one shape; an unknown name is a UserError."""
    return Evaluation(metrics).add(Pair(predicted, truth, tuple(values)))


class Evaluation:
    """Scores of case after case, and of all together; keeps what the metrics need of each, not the masks."""

    def __init__(self, metrics: Sequence[str]) -> None:
        self._metrics = {name: METRICS[name] for name in metrics}
        self._parts: dict[str, list[Any]] = {name: [] for name in metrics}

    def add(self, pair: Pair) -> dict[str, Score]:
        """The case's own scores by metric name; UserErrors of the metrics."""
        found = {name: metric.of(pair) for name, metric in self._metrics.items()}
        for name, part in found.items():
            self._parts[name].append(part)
        return {name: self._metrics[name].over([part]) for name, part in found.items()}

    @property
    def overall(self) -> dict[str, Score]:
        """Of all cases so far, at least one."""
        return {name: metric.over(self._parts[name]) for name, metric in self._metrics.items()}
