"""Tiles of the view on screen are kept while the network stays as it is."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from inference.predictors import grey_picture

from unetstudio.data.intensity import Intensity
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.formats import read
from unetstudio.inference.collect import collect
from unetstudio.inference.events import CasePredicted, TilePredicted
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.recent_tiles import RecentTiles
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks.network import create

VIEW = Region((0, 10, 0), (1, 190, 220))


@pytest.fixture
def scan() -> Scan:
    return Scan(np.random.default_rng(0).integers(0, 255, (1, 1, 200, 220), np.uint8))


def network(folder: Path, norm: str) -> NetworkPredictor:
    torch.manual_seed(0)
    intensity = Intensity.fit([read(grey_picture(folder / "images"))])
    return NetworkPredictor(create("unet", intensity.channels_out(1), 2, base=4, depth=2, norm=norm), intensity, (0, 1), "c0ffee")


@pytest.fixture(params=["none", "group"])
def recent(request: pytest.FixtureRequest, tmp_path: Path) -> RecentTiles:
    """Recent tiles of an untrained network, one whose tiles are exact and one whose tiles are blended."""
    return RecentTiles(network(tmp_path, request.param))


def view(focus: tuple[int, int, int] = (0, 100, 100), region: Region = VIEW) -> PredictionRequest:
    """Request a view in many small tiles."""
    return PredictionRequest("c", region, focus, tile_seconds=1e-6)


def seen(source: RecentTiles | NetworkPredictor, scan: Scan, request: PredictionRequest) -> np.ndarray:
    prediction = Prediction(scan.shape, (0, 1))
    list(collect(source.predict(scan, request), prediction))
    return prediction.probabilities


def forbid(recent: RecentTiles, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the network predict no more."""
    monkeypatch.setattr(recent.network, "predict", lambda scan, request: pytest.fail("the network was asked"))


def test_that_a_view_seen_before_is_not_predicted_again(recent: RecentTiles, scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    first = seen(recent, scan, view())
    forbid(recent, monkeypatch)
    events = list(recent.predict(scan, view(focus=(0, 12, 210))))
    assert isinstance(events[-1], CasePredicted) and len(events) > 4
    if recent.network.tiles.exact:
        tile = events[0]
        assert isinstance(tile, TilePredicted) and tile.region.start[1] == 10 and tile.region.stop[2] == 220  # where one looks now
    assert (seen(recent, scan, view()) == first).all()


def test_that_a_view_that_was_interrupted_is_completed(recent: RecentTiles, scan: Scan) -> None:
    begun = recent.predict(scan, view())
    assert len(list(islice(begun, 3))) == 3
    begun.close()
    assert (seen(recent, scan, view(focus=(0, 12, 210))) == seen(recent.network, scan, view(focus=(0, 12, 210)))).all()


def test_that_finished_tiles_of_an_interrupted_view_are_not_predicted_again(
    tmp_path: Path, scan: Scan, monkeypatch: pytest.MonkeyPatch
) -> None:
    recent = RecentTiles(network(tmp_path, "none"))
    total = sum(isinstance(event, TilePredicted) for event in recent.network.predict(scan, view()))
    list(islice(recent.predict(scan, view()), 3))
    cores, predict_core = [], recent.network.tiles.predict_core
    monkeypatch.setattr(recent.network.tiles, "predict_core", lambda *args, **options: cores.append(0) or predict_core(*args, **options))
    list(recent.predict(scan, view()))
    assert len(cores) == total - 3


def test_that_another_view_or_image_is_predicted(recent: RecentTiles, scan: Scan) -> None:
    seen(recent, scan, view())
    other = view(region=Region((0, 0, 0), (1, 90, 220)))
    assert (seen(recent, scan, other) == seen(recent.network, scan, other)).all()
    inverse = Scan(255 - scan.array)
    assert (seen(recent, inverse, other) == seen(recent.network, inverse, other)).all()


def test_that_a_view_too_large_to_keep_is_predicted_each_time(recent: RecentTiles, scan: Scan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("unetstudio.inference.recent_tiles.MOST_BYTES", 10_000)
    for _ in range(2):
        assert (seen(recent, scan, view()) == seen(recent.network, scan, view())).all()
