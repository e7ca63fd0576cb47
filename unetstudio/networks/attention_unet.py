"""Attention U-Net (Oktay et al., MIDL 2018, arXiv:1804.03999): gates on the skips, controlled by the next coarser level."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, relu

from unetstudio.networks.blocks import CONV, MAX_POOL, double_conv, he_init, norm_layer
from unetstudio.networks.network import NETWORKS, Network, check
from unetstudio.networks.pyramid import PyramidConfig, pyramid_margin

SUPERVISIONS = ("sides", "merged", "none")

OPEN = 3.0
"""Initial bias of a gate: sigmoid(3) = 0.95 passes nearly everything, as in the paper, and leaves a gradient to learn from."""


@dataclass(frozen=True)
class AttentionUNetConfig(PyramidConfig):
    """Options: `gates` is the number of parallel gates on each skip except the finest; `bias`: convolutions have a bias even before a norm.

    `supervision` of the coarser levels: their logits are compared with the labels ("sides"), or upsampled and merged into one output by a
    last convolution ("merged"), as in the authors' program.
    """

    gates: int = 1
    supervision: str = "sides"
    bias: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.depth >= 2, "An attention U-Net has at least 2 poolings: the finest skip has no gate.")
        check(1 <= self.gates <= 8, f"A skip has 1 to 8 gates, not {self.gates}.")
        names = ", ".join(SUPERVISIONS)
        check(self.supervision in SUPERVISIONS, f"There is no supervision named {self.supervision!r}. Known: {names}.")


@NETWORKS.register("attention_unet")
class AttentionUNet(Network):
    """The attention U-Net. The authors' CT networks at a quarter of the width have 6,214,151 parameters with one gate per skip, 6,473,322
    with two."""

    title = "Attention U-Net"
    description = "A U-Net that learns where to look: for small organs in large scans; what it attends to can be shown over the image."
    source = "Oktay et al.: Attention U-Net: Learning Where to Look for the Pancreas. MIDL 2018, arXiv:1804.03999"
    dims = (2, 3)
    presets = MappingProxyType(
        {
            "default": {},
            "published": {"depth": 4, "base": 16, "norm": "batch", "pool": (), "gates": 2, "supervision": "merged", "bias": True},
        }
    )
    Config = AttentionUNetConfig

    def __init__(self, config: AttentionUNetConfig) -> None:
        super().__init__()
        self.config: AttentionUNetConfig = config
        dims, norm, classes = config.dims, config.norm, config.n_classes
        widths = [config.base * 2**level for level in range(config.depth + 1)]
        inputs = [config.in_channels, *widths]

        def level(channels_in: int, channels: int, kernel: tuple[int, ...]) -> nn.Sequential:
            return double_conv(dims, channels_in, channels, kernel, norm, "same", bias=config.bias)

        *kernels, lowest = config.kernels
        self.encoders = nn.ModuleList(map(level, inputs, widths[:-1], kernels))
        self.pools = nn.ModuleList(MAX_POOL[dims](factor) for factor in config.pools)
        self.bottom = level(inputs[config.depth], widths[-1], lowest)
        self.signal = nn.Sequential(CONV[dims](widths[-1], widths[-1], 1), norm_layer(norm, dims, widths[-1]), nn.ReLU())
        gated = zip(widths[1:-1], widths[2:], config.pools[1:], strict=True)
        self.gates = nn.ModuleList(Gates(config, *skip) for skip in gated)  # the finest skip has none
        self.decoders = nn.ModuleList(map(level, [a + b for a, b in pairwise(widths)], widths[:-1], kernels))
        merged = config.supervision == "merged"
        sides = widths[:-1] if merged else widths[1:-1] if config.supervision == "sides" else []
        self.side_heads = nn.ModuleList(CONV[dims](width, classes, 1) for width in sides)
        self.head = CONV[dims](classes * len(sides) if merged else widths[0], classes, 1)
        he_init(self)
        for gate in self.modules():
            if isinstance(gate, Gate):
                gate.begin_open()
        if merged:
            self._begin_as_sum()

        self.size_multiple = config.size_multiple
        self.receptive_margin = tuple(_margin(config, axis) for axis in range(dims))
        self.valid_margin = (0,) * dims
        self.exact = norm in ("batch", "none")

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Map (N, C, 160, 160, 96) to (N, K, 160, 160, 96); in training with supervised sides also (N, K, 80, 80, 48) ..."""
        levels, _ = self._levels(x)
        if self.config.supervision == "merged":
            shape = levels[0].shape[2:]
            sides = [head(level) for head, level in zip(self.side_heads, levels, strict=True)]
            whole: Tensor = self.head(torch.cat([_resized(side, shape) for side in sides], dim=1))
            return whole
        logits: Tensor = self.head(levels[0])
        if not self.training or not len(self.side_heads):
            return logits
        return (logits, *(head(level) for head, level in zip(self.side_heads, levels[1:], strict=True)))

    @torch.inference_mode()
    def attention_maps(self, x: Tensor) -> list[Tensor]:
        """Return (N, 1, ...) at the size of `x` for each gated skip, finest first: the mean of its gates, 0 for blocked to 1 for passed."""
        _, alphas = self._levels(x)
        return [_resized(alpha, x.shape[2:]) for alpha in alphas]

    def _levels(self, x: Tensor) -> tuple[list[Tensor], list[Tensor]]:
        """Return the decoder's features at each level and the mean attention coefficients of each gated skip, both finest first."""
        skips = []
        for encode, pool in zip(self.encoders, self.pools, strict=True):
            x = encode(x)  # (N, 16, 160, 160, 96)  (N, 32, 80, 80, 48)  (N, 64, 40, 40, 24)  (N, 128, 20, 20, 12)
            skips.append(x)
            x = pool(x)
        x = self.bottom(x)  # (N, 256, 10, 10, 6)
        signal, levels, alphas = self.signal(x), [], []
        for level in reversed(range(self.config.depth)):
            skip = skips.pop()
            if level:
                skip, alpha = self.gates[level - 1](skip, signal)
                alphas.append(alpha)
            x = self.decoders[level](torch.cat([skip, _resized(x, skip.shape[2:])], dim=1))  # (N, 128, 20, 20, 12) ...
            signal = x  # gates the next finer skip
            levels.append(x)
        return levels[::-1] or [x], alphas[::-1]

    @torch.no_grad()
    def _begin_as_sum(self) -> None:
        """Initialise the merging convolution to sum the logits of all levels for each class."""
        weight = self.head.weight
        assert isinstance(weight, Tensor)
        weight.zero_()
        for channel in range(weight.shape[1]):
            weight[channel % self.config.n_classes, channel] = 1


