"""The U-Net against the figures of its paper."""

from typing import Any

import pytest
import torch

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


def test_that_a_572_image_becomes_a_388_map_with_valid_padding() -> None:
    network = create("unet", 1, 2, base=2, norm="none", padding="valid").eval()
    assert network(torch.zeros(1, 1, 572, 572)).shape == (1, 2, 388, 388)


def test_that_a_volume_loses_what_the_3d_paper_says() -> None:
    network = create("unet", 1, 2, 3, depth=3, base=1, norm="none", padding="valid").eval()
    with torch.inference_mode():
        assert network(torch.zeros(1, 1, 132, 132, 116)).shape == (1, 2, 44, 44, 28)


@pytest.mark.parametrize(("depth", "margin"), list(enumerate([2, 8, 20, 44, 92])))
def test_that_valid_padding_loses_the_published_margin(depth: int, margin: int) -> None:
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
