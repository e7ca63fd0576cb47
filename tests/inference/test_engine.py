"""A quicker engine computes only where it gives the same masks, and says so."""

from collections.abc import Callable

import numpy as np
import pytest
import torch
from inference.predictors import predicted
from torch import Tensor

from unetstudio.data.intensity import Intensity
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.inference import engine as engines
from unetstudio.inference.engine import choose_engine
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.networks.device import Precision
from unetstudio.networks.network import create

CPU = Precision(torch.device("cpu"))


def predictor_of(scan: Scan, dims: int = 2, name: str = "unet") -> NetworkPredictor:
    torch.manual_seed(0)
    intensity = Intensity.fit([scan])
    return NetworkPredictor(create(name, intensity.channels_out(1), 3, dims, depth=2, base=4), intensity, (0, 1, 2), "c0ffee")


def noise(*shape: int) -> Scan:
    return Scan(np.random.default_rng(3).integers(0, 255, (1, *shape), dtype=np.uint8))


@pytest.mark.parametrize("name", ["openvino", "onnxruntime"])
@pytest.mark.parametrize(("dims", "shape"), [(2, (1, 70, 93)), (2, (3, 41, 40)), (3, (20, 33, 29))])
def test_that_an_engine_gives_what_pytorch_gives(name: str, dims: int, shape: tuple[int, ...]) -> None:
    pytest.importorskip(name)
    scan = noise(*shape)
    predictor = predictor_of(scan, dims)
    expected = predicted(predictor, scan, tile_edge=32).probabilities
    choice = predictor.tiles.select_engine(scan, 0, name)
    assert choice.name == name and predictor.tiles.engine is not None
    assert np.abs(predicted(predictor, scan, tile_edge=32).probabilities.astype(int) - expected.astype(int)).max() <= 1


def test_that_little_work_is_left_to_pytorch() -> None:
    scan = noise(1, 64, 64)
    predictor = predictor_of(scan)
    assert predictor.tiles.select_engine(scan, scan.voxels.nbytes).name == "torch" and predictor.tiles.engine is None


def test_that_an_engine_that_gives_other_masks_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")
    pytest.importorskip("openvino")

    def wrong(graph: bytes, precision: Precision) -> Callable[..., Tensor]:
        del graph, precision
        return lambda batch, crops: torch.randn(batch.shape[0], 3, *(axis.stop - axis.start for axis in crops[-1][2:]))

    monkeypatch.setitem(engines.KINDS, "openvino", wrong)
    scan = noise(1, 64, 64)
    predictor = predictor_of(scan)
    choice = predictor.tiles.select_engine(scan, 0, "openvino")
    assert choice.name == "torch" and predictor.tiles.engine is None and "OpenVINO gives other masks" in choice.words


def test_that_an_engine_that_fails_is_left_alone_unless_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")

    def broken(graph: bytes, precision: Precision) -> Callable[..., Tensor]:
        raise RuntimeError("no such instruction")

    monkeypatch.setattr(engines, "KINDS", {"onnxruntime": broken})
    monkeypatch.setattr(engines, "installed", lambda name: True)
    predictor = predictor_of(noise(1, 64, 64))
    assert "ONNX Runtime fails on this network" in predictor.tiles.select_engine(noise(1, 64, 64), 1e15).words
    with pytest.raises(UserError, match=r"no such instruction.*choose the engine torch"):
        predictor.tiles.select_engine(noise(1, 64, 64), 0, "onnxruntime")


def test_that_setting_up_for_shapes_counts_where_there_is_little_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("onnx")
    predictor = predictor_of(noise(1, 64, 64))
    network = predictor.network

    class Slow:
        kept_shapes = 0

        def __init__(self, graph: bytes, precision: Precision) -> None:
            del graph, precision

        def __call__(self, batch: Tensor, crops: object = ()) -> Tensor:
            del crops
            return network(batch)[..., 8:24, 8:24]

    answers = iter([(0.0, 1.0), (5.0, 0.5), (0.0, 1.0), (5.0, 0.5)])
    monkeypatch.setattr(engines, "KINDS", {"onnxruntime": Slow})
    monkeypatch.setattr(engines, "installed", lambda name: True)
    monkeypatch.setattr(engines, "_seconds", lambda compute, probe: next(answers))
    monkeypatch.setattr(engines, "_compare", lambda *_, **__: (True, "same"))
    probe = torch.zeros(1, network.config.in_channels, 32, 32)
    window = [(8, 24), (8, 24)]
    assert choose_engine(network, CPU, probe, window, repeats=10).name == "torch"
    assert choose_engine(network, CPU, probe, window, repeats=1000).name == "onnxruntime"


def test_that_an_unknown_engine_is_refused_with_the_choices() -> None:
    with pytest.raises(UserError, match="auto, torch, openvino, onnxruntime"):
        choose_engine(create("unet", 1, 2, 2, depth=1, base=4), CPU, torch.zeros(1, 1, 32, 32), [(8, 24), (8, 24)], "tensorrt")


def test_that_blank_tiles_get_what_the_network_would_answer() -> None:
    voxels = np.full((1, 1, 300, 300), 7, np.uint8)
    voxels[..., 250:, 250:] = np.random.default_rng(0).integers(0, 255, (50, 50), np.uint8)
    scan = Scan(voxels)
    predictor = predictor_of(scan)
    found = predicted(predictor, scan, tile_edge=32).probabilities
    assert predictor.tiles._blank_blocks, "some tile was blank"
    whole = predicted(predictor, scan, tile_edge=304).probabilities
    assert np.array_equal(found[..., :200, :200], whole[..., :200, :200])
    assert np.abs(found.astype(int) - whole.astype(int)).max() <= 1  # a sum in another order may round to the neighbouring byte
