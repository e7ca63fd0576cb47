"""Where a network looked, over what is on screen."""

from __future__ import annotations

import numpy as np
import pytest
from networks.tiny import lively, tiny

from unetstudio.data.intensity import Intensity
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.inference import attention
from unetstudio.inference.events import AttentionMapped
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest


def made(name: str, dims: int) -> tuple[NetworkPredictor, Scan]:
    shape = (1, 1, 50, 67) if dims == 2 else (1, 18, 26, 35)
    scan = Scan(np.random.default_rng(0).integers(0, 255, shape).astype(np.uint8))
    intensity = Intensity.fit([scan])
    network = lively(tiny(name, dims, inputs=intensity.channels_out(1)))
    for gate in network.modules():
        if hasattr(gate, "begin_open"):
            gate.psi.weight.data.mul_(50)  # as after training: the gates tell places apart
    return NetworkPredictor(network, intensity, (0, 1, 2), "id"), scan


def mapped(predictor: NetworkPredictor, scan: Scan, region: Region) -> AttentionMapped:
    *steps, found = predictor.attend(scan, PredictionRequest("case", region, (0, 20, 20)))
    assert steps and all(step is None for step in steps)
    assert isinstance(found, AttentionMapped)
    return found


@pytest.mark.parametrize("dims", [2, 3])
def test_that_a_map_of_many_tiles_is_that_of_one(dims: int, monkeypatch: pytest.MonkeyPatch) -> None:
    predictor, scan = made("attention_unet", dims)
    whole = mapped(predictor, scan, Region.whole(scan.shape))
    monkeypatch.setattr(attention, "TILE", (8, 8))
    tiled = mapped(predictor, scan, Region.whole(scan.shape))
    assert np.abs(whole.values.astype(int) - tiled.values).max() <= 2
    assert whole.values.min() == 0 and whole.values.max() == 255
    assert 0 <= whole.low < whole.high <= 1


def test_that_only_what_is_on_screen_is_mapped() -> None:
    predictor, scan = made("attention_unet", 2)
    region = Region((0, 10, 12), (1, 30, 60))
    found = mapped(predictor, scan, region)
    assert found.region == region and found.values.shape == region.shape and found.checkpoint == "id"


def test_that_a_network_without_gates_has_nothing_to_show() -> None:
    predictor, scan = made("unet", 2)
    assert list(predictor.attend(scan, PredictionRequest("case", Region.whole(scan.shape), (0, 0, 0)))) == []
