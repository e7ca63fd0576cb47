"""Fixtures of the inference tests."""

from __future__ import annotations

from pathlib import Path

import pytest
from inference.predictors import grey_picture, untrained_predictor

from unetstudio.inference.network_predictor import NetworkPredictor


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Make a grey picture, 30 x 26."""
    return grey_picture(tmp_path / "images")


@pytest.fixture
def predictor(image: Path) -> NetworkPredictor:
    """Make a predictor with an untrained network."""
    return untrained_predictor(image)
