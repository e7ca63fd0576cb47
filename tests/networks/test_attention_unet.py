"""The attention U-Net against the authors' figures and against plain functions."""

import pytest
import torch
import torch.nn.functional as F
from networks.tiny import lively, tiny
from torch import Tensor

from unetstudio.errors import UserError
from unetstudio.networks.network import create, round_up


@pytest.mark.parametrize(("classes", "gates", "parameters"), [(4, 1, 6_214_151), (4, 2, 6_473_322), (2, 1, 6_213_613)])
def test_that_parameters_are_as_many_as_the_authors_have(classes: int, gates: int, parameters: int) -> None:
    with torch.device("meta"):
        network = create("attention_unet", 1, classes, 3, "published", gates=gates)
        assert network.parameters_count == parameters
        assert network(torch.zeros(1, 1, 160, 160, 96)).shape == (1, classes, 160, 160, 96)


def plainly(w: dict[str, Tensor], x: Tensor) -> tuple[Tensor, Tensor]:
    """Two poolings in functions, after the figure and equation 1 of the paper: logits, and how open the one gate is."""

    def norm(at: str, x: Tensor) -> Tensor:
        return F.batch_norm(x, w[f"{at}.running_mean"], w[f"{at}.running_var"], w[f"{at}.weight"], w[f"{at}.bias"])

    def conv(at: str, x: Tensor, stride: int = 1) -> Tensor:
        weight = w[f"{at}.weight"]
        return F.conv2d(x, weight, w.get(f"{at}.bias"), stride, weight.shape[-1] // 2 if stride == 1 else 0)

    def twice(at: str, x: Tensor) -> Tensor:
        x = F.relu(norm(f"{at}.1", conv(f"{at}.0", x)))
        return F.relu(norm(f"{at}.4", conv(f"{at}.3", x)))

    def double(x: Tensor) -> Tensor:
        return F.interpolate(x, scale_factor=2, mode="bilinear")

    one = twice("encoders.0", x)
    two = twice("encoders.1", F.max_pool2d(one, 2))
    bottom = twice("bottom", F.max_pool2d(two, 2))
    g = F.relu(norm("signal.1", conv("signal.0", bottom)))
    at = "gates.0.gates.0"
    alpha = double(torch.sigmoid(conv(f"{at}.psi", F.relu(conv(f"{at}.w_x", two, 2) + conv(f"{at}.w_g", g)))))
    passed = norm(f"{at}.out.1", conv(f"{at}.out.0", alpha * two))
    passed = F.relu(norm("gates.0.combine.1", conv("gates.0.combine.0", passed)))
    up = twice("decoders.1", torch.cat([passed, double(bottom)], 1))
    return conv("head", twice("decoders.0", torch.cat([one, double(up)], 1))), alpha


def test_that_the_same_weights_give_what_the_figure_says() -> None:
    network = lively(tiny("attention_unet", 2))
    x = torch.randn(2, 2, 40, 28)
    logits, alpha = plainly(network.state_dict(), x)
    with torch.inference_mode():
        assert (network(x) - logits).abs().max() <= 1e-5
    (shown,) = network.attention_maps(x)  # type: ignore[operator]
    assert (shown - F.interpolate(alpha, (40, 28), mode="bilinear")).abs().max() <= 1e-5


@pytest.mark.parametrize("dims", [2, 3])
def test_that_attention_maps_are_as_large_as_the_image_and_at_first_nearly_open(dims: int) -> None:
    network = tiny("attention_unet", dims, depth=3).eval()
    maps = network.attention_maps(torch.randn(1, 2, *(16,) * dims))  # type: ignore[operator]
    assert [tuple(one.shape) for one in maps] == [(1, 1, *(16,) * dims)] * 2
    assert all(0.5 < float(one.min()) <= float(one.max()) <= 1 for one in maps)


def test_that_training_supervises_the_coarser_logits_or_merges_them() -> None:
    x = torch.randn(2, 2, 16, 16)
    assert [tuple(logits.shape) for logits in tiny("attention_unet", 2, depth=3)(x)] == [(2, 3, size, size) for size in (16, 8, 4)]
    assert tiny("attention_unet", 2, supervision="merged")(x).shape == (2, 3, 16, 16)
    assert tiny("attention_unet", 2, supervision="none")(x).shape == (2, 3, 16, 16)


@pytest.mark.parametrize("depth", [2, 3])
@pytest.mark.parametrize("supervision", ["sides", "merged"])
def test_that_the_margin_is_tight(depth: int, supervision: str) -> None:
    network = create("attention_unet", 1, 2, depth=depth, base=1, supervision=supervision).eval()
    margin, step = network.receptive_margin[0], network.size_multiple[0]
    halo = round_up(margin, step)
    for known, finite in ((margin, True), (margin - 1, False)):
        x = torch.ones(1, 1, 2 * halo + step, step)
        x[..., : halo - known, :] = torch.nan
        assert bool(torch.isfinite(network(x)[0, 0, halo : halo + step]).all()) == finite


def test_that_too_few_poolings_are_refused() -> None:
    with pytest.raises(UserError, match="at least 2 poolings"):
        create("attention_unet", 1, 2, depth=1)
