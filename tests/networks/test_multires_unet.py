"""MultiResUNet: as many parameters as the authors' programs, and the same answer as the paper's figure written down plainly."""

import pytest
import torch
from networks.tiny import lively, tiny
from torch import Tensor
from torch.nn import functional as F

from unetstudio.errors import UserError
from unetstudio.networks.multires_unet import MultiResUNetConfig
from unetstudio.networks.network import Network, create

FUNCTIONS = {2: (F.conv2d, F.conv_transpose2d, F.max_pool2d), 3: (F.conv3d, F.conv_transpose3d, F.max_pool3d)}


def counted(channels: int, dims: int, preset: str) -> tuple[int, int]:
    """Trainable values, and with the norms' statistics, which Keras counts."""
    with torch.device("meta"):
        network = create("multires_unet", channels, 1, dims, preset)
    statistics = sum(value.numel() for name, value in network.named_buffers() if "running" in name)
    return network.parameters_count, network.parameters_count + statistics


def test_that_the_published_network_has_the_papers_parameters() -> None:
    assert counted(1, 2, "published") == (29_012_547, 29_061_741)


@pytest.mark.parametrize(
    ("channels", "dims", "expected"),
    [(1, 2, (7_237_982, 7_262_504)), (3, 2, (7_238_228, 7_262_750)), (1, 3, (18_632_366, 18_656_888)), (4, 3, (18_633_167, 18_657_689))],
)
def test_that_the_released_network_has_the_parameters_of_the_authors_program(channels: int, dims: int, expected: tuple[int, int]) -> None:
    assert counted(channels, dims, "released") == expected


def test_that_filters_are_split_as_in_the_paper() -> None:
    config = MultiResUNetConfig(1, 1)
    shares = [config.shares(level) for level in range(5)]
    assert shares == [(8, 17, 26), (17, 35, 53), (35, 71, 106), (71, 142, 213), (142, 284, 427)]
    assert [config.steps(level) for level in range(4)] == [4, 3, 2, 1]


@pytest.mark.parametrize(
    ("dims", "options"), [(2, {}), (3, {}), (2, {"gamma": False, "head_norm": True}), (3, {"pool": ((1, 2, 2), (2, 2, 2))})]
)
def test_that_it_computes_what_the_paper_draws(dims: int, options: dict[str, object]) -> None:
    network = lively(tiny("multires_unet", dims, **options)).double()
    x = torch.randn(2, 2, *network.input_shape((16,) * dims), dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), drawn(network, x), rtol=0, atol=1e-5)


def test_that_the_margin_is_no_larger_than_it_must_be() -> None:
    network = lively(tiny("multires_unet", 2))
    margin, step = network.receptive_margin[0], network.size_multiple[0]
    at = -(-margin // step) * step
    read = []
    for place in (at - margin, at + step - 1 + margin):
        x = torch.zeros(1, 2, 2 * at + step, step)
        x[0, 0, place] = torch.nan  # which goes through every layer
        read.append(not torch.isfinite(network(x)[0, :, at : at + step]).all())
    assert any(read)


def test_that_too_few_filters_to_split_are_refused() -> None:
    with pytest.raises(UserError, match="at least 4 filters"):
        create("multires_unet", 1, 2, base=3)


def test_that_an_image_of_an_odd_size_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot take"):
        tiny("multires_unet", 2)(torch.zeros(1, 2, 15, 16))


def drawn(network: Network, x: Tensor) -> Tensor:
    """Figures 2 to 5 of the paper, from the weights by their names."""
    weights, config = network.state_dict(), network.config
    assert isinstance(config, MultiResUNetConfig)
    convolve, deconvolve, pool = FUNCTIONS[config.dims]

    def norm(name: str, x: Tensor) -> Tensor:
        mean, variance, factor, offset = (weights[f"{name}.{what}"] for what in ("running_mean", "running_var", "weight", "bias"))
        mean, variance, factor, offset = (value.reshape(-1, *[1] * config.dims) for value in (mean, variance, factor, offset))
        return (x - mean) / (variance + 1e-5).sqrt() * factor + offset

    def conv_norm(name: str, x: Tensor) -> Tensor:
        weight = weights[f"{name}.0.weight"]
        return norm(f"{name}.1", convolve(x, weight, padding=[n // 2 for n in weight.shape[2:]]))

    def block(name: str, x: Tensor) -> Tensor:
        three = conv_norm(f"{name}.chain.0", x).relu()
        five = conv_norm(f"{name}.chain.1", three).relu()
        seven = conv_norm(f"{name}.chain.2", five).relu()
        joined = norm(f"{name}.joined", torch.cat([three, five, seven], 1))
        return norm(f"{name}.out", (joined + conv_norm(f"{name}.shortcut", x)).relu())

    def path(level: int, x: Tensor) -> Tensor:
        for step in range(config.depth - level):
            name = f"paths.{level}"
            x = (conv_norm(f"{name}.convs.{step}", x).relu() + conv_norm(f"{name}.shortcuts.{step}", x)).relu()
            x = norm(f"{name}.norms.{step}", x)
        return x

    skips = []
    for level, factor in enumerate(config.pools):
        x = block(f"encoders.{level}", x)
        skips.append(path(level, x))
        x = pool(x, factor)
    x = block("bottom", x)
    for place, level in enumerate(reversed(range(config.depth))):
        x = deconvolve(x, weights[f"ups.{place}.weight"], weights[f"ups.{place}.bias"], stride=config.pools[level])
        x = block(f"decoders.{place}", torch.cat([x, skips[level]], 1))
    x = convolve(x, weights["head.weight"], weights.get("head.bias"))
    return norm("head_norm", x) if config.head_norm else x