class Gates(nn.Module):
    """Parallel gates on a skip, combined by a 1x1 convolution."""

    def __init__(self, config: AttentionUNetConfig, width: int, below: int, factor: tuple[int, ...]) -> None:
        super().__init__()
        self.gates = nn.ModuleList(Gate(config, width, below, factor) for _ in range(config.gates))
        combine = CONV[config.dims](config.gates * width, width, 1)
        self.combine = nn.Sequential(combine, norm_layer(config.norm, config.dims, width), nn.ReLU())

    def forward(self, x: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        """Return the skip `x` gated by the coarser signal `g`, and the mean attention coefficients at the resolution of `x`."""
        gated, alphas = zip(*(gate(x, g) for gate in self.gates), strict=True)
        return self.combine(torch.cat(gated, dim=1)), torch.stack(alphas).mean(dim=0)


class Gate(nn.Module):
    """Additive attention at the resolution of the gating signal: alpha = sigmoid(psi ReLU(W_x x + W_g g + b_g) + b_psi), equation 1."""

    def __init__(self, config: AttentionUNetConfig, width: int, below: int, factor: tuple[int, ...]) -> None:
        super().__init__()
        conv = CONV[config.dims]
        self.w_x = conv(width, width, factor, stride=factor, bias=False)
        self.w_g = conv(below, width, 1)
        self.psi = conv(width, 1, 1)
        self.out = nn.Sequential(conv(width, width, 1), norm_layer(config.norm, config.dims, width))

    def forward(self, x: Tensor, g: Tensor) -> tuple[Tensor, Tensor]:
        alpha = torch.sigmoid(self.psi(relu(self.w_x(x) + self.w_g(g))))  # (N, 1, 20, 20, 12) for x of (N, 64, 40, 40, 24)
        alpha = _resized(alpha, x.shape[2:])
        return self.out(alpha * x), alpha

    @torch.no_grad()
    def begin_open(self) -> None:
        """Initialise the gate to pass nearly everything."""
        self.psi.weight.mul_(0.1)
        assert self.psi.bias is not None
        self.psi.bias.fill_(OPEN)


def _resized(x: Tensor, shape: torch.Size) -> Tensor:
    """Resize (N, C, ...) to a spatial shape by linear interpolation."""
    return x if x.shape[2:] == shape else interpolate(x, shape, mode="bilinear" if len(shape) == 2 else "trilinear")


def _margin(config: AttentionUNetConfig, axis: int) -> int:
    margins = [kernel[axis] - 1 for kernel in config.kernels]
    return pyramid_margin([level[axis] for level in config.pools], margins, margins[:-1], linear=True, gates=range(1, config.depth))
