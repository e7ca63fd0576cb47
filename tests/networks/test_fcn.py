"""FCN-8s: as many parameters as the published network, its crops, and the same answer as the paper's figure written down plainly."""

from typing import Any

import pytest
import torch
from networks.tiny import lively, tiny
from torch import Tensor
from torch.nn import functional as F

from unetstudio.errors import UserError
from unetstudio.networks.fcn import FCNConfig, interpolate
from unetstudio.networks.network import Network, create

PUBLISHED: dict[str, Any] = {"border": 100, "dense": 5, "norm": "none"}
"""The published network but for its widths."""

FUNCTIONS = {2: (F.conv2d, F.conv_transpose2d, F.max_pool2d), 3: (F.conv3d, F.conv_transpose3d, F.max_pool3d)}


@pytest.mark.parametrize(("classes", "convolutions", "ups"), [(21, 134_362_751, 127_008), (2, 134_270_278, 1_152)])
def test_that_the_published_network_has_the_papers_parameters(classes: int, convolutions: int, ups: int) -> None:
    with torch.device("meta"):
        network = create("fcn", 3, classes, preset="published")
    counted = sum(value.numel() for name, value in network.named_parameters() if not name.startswith("up"))
    assert (counted, network.parameters_count - counted) == (convolutions, ups)


def test_that_the_published_network_has_an_output_for_every_pixel_of_an_image_of_any_size() -> None:
    with torch.device("meta"):
        network = create("fcn", 3, 21, preset="published")
        for shape in ((500, 375), (33, 1), (256, 256)):
            assert network(torch.zeros(1, 3, *shape)).shape == (1, 21, *shape)


@pytest.mark.parametrize(("dims", "options"), [(2, {}), (3, {}), (2, {"dense": 5}), (2, PUBLISHED)])
def test_that_it_computes_what_the_paper_draws(dims: int, options: dict[str, Any]) -> None:
    network = lively(tiny("fcn", dims, **options)).double()
    shape = (45, 38) if options is PUBLISHED else (32, 64, 32)[:dims]
    x = torch.randn(2, 2, *shape, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), drawn(network, x), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("kernel", "stride", "pad"), [(4, 2, 1), (16, 8, 4)])
def test_that_upsampling_starts_as_linear_interpolation_of_each_class(kernel: int, stride: int, pad: int) -> None:
    weight = torch.empty(3, 3, kernel, kernel)
    interpolate(weight)
    x = torch.randn(1, 3, 9, 8)
    once = F.conv_transpose2d(x, weight, stride=stride, padding=pad)
    again = F.interpolate(x, scale_factor=stride, mode="bilinear", align_corners=False)
    inside = (..., slice(stride, -stride), slice(stride, -stride))  # at the rim, nothing lies beyond
    torch.testing.assert_close(once[inside], again[inside])


@pytest.mark.parametrize("options", [{"dense": 2}, PUBLISHED])
def test_that_the_margin_is_no_larger_than_it_must_be(options: dict[str, Any]) -> None:
    network = tiny("fcn", 2, **options).eval()
    margin = network.receptive_margin[0]
    at = -(-margin // 32) * 32
    read = []
    for place in (at - margin, at + 31 + margin):
        x = torch.zeros(1, 2, 2 * at + 32, 32)
        x[0, 0, place] = torch.nan  # which goes through every layer
        read.append(not torch.isfinite(network(x)[0, :, at : at + 32]).all())
    assert any(read)


def test_that_the_published_border_without_room_for_fc6_is_refused() -> None:
    with pytest.raises(UserError, match="border"):
        create("fcn", 1, 2, border=100)


def test_that_an_image_that_is_no_multiple_of_the_coarsest_step_is_refused() -> None:
    with pytest.raises(ValueError, match="multiples of 32"):
        tiny("fcn", 2)(torch.zeros(1, 2, 48, 32))


def drawn(network: Network, x: Tensor) -> Tensor:
    """Figure 3 of the paper on VGG16, from the weights by their order; the crops are those of the authors' definition of the network."""
    config = network.config
    assert isinstance(config, FCNConfig)
    weights, size = network.state_dict(), x.shape[2:]
    convolve, deconvolve, pool = FUNCTIONS[config.dims]
    published = config.border == 100

    def norm(name: str, x: Tensor) -> Tensor:
        if config.norm == "none":
            return x
        return F.batch_norm(x, *(weights[f"{name}.{what}"] for what in ("running_mean", "running_var", "weight", "bias")))

    def cut(x: Tensor, start: int, size: Any) -> Tensor:
        return x[(..., *(slice(start, start + n) for n in size))]

    pools = []
    for stage, count in enumerate((2, 2, 3, 3, 3)):
        for place in range(count):
            name = f"stages.{stage}.{3 * place}"
            pad = 100 if published and stage == place == 0 else 1
            x = convolve(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"), padding=pad)
            x = norm(f"stages.{stage}.{3 * place + 1}", x).relu()
        x = pool(x, 2, ceil_mode=True)
        pools.append(x)
    if config.dense:
        x = convolve(x, weights["dense.0.weight"], weights["dense.0.bias"], padding=0 if published else 3).relu()
        x = convolve(x, weights["dense.3.weight"], weights["dense.3.bias"]).relu()
    score = {
        n: convolve(p, weights[f"head.pool{n}.weight"], weights[f"head.pool{n}.bias"]) for n, p in ((3, pools[2]), (4, pools[3]), (5, x))
    }
    x = deconvolve(score[5], weights["up2.weight"], stride=2, padding=0 if published else 1)
    x = x + cut(score[4], 5 if published else 0, x.shape[2:])
    x = deconvolve(x, weights["up4.weight"], stride=2, padding=0 if published else 1)
    x = x + cut(score[3], 9 if published else 0, x.shape[2:])
    x = deconvolve(x, weights["up8.weight"], stride=8, padding=0 if published else 4)
    return cut(x, 31 if published else 0, size)
