"""Predictions as jobs: of the view on screen, of a case, and into a folder that may hold other people's files."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.intensity import Intensity
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, FormatError
from unetstudio.formats import read
from unetstudio.inference.events import CasePredicted, TilePredicted
from unetstudio.inference.mask_files import save_probabilities
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.project import prediction_file
from unetstudio.worker.jobs import predict_case, predict_view
from unetstudio.worker.messages import ShowView


def saver(folder: Path) -> Callable[[Prediction], None]:
    """A function that saves a prediction in the folder of a case."""
    return partial(prediction_file.save, folder / "case")


def test_that_a_part_on_screen_is_predicted_but_not_kept_as_the_whole(predictor: NetworkPredictor, image: Path, tmp_path: Path) -> None:
    part = Region((0, 0, 0), (1, 10, 10))
    events = list(predict_view(predictor, lambda: read(image), ShowView("case", part, (0, 5, 5)), saver(tmp_path)))
    assert any(isinstance(e, TilePredicted) for e in events)
    assert prediction_file.load(tmp_path / "case", (1, 26, 30)) is None


@pytest.mark.parametrize("whole", ["view", "case"])
def test_that_a_whole_scan_is_kept_and_comes_back(predictor: NetworkPredictor, image: Path, tmp_path: Path, whole: str) -> None:
    shape = (1, 26, 30)
    if whole == "view":
        events = list(
            predict_view(
                predictor,
                lambda: read(image),
                ShowView("case", Region.whole(shape), (0, 5, 5)),
                saver(tmp_path),
            )
        )
    else:
        events = list(predict_case(predictor, lambda: read(image), PredictionRequest("case"), saver(tmp_path)))
        assert not any(isinstance(e, TilePredicted) for e in events)
    assert isinstance(events[-1], CasePredicted)
    kept = prediction_file.load(tmp_path / "case", shape)
    assert kept is not None
    assert kept.complete
    assert kept.checkpoint == "c0ffee"


def test_that_a_scan_of_other_channels_is_named_with_both_numbers(predictor: NetworkPredictor) -> None:
    colour = Scan(np.zeros((3, 1, 8, 8), np.uint8))
    with pytest.raises(CheckpointError, match=r"cell\.png: the image has 3 channel.*trained on 1"):
        predictor.check(colour, "cell.png")


def test_that_a_card_of_another_version_is_refused_with_a_sentence() -> None:
    with pytest.raises(CheckpointError, match="another version"):
        Intensity.from_json({"channels": 1, "windows": [], "local": True})


@pytest.mark.skipif(sys.platform == "win32", reason="limits of Unix")
def test_that_probabilities_are_whole_or_not_there(tmp_path: Path) -> None:
    import resource

    prediction = Prediction((1, 64, 64), (0, 1))
    prediction.probabilities[:] = np.random.default_rng(0).integers(0, 255, prediction.probabilities.shape, np.uint8)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))  # stands for a full disk
    try:
        with pytest.raises(FormatError, match=r"shares\.npz"):
            save_probabilities(tmp_path / "shares.npz", prediction)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
