"""The U-Net against the figures of its paper."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from networks.tiny import tiny
from torch import Tensor, nn

from unetstudio.errors import UserError
from unetstudio.networks.network import create, round_up
from unetstudio.networks.unet import pools_for_spacing

COUNTS: list[tuple[int, int, int, dict[str, Any], int]] = [
    (1, 2, 2, {"base": 64, "norm": "none", "padding": "valid"}, 31_030_658),
    (1, 1, 2, {"base": 64, "norm": "none"}, 31_030_593),
    (3, 2, 2, {"base": 64, "norm": "none"}, 31_031_810),
    (1, 2, 2, {"base": 64, "norm": "batch"}, 31_036_546),
    (3, 1, 2, {"base": 64, "norm": "batch"}, 31_037_633),
    (1, 2, 2, {"base": 32, "norm": "none"}, 7_759_554),
    (1, 2, 2, {"base": 16, "norm": "batch"}, 1_942_306),
    (1, 2, 3, {"base": 32, "norm": "none"}, 22_575_362),
]


@pytest.mark.parametrize(("inputs", "classes", "dims", "options", "parameters"), COUNTS)
def test_that_parameters_are_as_many_as_published(inputs: int, classes: int, dims: int, options: dict[str, Any], parameters: int) -> None:
    with torch.device("meta"):
        assert create("unet", inputs, classes, dims, **options).parameters_count == parameters


def test_that_the_published_network_has_31030658_parameters_and_makes_388_pixels_of_572() -> None:
    with torch.device("meta"):
        network = create("unet", 1, 2, preset="published")
        assert network.parameters_count == 31_030_658
        assert network(torch.zeros(1, 1, 572, 572)).shape == (1, 2, 388, 388)
    assert sum(isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d)) for layer in network.modules()) == 23


def test_that_the_published_network_drops_out_at_the_end_of_the_contracting_path() -> None:
    with torch.device("meta"):
        network = create("unet", 1, 2, preset="published")
    assert [name for name, layer in network.named_modules() if isinstance(layer, nn.Dropout)] == ["encoders.3.6", "bottom.6"]


def test_that_weights_begin_as_he_has_them() -> None:
    torch.manual_seed(0)
    convolution = create("unet", 1, 2, base=64, depth=1, norm="none").encoders[0][3]  # type: ignore[index]
    assert convolution.weight.std().item() == pytest.approx((2 / 576) ** 0.5, rel=0.02)
    assert not convolution.bias.any()


def plainly(w: dict[str, Tensor], x: Tensor, rim: int) -> Tensor:
    """The figure of the paper in functions, with two poolings and without norms; `rim` is the convolutions' padding."""

    def twice(name: str, x: Tensor) -> Tensor:
        for layer in (0, 3):
            x = F.relu(F.conv2d(x, w[f"{name}.{layer}.weight"], w[f"{name}.{layer}.bias"], padding=rim))
        return x

    def up(n: int, x: Tensor, skip: Tensor) -> Tensor:
        x = F.conv_transpose2d(x, w[f"ups.{n}.weight"], w[f"ups.{n}.bias"], stride=2)
        off = (skip.shape[-1] - x.shape[-1]) // 2
        cut = skip[..., off : off + x.shape[-2], off : off + x.shape[-1]]
        return twice(f"decoders.{n}", torch.cat([cut, x], 1))

    one = twice("encoders.0", x)
    two = twice("encoders.1", F.max_pool2d(one, 2))
    bottom = twice("bottom", F.max_pool2d(two, 2))
    return F.conv2d(up(1, up(0, bottom, two), one), w["head.weight"], w["head.bias"])


@pytest.mark.parametrize(("padding", "rim"), [("same", 1), ("valid", 0)])
def test_that_the_same_weights_give_what_the_figure_says(padding: str, rim: int) -> None:
    network = tiny("unet", 2, norm="none", padding=padding)
    x = torch.randn(2, 2, *network.input_shape((60, 60)))
    with torch.inference_mode():
        assert (network(x) - plainly(network.state_dict(), x, rim)).abs().max() <= 1e-5


