"""What the tests here share."""

from __future__ import annotations

from pathlib import Path

import pytest
from inference.untrained import grey_picture, untrained_predictor

from unetstudio.inference.predictor import Predictor


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A grey picture, 30 x 26."""
    return grey_picture(tmp_path / "images")


@pytest.fixture
def predictor(image: Path) -> Predictor:
    """A network that has learnt nothing."""
    return untrained_predictor(image)
