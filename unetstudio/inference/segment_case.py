"""The segmentation of a whole scan: predicted, post-processed, with the strokes on top. No torch here."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Spacing
from unetstudio.data.labels import LabelMap
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan, Voxels
from unetstudio.inference.collect import collect
from unetstudio.inference.events import PredictionEvent
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.postprocess.segment import Painted, segment
from unetstudio.postprocess.step import Step

Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class SegmentedCase:
    """A whole scan's prediction, and the `labels` (Z, Y, X) made from it."""

    prediction: Prediction
    labels: NDArray[np.uint8]


def segment_case(
    predictor: Predictor, scan: Scan, request: PredictionRequest, steps: Sequence[Step], painted: Painted | None
) -> Generator[PredictionEvent, None, SegmentedCase]:
    """Predict a scan, yielding the events, and return its segmentation. Check the scan with `Predictor.check` first."""
    prediction = Prediction(scan.shape, predictor.values)
    yield from collect(predictor.predict(scan, request), prediction)
    return SegmentedCase(prediction, label_map(prediction, steps, scan.geometry.spacing, painted, scan.voxels))


def label_map(
    prediction: Prediction, steps: Sequence[Step], spacing: Spacing | None, painted: Painted | None, voxels: Voxels | None = None
) -> NDArray[np.uint8]:
    """Return class values (Z, Y, X) from a prediction; strokes override every step. `voxels` is the image, for steps that use it."""
    return segment(prediction.probabilities, prediction.values, steps, spacing, painted, prediction.known, voxels).labels


def strokes(labels: LabelMap, values: Sequence[int]) -> Painted:
    """Return the strokes painted by hand of the classes `values`; those of other classes, such as removed ones, have no effect."""
    return labels.values, labels.painted(Region.whole(labels.shape), values)


def finish(job: Generator[Any, None, Result]) -> Result:
    """Run a job to its end, ignoring its events, and return its result."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            result: Result = end.value
            return result
