"""A quick guess and a network predict together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from inference.predictors import grey_picture, untrained_predictor

from unetstudio.data.classes import ClassTable
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.formats import read
from unetstudio.inference.collect import collect
from unetstudio.inference.events import CasePredicted, TilePredicted
from unetstudio.inference.pooled_predictor import ClassifierPredictor, PooledPredictor, load_predictor, pool
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks.checkpoint import Checkpoint, save
from unetstudio.pixel_classifier.bank_choice import choose_bank
from unetstudio.pixel_classifier.cached_bank import CachedBank
from unetstudio.pixel_classifier.classifier import PixelClassifier, fit_classifier


@pytest.fixture
def scan(tmp_path: Path) -> Scan:
    return read(grey_picture(tmp_path / "images"))


@pytest.fixture
def guess(scan: Scan) -> PixelClassifier:
    """A classifier that calls the brighter half of the picture class 1."""
    bank = CachedBank(choose_bank([(scan, np.full(scan.shape, 255, np.uint8))]))
    rows = bank.features(scan, Region.whole(scan.shape)).reshape(bank.bank.count, -1).T
    grey = scan.array[0].reshape(-1)
    return fit_classifier(bank, rows, (grey > np.median(grey)).astype(np.uint8), rows, 0, 0)


def probabilities(predictor: Predictor, scan: Scan, request: PredictionRequest) -> np.ndarray:
    prediction = Prediction(scan.shape, predictor.values)
    list(collect(predictor.predict(scan, request), prediction))
    return prediction.probabilities


def test_that_the_pool_of_two_equal_opinions_is_that_opinion() -> None:
    opinion = np.log(np.array([[0.9, 0.2], [0.1, 0.8]], np.float32))
    assert np.allclose(pool(opinion, opinion, (0.3, 0.7)), np.exp(opinion), atol=1e-6)


def test_that_shares_go_from_the_guess_to_the_network() -> None:
    guess, network = (np.log(np.array([[p], [1 - p]], np.float32)) for p in (0.9, 0.2))
    at = [float(pool(guess, network, (share, share))[0, 0]) for share in (0.0, 0.5, 1.0)]
    assert at[0] == pytest.approx(0.9) and at[2] == pytest.approx(0.2)
    assert at[1] == pytest.approx(0.6, abs=0.001)  # odds of 9 and 1/4 have the geometric mean 1.5


def test_that_a_guess_alone_predicts_every_voxel_from_the_focus_outward(guess: PixelClassifier, scan: Scan) -> None:
    predictor = ClassifierPredictor(guess, (0, 1, 4), "guess-1")
    events = list(predictor.predict(scan, PredictionRequest("c")))
    assert isinstance(events[-1], CasePredicted) and events[-1].whole
    covered = np.zeros(scan.shape, int)
    for event in events[:-1]:
        assert isinstance(event, TilePredicted) and event.values == (0, 1, 4)
        covered[event.region.slices] += 1
    assert (covered == 1).all()
    found = probabilities(predictor, scan, PredictionRequest("c"))
    assert found[2].max() < 2  # a class without strokes
    grey = scan.array[0]
    assert ((found[1] > found[0]) == (grey > np.median(grey))).mean() > 0.9


def test_that_a_view_of_a_guess_is_that_part_of_the_whole(guess: PixelClassifier, scan: Scan) -> None:
    predictor, part = ClassifierPredictor(guess, (0, 1), "guess-1"), Region((0, 3, 4), (1, 20, 22))
    whole = probabilities(predictor, scan, PredictionRequest("c"))
    seen = probabilities(predictor, scan, PredictionRequest("c", part, (0, 5, 5)))
    assert (seen[(slice(None), *part.slices)] == whole[(slice(None), *part.slices)]).all()


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_that_a_whole_share_is_one_of_the_two(share: float, guess: PixelClassifier, scan: Scan, tmp_path: Path) -> None:
    network = untrained_predictor(next((tmp_path / "images").iterdir()))
    request = PredictionRequest("c", tile_edge=16)
    found = probabilities(PooledPredictor(guess, network, (share, share)), scan, request)
    alone = network if share else ClassifierPredictor(guess, network.values, "")
    assert np.abs(found.astype(int) - probabilities(alone, scan, request)).max() <= 1


@pytest.mark.parametrize("shares", [None, [0.5], [0.5, 2], [0.5, "x"], [0.5, float("nan")]])
def test_that_a_checkpoint_with_altered_shares_is_refused(shares: object, guess: PixelClassifier, tmp_path: Path) -> None:
    network = untrained_predictor(next((tmp_path / "images").iterdir()))
    classes, altered = ClassTable.named(["a", "b"], [(0, 0, 0)] * 2), {**guess.to_json(), "shares": shares}
    card = Checkpoint("unet", network.network.config.to_json(), classes, network.tiles.intensity.to_json(), classifier=altered)
    _, path = save(tmp_path, card, dict(network.network.state_dict()), classifier=guess.tensors())
    with pytest.raises(CheckpointError, match="pooled"):
        load_predictor(path, "cpu")
