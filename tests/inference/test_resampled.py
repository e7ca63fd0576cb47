"""Scans of another voxel size than the network's: the whole resampled, predicted and brought back, in any order of tiles."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from inference.predictors import predicted

from unetstudio.data.geometry import Geometry, Spacing
from unetstudio.data.intensity import Intensity
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError
from unetstudio.inference.events import CasePredicted, TilePredicted
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.inference.resampled import ResampledScan, interpolated, ratio_of
from unetstudio.networks.network import create

ANISOTROPIC = (2.0, 1.0, 1.0)
SIZES = [(3.0, 1.6, 1.0), (1.3, 0.7, 0.5), (5.0, 2.5, 0.9)]


def scan_of(shape: Index, spacing: Spacing | None) -> Scan:
    voxels = np.random.default_rng(3).normal(100, 30, (1, *shape)).astype(np.float32)
    return Scan(voxels, Geometry(spacing))


def predictor_for(scan: Scan, dims: int, target: Spacing | None, *, local: bool = False, **options: Any) -> NetworkPredictor:
    torch.manual_seed(0)
    intensity = Intensity.fit([scan], local=local)
    network = create("unet", intensity.channels_out(1), 3, dims, **{"depth": 1, "base": 4, **options})
    return NetworkPredictor(network, intensity, (0, 1, 2), "c0ffee", spacing=target)


def at_once(predictor: NetworkPredictor, scan: Scan) -> np.ndarray:
    """Resampled as a whole, predicted in one tile, and brought back as a whole."""
    view = predictor.tiles.resampled(scan)
    assert view is not None
    whole = Region.whole(view.shape)
    seen = Scan(interpolated(scan.array, view.places(whole)), scan.geometry)
    alike = NetworkPredictor(predictor.network, predictor.tiles.intensity, predictor.values)
    found = predicted(alike, seen, tile_edge=512).probabilities
    return view.back(found, whole, Region.whole(scan.shape)) + 0.5


def worst(found: Prediction, wanted: np.ndarray) -> int:
    assert found.complete
    return int(np.abs(found.probabilities.astype(int) - wanted.astype(np.uint8).astype(int)).max())


@pytest.mark.parametrize("own", SIZES)
@pytest.mark.parametrize("focus", [None, (0, 0, 0), (12, 3, 24)])
def test_that_tiles_of_a_volume_equal_the_whole_from_wherever_they_begin(own: Spacing, focus: Index | None) -> None:
    scan = scan_of((14, 22, 25), own)
    predictor = predictor_for(scan, 3, ANISOTROPIC)
    assert worst(predicted(predictor, scan, tile_edge=8, focus=focus), at_once(predictor, scan)) <= 2


@pytest.mark.parametrize("dims", [2, 3])
def test_that_rows_forget_nothing_that_a_later_tile_needs(dims: int) -> None:
    scan = scan_of((7, 50, 41), (2.0, 0.6, 0.7))
    predictor = predictor_for(scan, dims, ANISOTROPIC)
    assert worst(predicted(predictor, scan, tile_edge=8, row_order=True), at_once(predictor, scan)) <= 2


@pytest.mark.parametrize("rows", [False, True])
def test_that_tiles_that_are_blended_are_brought_back_in_the_end(rows: bool) -> None:
    scan = scan_of((1, 60, 70), (1.0, 0.6, 0.7))
    predictor = predictor_for(scan, 2, (1.0, 1.0, 1.0), norm="group")
    view = predictor.tiles.resampled(scan)
    assert view is not None
    alike = NetworkPredictor(predictor.network, predictor.tiles.intensity, predictor.values)
    seen = Scan(interpolated(scan.array, view.places(Region.whole(view.shape))), scan.geometry)
    blended = predicted(alike, seen, tile_edge=16, row_order=rows).probabilities
    wanted = view.back(blended, Region.whole(view.shape), Region.whole(scan.shape)) + 0.5
    assert worst(predicted(predictor, scan, tile_edge=16, row_order=rows), wanted) <= 2


def test_that_slices_of_a_2d_network_stay_as_they_are() -> None:
    scan = scan_of((5, 30, 41), (7.0, 2.0, 2.0))
    predictor = predictor_for(scan, 2, (3.0, 1.0, 1.0))
    view = predictor.tiles.resampled(scan)
    assert view is not None and view.shape == (5, 60, 82)
    assert worst(predicted(predictor, scan, tile_edge=16), at_once(predictor, scan)) <= 2


def test_that_what_is_on_screen_comes_as_it_comes_in_the_whole() -> None:
    scan, part = scan_of((14, 22, 30), (2.0, 1.6, 0.7)), Region((4, 7, 9), (11, 20, 23))
    predictor = predictor_for(scan, 3, ANISOTROPIC)
    whole = predicted(predictor, scan, tile_edge=8).probabilities
    seen = np.zeros_like(whole)
    for event in predictor.predict(scan, PredictionRequest("case", region=part, focus=(5, 8, 20), tile_edge=8)):
        if isinstance(event, TilePredicted):
            assert event.region & part == event.region
            seen[(slice(None), *event.region.slices)] = event.probabilities
        elif isinstance(event, CasePredicted):
            assert not event.whole
    inside = (slice(None), *part.slices)
    assert int(np.abs(seen[inside].astype(int) - whole[inside].astype(int)).max()) <= 2


def test_that_all_of_a_scan_is_reported_as_that() -> None:
    scan = scan_of((1, 30, 41), (1.0, 0.5, 0.5))
    *_, last = predictor_for(scan, 2, (1.0, 1.0, 1.0)).predict(scan, PredictionRequest("case", tile_edge=16))
    assert isinstance(last, CasePredicted) and last.whole


@pytest.mark.parametrize("own", [None, (2.0, 1.0, 1.0), (2.01, 0.99, 1.01)])
def test_that_scans_of_the_same_or_of_no_known_voxel_size_are_taken_as_they_are(own: Spacing | None) -> None:
    scan = scan_of((4, 20, 20), own)
    assert predictor_for(scan, 3, ANISOTROPIC).tiles.resampled(scan) is None


def test_that_nothing_is_resampled_for_a_checkpoint_that_says_so() -> None:
    scan = scan_of((4, 20, 20), (9.0, 3.0, 3.0))
    assert predictor_for(scan, 3, None).tiles.resampled(scan) is None


def test_that_a_voxel_size_in_another_unit_is_refused() -> None:
    scan = scan_of((4, 20, 20), (2000.0, 1000.0, 1000.0))
    with pytest.raises(CheckpointError, match="correct the voxel size"):
        predictor_for(scan, 3, ANISOTROPIC).tiles.resampled(scan)


def test_that_structures_stay_where_they_are() -> None:
    """A ramp along each axis, seen at another voxel size and brought back, is the ramp."""
    scan = scan_of((12, 20, 30), (3.0, 1.0, 1.4))
    view = ResampledScan(scan, ratio_of(scan.geometry, (2.0, 0.8, 1.0), 3))
    ramps = np.indices(scan.shape).astype(np.float32)
    whole, back = Region.whole(view.shape), Region.whole(scan.shape)
    found = view.back(interpolated(ramps, view.places(whole)), whole, back)
    inner = (slice(None), slice(2, -2), slice(2, -2), slice(2, -2))
    np.testing.assert_allclose(found[inner], ramps[inner], atol=1e-3)


@pytest.mark.parametrize("rest", [(1, 1, 1), (1, 1, 50), (2, 3, 1)])
def test_that_scans_of_few_voxels_are_brought_back(rest: Index) -> None:
    scan = scan_of(rest, (2.0, 3.0, 0.4))
    assert predicted(predictor_for(scan, 3, (1.0, 1.0, 1.0)), scan, tile_edge=8).complete


def test_that_local_normalisation_looks_equally_far_at_every_voxel_size() -> None:
    scan = scan_of((1, 60, 60), (1.0, 0.5, 0.5))
    predictor = predictor_for(scan, 2, (1.0, 1.0, 1.0), local=True)
    assert isinstance(predictor.tiles.intensity, Intensity)
    predictor.tiles.intensity = replace(predictor.tiles.intensity, sigma=3.0)
    wider = replace(predictor.tiles.intensity, sigma=6.0)
    np.testing.assert_allclose(predictor.tiles.channels(scan, Region.whole(scan.shape)), wider.prepare(scan.array), atol=1e-4)
