"""The residual U-Net against its paper and against plain functions."""

import pytest
import torch
import torch.nn.functional as F
from networks.tiny import lively, tiny
from torch import Tensor

from unetstudio.errors import UserError
from unetstudio.networks.network import create, round_up


@pytest.mark.parametrize(
    ("options", "parameters"), [({}, 7_782_913), ({"shortcut": "projection"}, 8_214_593), ({"affine": True}, 7_789_313)]
)
def test_that_parameters_are_as_many_as_published(options: dict[str, object], parameters: int) -> None:
    with torch.device("meta"):
        network = create("residual_unet", 3, 1, 2, "published", **options)
        assert network.parameters_count == parameters
        assert network(torch.zeros(1, 3, 224, 224)).shape == (1, 1, 224, 224)


def plainly(w: dict[str, Tensor], x: Tensor) -> Tensor:
    """The figure of the paper in functions, with two strides."""

    def norm(name: str, x: Tensor) -> Tensor:
        return F.relu(F.batch_norm(x, w[f"{name}.running_mean"], w[f"{name}.running_var"], w[f"{name}.weight"], w[f"{name}.bias"]))

    def conv(name: str, x: Tensor, stride: int = 1, rim: int = 1) -> Tensor:
        return F.conv2d(x, w[f"{name}.weight"], w[f"{name}.bias"], stride, rim)

    def unit(name: str, x: Tensor, stride: int = 1) -> Tensor:
        y = conv(f"{name}.body.2", norm(f"{name}.body.0", x), stride)
        return conv(f"{name}.body.5", norm(f"{name}.body.3", y)) + conv(f"{name}.shortcut", x, stride, 0)

    def double(x: Tensor) -> Tensor:
        return x.repeat_interleave(2, -1).repeat_interleave(2, -2)

    one = conv("first.body.3", norm("first.body.1", conv("first.body.0", x))) + conv("first.shortcut", x, 1, 0)
    two = unit("encoders.0", one, 2)
    bridge = unit("encoders.1", two, 2)
    up = unit("decoders.0", torch.cat([two, double(bridge)], 1))
    return conv("head", unit("decoders.1", torch.cat([one, double(up)], 1)), 1, 0)


def test_that_the_same_weights_give_what_the_figure_says() -> None:
    network = lively(tiny("residual_unet", 2))
    x = torch.randn(2, 2, 40, 28)
    with torch.inference_mode():
        assert (network(x) - plainly(network.state_dict(), x)).abs().max() <= 1e-5


def test_that_an_identity_keeps_the_first_channels_and_adds_zeros() -> None:
    unit = tiny("residual_unet", 2, shortcut="identity").encoders[0]  # type: ignore[index]
    x = torch.randn(1, 4, 6, 6)
    y = unit.shortcut(x)  # type: ignore[operator]
    assert y.shape == (1, 8, 3, 3)
    assert torch.equal(y[:, :4], x[..., ::2, ::2])
    assert not y[:, 4:].any()


def test_that_strides_of_an_anisotropic_network_pass_no_slice_by() -> None:
    network = tiny("residual_unet", 3, pool=((2, 2, 2), (1, 2, 2)))
    assert network.encoders[0].body[2].kernel_size == (3, 3, 3)  # type: ignore[index]
    assert network.encoders[1].body[2].kernel_size == (3, 3, 3)  # type: ignore[index]
    assert network.size_multiple == (2, 4, 4)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_that_the_margin_is_tight(depth: int) -> None:
    network = create("residual_unet", 1, 2, depth=depth, base=1).eval()
    margin, step = network.receptive_margin[0], network.size_multiple[0]
    halo = round_up(margin, step)
    for known, finite in ((margin, True), (margin - 1, False)):
        x = torch.ones(1, 1, 2 * halo + step, step)
        x[..., : halo - known, :] = torch.nan
        assert bool(torch.isfinite(network(x)[0, 0, halo : halo + step]).all()) == finite


def test_that_an_unknown_shortcut_is_refused() -> None:
    with pytest.raises(UserError, match=r"no shortcut named 'bridge'\. Known: projection, identity"):
        create("residual_unet", 1, 2, shortcut="bridge")
