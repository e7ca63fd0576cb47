"""The residual-encoder U-Net against nnU-Net's figures and against plain functions."""

import pytest
import torch
import torch.nn.functional as F
from networks.tiny import lively, tiny
from torch import Tensor

from unetstudio.errors import UserError
from unetstudio.networks.network import create, round_up


@pytest.mark.parametrize(("dims", "parameters"), [(2, 105_916_812), (3, 102_349_770)])
def test_that_parameters_are_as_many_as_nnunet_has(dims: int, parameters: int) -> None:
    with torch.device("meta"):
        assert create("resenc_unet", 1, 2, dims, "published").parameters_count == parameters


def plainly(w: dict[str, Tensor], x: Tensor) -> Tensor:
    """Levels of 1, 2 and 2 blocks in functions."""

    def conv(at: str, norm: str, x: Tensor, stride: int = 1) -> Tensor:
        x = F.conv2d(x, w[f"{at}.weight"], w.get(f"{at}.bias"), stride, w[f"{at}.weight"].shape[-1] // 2)
        return F.batch_norm(x, w[f"{norm}.running_mean"], w[f"{norm}.running_var"], w[f"{norm}.weight"], w[f"{norm}.bias"])

    def block(at: str, x: Tensor, stride: int = 1) -> Tensor:
        y = F.leaky_relu(conv(f"{at}.body.0", f"{at}.body.1", x, stride), 0.01)
        y = conv(f"{at}.body.3", f"{at}.body.4", y)
        if stride > 1:
            x = conv(f"{at}.shortcut.1", f"{at}.shortcut.2", F.avg_pool2d(x, stride))
        return F.leaky_relu(x + y, 0.01)

    def up(n: int, x: Tensor, skip: Tensor) -> Tensor:
        x = F.conv_transpose2d(x, w[f"ups.{n}.weight"], w[f"ups.{n}.bias"], stride=2)
        return F.leaky_relu(conv(f"decoders.{n}.0", f"decoders.{n}.1", torch.cat([x, skip], 1)), 0.01)

    one = block("stages.0.0", F.leaky_relu(conv("stem.0", "stem.1", x), 0.01))
    two = block("stages.1.1", block("stages.1.0", one, 2))
    bottom = block("stages.2.1", block("stages.2.0", two, 2))
    return F.conv2d(up(1, up(0, bottom, two), one), w["head.weight"], w["head.bias"])


def test_that_the_same_weights_give_what_plain_functions_give() -> None:
    network = lively(tiny("resenc_unet", 2, blocks=(1, 2, 2)))
    x = torch.randn(2, 2, 40, 28)
    with torch.inference_mode():
        assert (network(x) - plainly(network.state_dict(), x)).abs().max() <= 1e-5


@pytest.mark.parametrize("dims", [2, 3])
def test_that_training_returns_every_level_of_the_decoder_and_evaluation_the_finest(dims: int) -> None:
    network = tiny("resenc_unet", dims, depth=3, blocks=(1,))
    x = torch.randn(1, 2, *(16,) * dims)
    assert [tuple(logits.shape) for logits in network(x)] == [(1, 3, *(size,) * dims) for size in (16, 8, 4)]
    assert network.eval()(x).shape == (1, 3, *(16,) * dims)


def test_that_deep_supervision_can_be_left_out() -> None:
    network = tiny("resenc_unet", 2, deep_supervision=False)
    assert isinstance(network(torch.randn(2, 2, 16, 16)), Tensor)
    assert not len(network.side_heads)  # type: ignore[arg-type]


@pytest.mark.parametrize("blocks", [(1,), (1, 2, 3)])
def test_that_the_margin_is_tight(blocks: tuple[int, ...]) -> None:
    network = create("resenc_unet", 1, 2, depth=2, base=1, blocks=blocks).eval()
    margin, step = network.receptive_margin[0], network.size_multiple[0]
    halo = round_up(margin, step)
    for known, finite in ((margin, True), (margin - 1, False)):
        x = torch.ones(1, 1, 2 * halo + step, step)
        x[..., : halo - known, :] = torch.nan
        assert bool(torch.isfinite(network(x)[0, 0, halo : halo + step]).all()) == finite


def test_that_a_level_without_blocks_is_refused() -> None:
    with pytest.raises(UserError, match="1 to 16 blocks"):
        create("resenc_unet", 1, 2, blocks=(1, 0))
