"""Looking at what was predicted: post-processing, accepting, review states."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from unetstudio.data.case import ReviewState
from unetstudio.data.prediction import Prediction


class Review(QObject):
    """API (implemented with Session)."""

    prediction_changed = Signal(object)  # Region: new probabilities
    segmentation_changed = Signal(object)  # Region: segmentation after post-processing
    steps_changed = Signal()
    reports_changed = Signal()  # what each step removed
    state_changed = Signal(str, object)  # case id, ReviewState

    prediction: Prediction | None
    segmentation: NDArray[np.uint8] | None  # (Z, Y, X) class values, UNLABELLED where nothing is predicted yet
    removed: NDArray[np.bool_] | None  # (Z, Y, X) what post-processing changed
    steps: tuple[Any, ...]  # post-processing steps (postprocess.STEPS dataclasses), in order
    reports: tuple[Any, ...]  # postprocess.StepReport of each

    def set_steps(self, steps: tuple[Any, ...]) -> None: ...
    def accept_all(self) -> None: ...
    def accept_class(self, value: int) -> None: ...
    def accept_object(self, at: tuple[int, int, int]) -> None: ...
    def set_state(self, state: ReviewState) -> None: ...
    def next_unreviewed(self) -> None: ...
