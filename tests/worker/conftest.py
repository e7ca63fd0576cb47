"""Fixtures of the worker's tests."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest
from inference.predictors import grey_picture, untrained_predictor

from unetstudio.inference.network_predictor import NetworkPredictor


@pytest.fixture(autouse=True)
def jobs_end_here() -> Iterator[None]:
    """End the jobs of a runner that a test leaves behind: a training saves its state then, which must not happen within another test."""
    yield
    gc.collect()


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """Make a grey picture, 30 x 26."""
    return grey_picture(tmp_path / "images")


@pytest.fixture
def predictor(image: Path) -> NetworkPredictor:
    """A predictor with an untrained network."""
    return untrained_predictor(image)
