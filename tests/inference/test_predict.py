"""Prediction by tiles gives what the whole would give, at any size, and can be stopped, restricted and squeezed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from inference.predictors import predicted
from torch import Tensor

from unetstudio.data.classes import ClassTable
from unetstudio.data.intensity import Intensity
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.errors import OutOfMemory
from unetstudio.inference.events import CasePredicted, TilePredicted
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks.checkpoint import Checkpoint, save
from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network, create
from unetstudio.networks.unet import UNet


def scan_of(*shape: int) -> Scan:
    voxels = np.random.default_rng(3).integers(0, 255, (1, *shape), dtype=np.uint8)
    return Scan(voxels)


def trained_like(network: Network) -> Network:
    """Lively batch statistics and a head whose classes win in turn, as after training."""
    for name, value in network.named_buffers():
        if name.endswith("running_mean"):
            value.normal_(0, 0.2)
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
    return network


def predictor_for(scan: Scan, *, dims: int = 2, classes: int = 3, local: bool = True, **options: Any) -> NetworkPredictor:
    torch.manual_seed(0)
    intensity = Intensity.fit([scan], local=local)
    network = create("unet", intensity.channels_out(1), classes, dims, **{"depth": 2, "base": 4, **options})
    return NetworkPredictor(trained_like(network), intensity, tuple(range(classes)), "c0ffee")


def difference(a: Prediction, b: Prediction) -> int:
    return int(np.abs(a.probabilities.astype(int) - b.probabilities.astype(int)).max())


@pytest.mark.parametrize("shape", [(1, 61, 83), (1, 128, 40), (1, 5, 7), (1, 1, 1), (1, 1, 50), (3, 37, 41)])
@pytest.mark.parametrize("padding", ["same", "valid"])
def test_that_tiles_of_a_picture_equal_the_whole(shape: Index, padding: str) -> None:
    scan = scan_of(*shape)
    predictor = predictor_for(scan, padding=padding)
    tiles, whole = predicted(predictor, scan, tile_edge=16), predicted(predictor, scan, tile_edge=256)
    assert tiles.complete
    assert difference(tiles, whole) <= 1  # a float32 sum in another order may round to the neighbouring byte


@pytest.mark.parametrize("shape", [(9, 21, 34), (1, 12, 12), (2, 3, 40)])
def test_that_tiles_of_a_volume_equal_the_whole(shape: Index) -> None:
    scan = scan_of(*shape)
    predictor = predictor_for(scan, dims=3, depth=1)
    tiles, whole = predicted(predictor, scan, tile_edge=4), predicted(predictor, scan, tile_edge=64)
    assert tiles.complete
    assert difference(tiles, whole) <= 1


def test_that_an_anisotropic_network_is_exact_too() -> None:
    scan = scan_of(6, 40, 30)
    predictor = predictor_for(scan, dims=3, pool=((1, 2, 2), (2, 2, 2)), base=2)
    assert difference(predicted(predictor, scan, tile_edge=8), predicted(predictor, scan, tile_edge=64)) <= 1


@pytest.mark.parametrize(("dims", "shape"), [(2, (1, 150, 131)), (3, (20, 40, 33))])
def test_that_probabilities_agree_to_five_decimals_with_one_forward_pass(dims: int, shape: Index) -> None:
    scan = scan_of(*shape)
    predictor = predictor_for(scan, dims=dims, local=False, depth=3 if dims == 2 else 1)
    grid = predictor.tiles.grid(scan)
    whole = predictor.tiles.predict_channels(predictor.tiles.channels(scan, grid.domain))
    for core in grid.tile_cores(Region.whole(scan.shape), (8, 32, 32), (0, 0, 0)):
        seen = grid.input(core)
        tile = predictor.tiles.predict_channels(predictor.tiles.channels(scan, seen))[(slice(None), *core.within(seen))]
        expected = whole[(slice(None), *core.within(grid.domain))]
        assert float((tile - expected).abs().max()) <= 1e-5


def test_that_bf16_agrees_with_float32_to_a_percent() -> None:
    scan = scan_of(1, 70, 60)
    exact = predictor_for(scan)
    rough = NetworkPredictor(exact.network, exact.tiles.intensity, exact.values, precision=Precision(torch.device("cpu"), torch.bfloat16))
    assert difference(predicted(exact, scan), predicted(rough, scan)) <= 8
    assert rough.tiles.predict_channels(rough.tiles.channels(scan, Region.whole((1, 16, 16)))).dtype == torch.float32


def test_that_local_contrast_is_the_same_in_every_tile() -> None:
    scan = scan_of(1, 150, 170)
    predictor = predictor_for(scan)
    part = Region((0, 40, 60), (1, 90, 100))
    whole = predictor.tiles.channels(scan, Region.whole(scan.shape))
    assert np.allclose(predictor.tiles.channels(scan, part), whole[(slice(None), *part.slices)], atol=1e-4)


@pytest.mark.parametrize("classes", [1, 2, 4])
def test_that_probabilities_of_a_voxel_add_up(classes: int) -> None:
    scan = scan_of(1, 30, 30)
    total = predicted(predictor_for(scan, classes=classes), scan).probabilities.astype(int).sum(axis=0)
    assert np.abs(total - 255).max() <= classes // 2


def test_that_the_last_event_says_whether_the_whole_scan_was_done() -> None:
    scan = scan_of(1, 40, 40)
    predictor = predictor_for(scan)
    *_, all_of_it = predictor.predict(scan, PredictionRequest("case"))
    *_, part = predictor.predict(scan, PredictionRequest("case", region=Region((0, 3, 3), (1, 9, 30))))
    assert isinstance(all_of_it, CasePredicted)
    assert all_of_it.whole
    assert isinstance(part, CasePredicted)
    assert not part.whole


def test_that_a_region_on_screen_gets_its_tiles_and_no_others() -> None:
    scan = scan_of(1, 90, 90)
    region = Region((0, 13, 20), (1, 55, 95))
    prediction = predicted(predictor_for(scan), scan, region=region, tile_edge=16)
    expected = np.zeros(scan.shape, bool)
    expected[(region & Region.whole(scan.shape)).slices] = True
    assert (prediction.known == expected).all()


def test_that_a_region_equals_its_part_of_the_whole() -> None:
    scan = scan_of(1, 90, 90)
    predictor = predictor_for(scan)
    region = Region((0, 13, 21), (1, 55, 70))
    part = predicted(predictor, scan, region=region, tile_edge=16).probabilities[(slice(None), *region.slices)]
    whole = predicted(predictor, scan).probabilities[(slice(None), *region.slices)]
    assert np.abs(part.astype(int) - whole.astype(int)).max() <= 1


@pytest.mark.parametrize("norm", ["batch", "group"])
def test_that_tiles_that_an_interrupted_run_finished_are_not_reported_again(norm: str) -> None:
    """Also where they are blended, and some are predicted again for the sake of their neighbours."""
    scan = scan_of(1, 96, 64)
    predictor = predictor_for(scan, norm=norm)
    once = predicted(predictor, scan, tile_edge=16, row_order=True)
    options = PredictionRequest.final("case", tta=False, tile_edge=16)
    finished = [event.region for event in predictor.predict(scan, options) if isinstance(event, TilePredicted) and event.done <= 18]
    done = frozenset(region for region in finished if region.shape == (1, 16, 16))
    rest = predicted(predictor, scan, tile_edge=16, row_order=True, done=done)
    assert not rest.known[0, :16].any()
    assert rest.known[0, 80:].all()
    assert (rest.probabilities[:, rest.known] == once.probabilities[:, rest.known]).all()
    assert (rest.known | covered(done, scan.shape)).all()


def covered(regions: frozenset[Region], shape: Index) -> np.ndarray:
    """Which voxels lie in one of the regions."""
    mask = np.zeros(shape, np.bool_)
    for region in regions:
        mask[region.slices] = True
    return mask


def test_that_prediction_can_be_closed_between_two_tiles() -> None:
    scan = scan_of(1, 64, 64)
    job = predictor_for(scan).predict(scan, PredictionRequest("case", tile_edge=16))
    first = next(job)
    job.close()
    assert isinstance(first, TilePredicted)
    assert first.done == 1 < first.total


def test_that_mirrored_views_make_the_average_symmetric() -> None:
    scan = scan_of(1, 48, 48)
    turned = Scan(scan.voxels[:, :, :, ::-1])
    predictor = predictor_for(scan, local=False)
    one = predictor.tiles.predict_channels(predictor.tiles.intensity.prepare(scan.voxels), tta=True)
    other = predictor.tiles.predict_channels(predictor.tiles.intensity.prepare(turned.voxels), tta=True)
    assert torch.allclose(one, other.flip(-1), atol=1e-5)


def test_that_views_turned_by_a_quarter_make_it_symmetric_that_way_too() -> None:
    scan = scan_of(1, 48, 32)
    predictor = predictor_for(scan, local=False)
    predictor.tiles.turned = True
    assert predictor.tiles.tta_passes == 8
    channels = predictor.tiles.intensity.prepare(scan.voxels)
    one = predictor.tiles.predict_channels(channels, tta=True)
    for other in (
        predictor.tiles.predict_channels(np.ascontiguousarray(channels[:, :, ::-1]), tta=True).flip(-2),
        predictor.tiles.predict_channels(np.ascontiguousarray(channels.swapaxes(-1, -2)), tta=True).mT,
    ):
        assert torch.allclose(one, other, atol=1e-5)


@pytest.mark.parametrize("turned", [False, True])
def test_that_such_views_change_the_prediction_by_tiles_and_whole_alike(turned: bool) -> None:
    scan = scan_of(1, 61, 50)
    predictor = predictor_for(scan)
    predictor.tiles.turned = turned
    assert difference(predicted(predictor, scan, tile_edge=16, tta=True), predicted(predictor, scan, tile_edge=256, tta=True)) <= 1


class Hungry(UNet):
    """Needs more memory than there is for inputs above a number of voxels."""

    allowed = 0

    def forward(self, x: Tensor) -> Tensor:
        if x[0, 0].numel() > self.allowed:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().forward(x)


def hungry(scan: Scan, allowed: int) -> NetworkPredictor:
    predictor = predictor_for(scan, local=False, depth=1)
    network = Hungry(predictor.network.config)  # type: ignore[arg-type]
    network.load_state_dict(predictor.network.state_dict())
    network.allowed = allowed
    return NetworkPredictor(network.eval(), predictor.tiles.intensity, predictor.values)


def test_that_tiles_shrink_when_memory_runs_out() -> None:
    scan = scan_of(1, 64, 64)
    squeezed = predicted(hungry(scan, 1200), scan, tile_edge=64)
    assert squeezed.complete
    assert difference(squeezed, predicted(hungry(scan, 10**9), scan, tile_edge=64)) <= 1


def test_that_the_smallest_tile_failing_is_told_in_a_sentence() -> None:
    scan = scan_of(1, 32, 32)
    with pytest.raises(OutOfMemory, match="smaller network"):
        predicted(hungry(scan, 10), scan, tile_edge=32)


def test_that_a_saved_checkpoint_predicts_as_the_network_in_memory(tmp_path: Path) -> None:
    scan = scan_of(1, 40, 40)
    predictor = predictor_for(scan)
    classes = ClassTable.named(["a", "b", "c"], [(0, 0, 0), (1, 1, 1), (2, 2, 2)])
    made = Checkpoint("unet", predictor.network.config.to_json(), classes, predictor.tiles.intensity.to_json())  # type: ignore[attr-defined]
    identity, path = save(tmp_path, made, predictor.network.state_dict())
    loaded = NetworkPredictor.load(path, "cpu", predictor.tiles.precision)
    assert loaded.checkpoint == identity
    assert difference(predicted(predictor, scan), predicted(loaded, scan)) == 0


def test_that_a_picture_that_is_not_a_number_is_predicted_all_the_same() -> None:
    scan = Scan(np.full((1, 1, 20, 20), np.nan, np.float32))
    assert predicted(predictor_for(scan), scan).complete


def test_that_a_final_prediction_goes_row_by_row_in_the_largest_tiles() -> None:
    scan = scan_of(1, 64, 64)
    final = PredictionRequest.final("case", tta=False, tile_edge=16)
    starts = [event.region.start for event in predictor_for(scan).predict(scan, final) if isinstance(event, TilePredicted)]
    assert starts == sorted(starts) and len(starts) == 16
    assert final.tile_seconds > PredictionRequest("case").tile_seconds
    assert PredictionRequest.final("case", tta=True).tta


def test_that_row_by_row_gives_the_same_in_the_order_of_the_rows() -> None:
    scan = scan_of(1, 61, 83)
    predictor = predictor_for(scan)
    events = predictor.predict(scan, PredictionRequest("case", tile_edge=16, row_order=True))
    starts = [event.region.start for event in events if isinstance(event, TilePredicted)]
    assert len(starts) > 9
    assert starts == sorted(starts)
    assert difference(predicted(predictor, scan, tile_edge=16, row_order=True), predicted(predictor, scan, tile_edge=16)) == 0


def test_that_the_usual_tile_is_that_of_a_prediction() -> None:
    scan = scan_of(1, 700, 700)
    predictor = predictor_for(scan)
    predictor.tiles.speed = 1e6
    first = next(predictor.predict(scan, PredictionRequest("case")))
    assert isinstance(first, TilePredicted)
    predictor.tiles.speed = 1e6
    assert predictor.tile_edge(scan, tta=False) >= max(first.region.shape)