@pytest.mark.parametrize(("depth", "margin"), list(enumerate([2, 8, 20, 44, 92])))
def test_that_valid_padding_removes_the_published_margin(depth: int, margin: int) -> None:
    network = create("unet", 1, 2, depth=depth, base=1, padding="valid").eval()
    assert network.receptive_margin == (margin, margin)
    shape = network.input_shape((2 * margin + 1,) * 2)
    assert network(torch.zeros(1, 1, *shape)).shape[2:] == tuple(size - 2 * margin for size in shape)


@pytest.mark.parametrize("depth", [1, 2, 3, 4])
def test_that_the_margin_with_same_padding_is_tight(depth: int) -> None:
    network = create("unet", 1, 2, depth=depth, base=1).eval()
    margin, step = network.receptive_margin[0], network.size_multiple[0]
    halo = round_up(margin, step)
    for known, finite in ((margin, True), (margin - 1, False)):
        x = torch.ones(1, 1, 2 * halo + step, step)
        x[..., : halo - known, :] = torch.nan
        assert bool(torch.isfinite(network(x)[0, 0, halo : halo + step]).all()) == finite


@pytest.mark.parametrize("norm", ["batch", "group", "instance", "none"])
def test_that_every_norm_trains_in_both_dimensions(norm: str) -> None:
    for dims in (2, 3):
        network = create("unet", 1, 2, dims, depth=1, base=4, norm=norm)
        assert torch.isfinite(network(torch.randn(2, 1, *(8,) * dims))).all()


def test_that_only_norms_that_look_at_single_voxels_promise_exact_tiles() -> None:
    assert [create("unet", 1, 2, depth=1, base=4, norm=n).exact for n in ("batch", "none", "group", "instance")] == [
        True,
        True,
        False,
        False,
    ]


def test_that_thick_slices_are_pooled_after_the_others_have_caught_up() -> None:
    assert pools_for_spacing((5.0, 1.0, 1.0), 4) == ((1, 2, 2), (1, 2, 2), (2, 2, 2), (2, 2, 2))


def test_that_a_few_slices_are_not_pooled_away() -> None:
    assert pools_for_spacing((1.0, 1.0, 1.0), 3, (8, 64, 64)) == ((2, 2, 2), (1, 2, 2), (1, 2, 2))


def test_that_an_anisotropic_network_keeps_its_shape() -> None:
    pool = pools_for_spacing((4.0, 1.0, 1.0), 3)
    network = create("unet", 1, 2, 3, depth=3, base=2, pool=[list(level) for level in pool]).eval()
    assert network.size_multiple == (4, 8, 8)
    assert network(torch.zeros(1, 1, 4, 16, 24)).shape == (1, 2, 4, 16, 24)


def test_that_an_impossible_depth_is_refused() -> None:
    with pytest.raises(UserError, match="0 to 8 poolings"):
        create("unet", 1, 2, depth=9)


@pytest.mark.parametrize("dims", [2, 3])
def test_that_deep_supervision_trains_every_level_of_the_decoder(dims: int) -> None:
    network = tiny("unet", dims, depth=3, deep_supervision=True)
    x = torch.randn(1, 2, *(16,) * dims)
    assert [tuple(logits.shape) for logits in network(x)] == [(1, 3, *(size,) * dims) for size in (16, 8, 4)]
    assert network.eval()(x).shape == (1, 3, *(16,) * dims)


def test_that_deep_supervision_is_not_on_by_itself_and_not_for_valid_padding() -> None:
    assert isinstance(tiny("unet", 2)(torch.randn(2, 2, 16, 16)), Tensor)
    with pytest.raises(UserError, match="same padding"):
        create("unet", 1, 2, padding="valid", deep_supervision=True)
