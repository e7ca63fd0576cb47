"""UNETR: as many parameters as the released network, the same answer as MONAI's and as the paper's figure written down plainly."""

import math
from typing import Any

import pytest
import torch
from networks.tiny import lively, tiny
from torch import Tensor, nn
from torch.nn import functional as F

from unetstudio.errors import UserError
from unetstudio.networks.network import Network, create
from unetstudio.networks.unetr import UNETRConfig

FUNCTIONS = {2: (F.conv2d, F.conv_transpose2d), 3: (F.conv3d, F.conv_transpose3d)}


def test_that_the_published_network_has_the_papers_parameters() -> None:
    with torch.device("meta"):
        network = create("unetr", 1, 14, 3, "published")
    positions = network.get_parameter("positions").numel()
    assert (network.parameters_count - positions, positions) == (92_574_622, 165_888)


def test_that_skips_leave_after_the_blocks_that_the_paper_names() -> None:
    assert UNETRConfig(1, 2, 3, patch=16, layers=12).taps == (3, 6, 9, 12)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("options", [{}, {"norm": "instance", "affine": False}, {"patch": 16, "heads": 3}])
def test_that_it_computes_what_the_paper_draws(dims: int, options: dict[str, Any]) -> None:
    network = lively(tiny("unetr", dims, **{"size": 32, **options})).double()
    x = torch.randn(2, 2, *(32,) * dims, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(network(x), drawn(network, x), rtol=0, atol=1e-5)


@pytest.mark.filterwarnings("ignore")
def test_that_it_computes_what_monai_computes() -> None:
    pytest.importorskip("einops")
    theirs = pytest.importorskip("monai.networks.nets").UNETR(
        1, 3, (32, 32, 32), feature_size=4, hidden_size=24, mlp_dim=40, num_heads=3, norm_name="instance", conv_block=True, res_block=False
    )
    options = {"hidden": 24, "heads": 3, "mlp": 40, "layers": 12, "feature": 4, "size": 32, "norm": "instance", "affine": False}
    ours = create("unetr", 1, 3, 3, **options).eval()
    ours.load_state_dict(renamed(theirs.state_dict()))
    theirs.vit = LaterStates(theirs.vit)
    x = torch.randn(2, 1, 32, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(ours(x), theirs.eval()(x), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("dims", "shape"), [(2, (24, 40)), (3, (8, 24, 16))])
def test_that_positions_are_interpolated_for_other_sizes(dims: int, shape: tuple[int, ...]) -> None:
    network = lively(tiny("unetr", dims, size=16))
    assert network(torch.randn(1, 2, *shape)).shape == (1, 3, *shape)
    with torch.no_grad():
        before = network(torch.ones(1, 2, *shape))
        network.get_parameter("positions").zero_()
        assert not torch.allclose(before, network(torch.ones(1, 2, *shape)))


def test_that_every_output_sees_the_whole_window() -> None:
    network = lively(tiny("unetr", 2))
    x = torch.randn(1, 2, 64, 64, requires_grad=True)
    network(x)[0, 0, 0, 0].backward()
    assert x.grad is not None
    assert (x.grad != 0).float().mean() > 0.99
    assert not network.exact


def test_that_a_size_that_is_no_multiple_of_the_patch_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot take"):
        tiny("unetr", 2)(torch.zeros(1, 2, 12, 16))


@pytest.mark.parametrize(
    ("options", "why"), [({"patch": 12}, "edge of 4"), ({"heads": 5}, "cannot be shared"), ({"size": 100}, "patches of 16")]
)
def test_that_what_does_not_fit_together_is_refused(options: dict[str, int], why: str) -> None:
    with pytest.raises(UserError, match=why):
        create("unetr", 1, 2, **options)


class LaterStates(nn.Module):
    """MONAI takes states 3, 6 and 9 counted from 0, which are those after blocks 4, 7 and 10; the paper has 3, 6 and 9 counted from 1."""

    def __init__(self, vit: nn.Module) -> None:
        super().__init__()
        self.vit = vit

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        last, states = self.vit(x)
        return last, [last, *states]


def renamed(theirs: dict[str, Tensor]) -> dict[str, Tensor]:
    """MONAI's weights under our names."""
    names = {
        "vit.patch_embedding.patch_embeddings.": "embed.",
        "vit.norm.": "norm.",
        "out.conv.conv.": "head.",
        "encoder1.layer.": "finest.",
        **{f"vit.blocks.{n}.": f"blocks.{n}." for n in range(12)},
        **{f"encoder{n + 2}.transp_conv_init.conv.": f"skips.{n}.0." for n in range(3)},
        **{f"encoder{n + 2}.blocks.{m}.0.conv.": f"skips.{n}.{2 * m + 1}." for n in range(2) for m in range(2)},
        **{f"encoder{n + 2}.blocks.{m}.1.": f"skips.{n}.{2 * m + 2}." for n in range(2) for m in range(2)},
        **{f"decoder{5 - n}.transp_conv.conv.": f"ups.{n}." for n in range(4)},
        **{f"decoder{5 - n}.conv_block.": f"decoders.{n}." for n in range(4)},
    }
    inside = {"attn.qkv.": "qkv.", "attn.out_proj.": "project.", "mlp.linear1.": "mlp.0.", "mlp.linear2.": "mlp.2.", "conv1.conv.": "0."}
    ours = {}
    for name, value in theirs.items():
        if "cross_attn" in name:
            continue
        if name.endswith("position_embeddings"):
            ours["positions"] = value.transpose(1, 2).reshape(1, -1, 2, 2, 2)
            continue
        start = next(start for start in names if name.startswith(start))
        rest = name.removeprefix(start).replace("conv2.conv.", "3.")
        for old, new in inside.items():
            rest = rest.replace(old, new)
        ours[names[start] + rest] = value
    return ours


def drawn(network: Network, x: Tensor) -> Tensor:
    """Figure 2 of the paper, from the weights by their names, with the attention spelled out."""
    config, weights, dims = network.config, network.state_dict(), network.config.dims
    assert isinstance(config, UNETRConfig)
    convolve, deconvolve = FUNCTIONS[dims]
    levels = round(math.log2(config.patch))

    def linear(name: str, x: Tensor) -> Tensor:
        return F.linear(x, weights[f"{name}.weight"], weights.get(f"{name}.bias"))

    def layer_norm(name: str, x: Tensor) -> Tensor:
        centred = x - x.mean(-1, keepdim=True)
        return centred / (centred.square().mean(-1, keepdim=True) + 1e-5).sqrt() * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def attention(name: str, x: Tensor) -> Tensor:
        q, k, v = (part.reshape(*x.shape[:2], config.heads, -1) for part in linear(f"{name}.qkv", x).chunk(3, -1))
        likeness = torch.einsum("nqhc,nkhc->nhqk", q, k) / math.sqrt(config.hidden / config.heads)
        return linear(f"{name}.project", torch.einsum("nhqk,nkhc->nqhc", likeness.softmax(-1), v).reshape(x.shape))

    def norm(name: str, x: Tensor) -> Tensor:
        if config.norm == "instance":
            return F.instance_norm(x)
        return F.batch_norm(x, *(weights[f"{name}.{what}"] for what in ("running_mean", "running_var", "weight", "bias")))

    def convs(name: str, x: Tensor) -> Tensor:
        for place in (0, 3):
            x = F.leaky_relu(norm(f"{name}.{place + 1}", convolve(x, weights[f"{name}.{place}.weight"], padding=1)), 0.01)
        return x

    def up(name: str, x: Tensor) -> Tensor:
        return deconvolve(x, weights[f"{name}.weight"], stride=2)

    def picture(tokens: Tensor) -> Tensor:
        return tokens.mT.reshape(len(tokens), -1, *(n // config.patch for n in x.shape[2:]))

    tokens = convolve(x, weights["embed.weight"], weights["embed.bias"], stride=config.patch) + weights["positions"]
    tokens = tokens.flatten(2).mT
    states = [tokens]
    for number in range(config.layers):
        name = f"blocks.{number}"
        tokens = tokens + attention(name, layer_norm(f"{name}.norm1", tokens))
        inner = F.gelu(linear(f"{name}.mlp.0", layer_norm(f"{name}.norm2", tokens)))
        tokens = tokens + linear(f"{name}.mlp.2", inner)
        states.append(tokens)
    skips = [convs("finest", x)]
    for level in range(1, levels):
        skip = up(f"skips.{level - 1}.0", picture(states[config.layers * level // levels]))
        for more in range(levels - level - 1):
            skip = convs(f"skips.{level - 1}.{2 * more + 2}", up(f"skips.{level - 1}.{2 * more + 1}", skip))
        skips.append(skip)
    y = picture(layer_norm("norm", tokens))
    for place in range(levels):
        y = convs(f"decoders.{place}", torch.cat([up(f"ups.{place}", y), skips[levels - 1 - place]], 1))
    return convolve(y, weights["head.weight"], weights["head.bias"])
