"""The 3D U-Net against the figures of its paper."""

from typing import Any

import pytest
import torch

from unetstudio.networks.network import create

COUNTS: list[tuple[int, int, dict[str, Any], int]] = [
    (3, 3, {}, 19_069_955),
    (3, 3, {"affine": True, "up_bias": True}, 19_075_523),
    (1, 2, {"norm": "none", "up_bias": True}, 19_069_058),
    (1, 2, {"affine": True, "up_bias": True}, 19_073_730),
]


@pytest.mark.parametrize(("inputs", "classes", "options", "parameters"), COUNTS)
def test_that_parameters_are_as_many_as_published(inputs: int, classes: int, options: dict[str, Any], parameters: int) -> None:
    with torch.device("meta"):
        assert create("unet3d", inputs, classes, 3, "published", **options).parameters_count == parameters


def test_that_the_published_network_makes_44_x_44_x_28_voxels_of_132_x_132_x_116() -> None:
    with torch.device("meta"):
        network = create("unet3d", 3, 3, 3, "published")
        assert network(torch.zeros(1, 3, 132, 132, 116)).shape == (1, 3, 44, 44, 28)
    assert network.valid_margin == network.receptive_margin == (44, 44, 44)
    assert network.input_shape((132, 132, 116)) == (132, 132, 116)


def test_that_channels_double_before_a_pooling_and_up_convolutions_keep_them() -> None:
    with torch.device("meta"):
        network = create("unet3d", 3, 3, 3, "published")
    shapes = {name: (layer.in_channels, layer.out_channels) for name, layer in network.named_modules() if hasattr(layer, "out_channels")}
    assert [shapes[name] for name in ("encoders.0.0", "encoders.0.3", "bottom.0", "bottom.3")] == [
        (3, 32),
        (32, 64),
        (256, 256),
        (256, 512),
    ]
    assert [shapes[name] for name in ("ups.0", "decoders.0.0", "decoders.0.3", "head")] == [(512, 512), (768, 256), (256, 256), (64, 3)]


def test_that_slices_far_apart_are_not_mixed_at_first() -> None:
    network = create("unet3d", 1, 2, 3, depth=2, base=2, pool=((1, 2, 2), (2, 2, 2))).eval()
    assert network.encoders[0][0].kernel_size == (1, 3, 3)  # type: ignore[index]
    assert network.size_multiple == (2, 4, 4)
