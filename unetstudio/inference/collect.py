"""Assembly of predicted tiles into a whole prediction."""

from __future__ import annotations

from collections.abc import Generator, Iterable

from unetstudio.data.prediction import Prediction
from unetstudio.inference.events import PredictionEvent, TilePredicted


def collect(events: Iterable[PredictionEvent], prediction: Prediction) -> Generator[PredictionEvent, None, None]:
    """Write every tile into `prediction`, then pass its event on."""
    for event in events:
        if isinstance(event, TilePredicted):
            prediction.put(event.region, event.probabilities, event.checkpoint)
        yield event
