"""Tiles that depend on all that they hold fade into one another."""

import numpy as np
import pytest
from networks.tiny import lively, tiny

from unetstudio.data.intensity import Intensity
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.inference.blending import Blend
from unetstudio.inference.events import TilePredicted
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks.network import NETWORKS, Network


def test_that_two_tiles_fade_into_one_another() -> None:
    blend, row = Blend((0, 0, 8)), np.zeros(32, np.uint8)
    for start, stop, value in ((0, 16, 0), (16, 32, 200)):
        core, tile = Region((0, 0, start), (1, 1, stop)), Region((0, 0, max(0, start - 8)), (1, 1, min(32, stop + 8)))
        for region, part in blend.add(core, tile, np.full((1, *tile.shape), value, np.uint8)):
            row[region.slices[2]] = part[0, 0, 0]
    assert row[:8].max() == 0
    assert row[24:].min() == 200
    steps = np.diff(row.astype(int))
    assert steps.min() >= 0
    assert steps.max() <= 200 * np.pi / 2 / 16 + 1


def test_that_a_lone_tile_is_left_as_it_is() -> None:
    content = np.random.default_rng(0).integers(0, 255, (2, 1, 9, 9)).astype(np.uint8)
    tile = Region((0, 0, 0), (1, 9, 9))
    ((region, part),) = Blend((0, 4, 4)).add(tile, tile, content)
    assert region == tile
    assert (part == content).all()


@pytest.mark.parametrize(("name", "dims"), [("attention_unet", 2), ("unetr", 3)])
def test_that_blending_row_by_row_forgets_tiles_and_gives_the_same(name: str, dims: int) -> None:
    shape = (2, 300, 40) if dims == 2 else (110, 20, 20)
    scan = Scan(np.random.default_rng(3).integers(0, 255, (1, *shape), dtype=np.uint8))
    predictor = NetworkPredictor(
        lively(tiny(name, dims, inputs=1, **({"norm": "group"} if dims == 2 else {}))), Intensity.fit([scan], local=False), (0, 1, 2)
    )
    grid = predictor.tiles.grid(scan)
    remembering, forgetting = Blend(grid.halo), Blend(grid.halo, in_order=True)
    most = 0
    for core in sorted(grid.tile_cores(Region.whole(shape), (1 if dims == 2 else 16, 16, 16), (0, 0, 0)), key=lambda core: core.start):
        tile = predictor.tiles.predict_tile(scan, grid, core)
        for (region, part), (same, equal) in zip(remembering.add(core, *tile), forgetting.add(core, *tile), strict=True):
            assert region == same
            assert (part == equal).all()
        most = max(most, len(forgetting._tiles))
    assert most < len(remembering._tiles) / 2


def test_that_norms_of_whole_tiles_leave_no_seams() -> None:
    y, x = np.indices((160, 160))
    scan = Scan((80 + 0.5 * x + 25 * np.sin(x / 7 + y / 5)).astype(np.float32)[None, None])  # tiles differ in their mean
    network = lively(tiny("attention_unet", 2, inputs=1, norm="group"))
    assert not network.exact
    assert steepest_seam(network, scan) <= 1.5
    network.exact = True  # cropped, as if it were
    assert steepest_seam(network, scan) > 2


@pytest.mark.parametrize(("name", "dims"), [(n, d) for n, kind in NETWORKS.items() for d in kind.dims if not tiny(n, d).exact])
def test_that_attention_leaves_no_seams_and_no_gaps(name: str, dims: int) -> None:
    shape = (1, 90, 70) if dims == 2 else (20, 50, 40)
    scan = Scan(np.random.default_rng(3).integers(0, 255, (1, *shape), dtype=np.uint8))
    network = lively(tiny(name, dims, inputs=1))
    assert steepest_seam(network, scan) <= 2


def steepest_seam(network: Network, scan: Scan) -> float:
    """How many times as steep as elsewhere the prediction is where the cores of 32 voxels meet along x; the steepest of them."""
    predictor = NetworkPredictor(network, Intensity.fit([scan], local=False), (0, 1, 2))
    kept = Prediction(scan.shape, predictor.values)
    borders = set()
    for event in predictor.predict(scan, PredictionRequest("case", tile_edge=32)):
        if isinstance(event, TilePredicted):
            kept.put(event.region, event.probabilities, event.checkpoint)
            borders.add(event.region.start[2])
    assert kept.complete
    steps = np.abs(np.diff(kept.probabilities.astype(float), axis=-1)).mean(axis=(0, 1, 2))
    return float(max(steps[border - 1] for border in borders if border) / np.median(steps))
