"""The rehearsal of the quick guess."""

from __future__ import annotations

import pytest

from unetstudio.pixel_classifier.classifier import PixelClassifier
from unetstudio.training.rehearsal import SHAPES, rehearse


def test_that_a_guess_is_fitted_and_used_for_a_picture_and_a_volume(monkeypatch: pytest.MonkeyPatch) -> None:
    shapes = []
    predict = PixelClassifier.log_probabilities
    monkeypatch.setattr(PixelClassifier, "log_probabilities", lambda self, scan, region: shapes.append(predict(self, scan, region).shape))
    rehearse()
    assert shapes == [(2, *shape) for shape in SHAPES]
