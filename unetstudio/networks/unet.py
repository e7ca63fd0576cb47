"""U-Net (Ronneberger, Fischer, Brox, MICCAI 2015, arXiv:1505.04597) in 2D and 3D from one definition."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar

import torch
from torch import Tensor, nn

from unetstudio.networks.blocks import CONV, MAX_POOL, PADDINGS, UP_CONV, centre, double_conv, he_init
from unetstudio.networks.network import NETWORKS, Network, check, round_up
from unetstudio.networks.output_window import Crop, Window, crops_for
from unetstudio.networks.pyramid import Pool, PyramidConfig, pyramid_margin

WINDOW_SHARE = 0.6
"""Measured share of the work that is done in the decoder near full resolution."""


@dataclass(frozen=True)
class UNetConfig(PyramidConfig):
    """Options: `padding` is "same", or "valid" as in the paper: then the output lacks the rim without full context.

    `dropout` is applied at the end of the contracting path, as in the paper: after the convolutions before and after the last pooling.
    `bias`: convolutions have a bias even before a norm; `affine`: norms have a factor and an offset; `up_bias`: up-convolutions have one.
    `deep_supervision`: training also compares the output of the decoder's coarser levels with the labels; only with same padding.
    """

    padding: str = "same"
    dropout: float = 0.0
    bias: bool = False
    affine: bool = True
    up_bias: bool = True
    deep_supervision: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.padding in PADDINGS, f"There is no padding named {self.padding!r}. Known: {', '.join(PADDINGS)}.")
        check(
            self.padding == "same" or not self.deep_supervision,
            "Deep supervision needs same padding: with valid padding the coarser levels do not lie on the voxels of the finest.",
        )
        check(0 <= self.dropout < 1, f"Dropout leaves out a share from 0 to below 1, not {self.dropout}.")

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        """Output channels of the two convolutions of each level, finest first, the bottom last."""
        return tuple((self.base * 2**level,) * 2 for level in range(self.depth + 1))

    def up_channels(self, below: int) -> int:
        """Return the output channels of an up-convolution whose input has `below` channels."""
        return below // 2


@NETWORKS.register("unet")
class UNet(Network):
    """23 convolutions in the published size: depth 4, base 64, no norm, valid padding: 572 x 572 in, 388 x 388 out."""

    title = "U-Net"
    description = "The classic: learns from few examples, quick, and right for nearly everything; begin here."
    source = "Ronneberger, Fischer, Brox: U-Net: Convolutional Networks for Biomedical Image Segmentation. MICCAI 2015, arXiv:1505.04597"
    dims: ClassVar[tuple[int, ...]] = (2, 3)
    presets = MappingProxyType(
        {
            "default": {},
            "published": {"dims": (2,), "depth": 4, "base": 64, "norm": "none", "padding": "valid", "dropout": 0.5},
        }
    )
    Config = UNetConfig

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.config: UNetConfig = config
        dims, norm, padding = config.dims, config.norm, config.padding
        kinds = {"bias": config.bias, "affine": config.affine}
        *widths, (narrow, bottom) = config.widths
        *kernels, lowest = config.kernels
        inputs = [config.in_channels, *(wide for _, wide in widths)]
        self.encoders = nn.ModuleList(
            double_conv(dims, above, wide, kernel, norm, padding, between=first, **kinds)
            for above, (first, wide), kernel in zip(inputs, widths, kernels, strict=False)
        )
        self.pools = nn.ModuleList(MAX_POOL[dims](factor) for factor in config.pools)
        self.bottom = double_conv(dims, inputs[-1], bottom, lowest, norm, padding, between=narrow, **kinds)
        if config.dropout:
            for level in [*self.encoders[-1:], self.bottom]:
                level.append(nn.Dropout(config.dropout))
        self.ups, self.decoders = nn.ModuleList(), nn.ModuleList()
        below = bottom
        for (_, wide), factor, kernel in list(zip(widths, config.pools, kernels, strict=True))[::-1]:
            risen = config.up_channels(below)
            self.ups.append(UP_CONV[dims](below, risen, factor, stride=factor, bias=config.up_bias))
            self.decoders.append(double_conv(dims, wide + risen, wide, kernel, norm, padding, **kinds))
            below = wide
        self.head = CONV[dims](below, config.n_classes, 1)
        coarser = [wide for _, wide in widths[:0:-1]] if config.deep_supervision else []
        self.side_heads = nn.ModuleList(CONV[dims](wide, config.n_classes, 1) for wide in coarser)
        he_init(self)

        self.size_multiple = config.size_multiple
        valid = tuple(_valid_margin(config, axis) for axis in range(dims))
        self.valid_margin = valid if padding == "valid" else (0,) * dims
        self.receptive_margin = valid if padding == "valid" else tuple(_receptive_margin(config, axis) for axis in range(dims))
        self.exact = norm in ("batch", "none")
        inherited = type(self).forward is UNet.forward  # subclasses with a forward of their own take no crops
        self.window_share = WINDOW_SHARE if inherited and self.exact and padding == "same" else 0.0

    def forward(self, x: Tensor, crops: Sequence[Crop] = ()) -> Tensor | tuple[Tensor, ...]:
        """Map (N, C, 572, 572) to (N, K, 388, 388) in the published size; with same padding the output has the size of the input, or of the
        window of `crops`. In training with deep supervision further outputs have half, a quarter ... of this size.
        """
        if tuple(x.shape[2:]) != self.input_shape(tuple(x.shape[2:])):
            raise ValueError(f"a U-Net of poolings {self.config.pools} cannot take {tuple(x.shape[2:])}")
        skips = []
        for encode, pool in zip(self.encoders, self.pools, strict=True):
            x = encode(x)  # (N, 64, 568, 568)  (N, 128, 280, 280)  (N, 256, 136, 136)  (N, 512, 64, 64)
            skips.append(x)
            x = pool(x)  # (N, 64, 284, 284)  (N, 128, 140, 140)  (N, 256, 68, 68)  (N, 512, 32, 32)
        x = self.bottom(x)  # (N, 1024, 28, 28)
        side_logits = []
        for level, (up, decode) in enumerate(zip(self.ups, self.decoders, strict=True)):
            if crops:
                x, skips[-1] = x[crops[2 * level]], skips[-1][crops[2 * level + 1]]
            x = up(x)  # (N, 512, 56, 56)  (N, 256, 104, 104)  (N, 128, 200, 200)  (N, 64, 392, 392)
            x = decode(torch.cat([centre(skips.pop(), x), x], dim=1))  # (N, 512, 52, 52) ... (N, 64, 388, 388)
            if self.training and level < len(self.side_heads):
                side_logits.append(self.side_heads[level](x))
        logits: Tensor = self.head(x[crops[-1]] if crops else x)  # (N, K, 388, 388)
        return (logits, *side_logits[::-1]) if side_logits else logits

    def crops(self, shape: tuple[int, ...], window: Window) -> list[Crop] | None:
        """Return crops as `Network.crops` says; None unless padding is same and norms act on single voxels."""
        around = tuple(tuple(k - 1 for k in kernel) for kernel in self.config.kernels[:-1])
        return crops_for(shape, window, self.config.pools, around) if self.window_share else None

    def input_shape(self, at_least: tuple[int, ...]) -> tuple[int, ...]:
        """Return sizes for which every pooling gets an even number of voxels and the bottom at least one."""
        if self.config.padding == "same":
            return super().input_shape(at_least)
        return tuple(self._valid_size(size, axis) for axis, size in enumerate(at_least))

    def _valid_size(self, at_least: int, axis: int) -> int:
        """Return the smallest valid size: in the encoder, two convolutions remove k - 1 voxels each before a pooling halves the rest."""
        removed, step = 0, 1
        for level, kernel in zip(self.config.pools, self.config.kernels, strict=False):
            removed += step * 2 * (kernel[axis] - 1)
            step *= level[axis]
        smallest = removed + step * (2 * (self.config.kernels[-1][axis] - 1) + 1)
        smallest = max(smallest, 2 * self.receptive_margin[axis] + 1)
        return removed + round_up(max(at_least, smallest) - removed, step)


def pools_for_spacing(spacing: tuple[float, float, float], depth: int, extent: tuple[int, int, int] | None = None) -> Pool:
    """Choose poolings for voxels of `spacing` mm (z, y, x): an axis is not pooled while its spacing exceeds twice the finest one.

    `extent` is the smallest shape (Z, Y, X) that the network will get; an axis is not pooled below 4 voxels.
    """
    sizes, voxels = list(spacing), list(extent or (2 ** (depth + 2),) * 3)
    pools = []
    for _ in range(depth):
        finest = min((s for s, n in zip(sizes, voxels, strict=True) if n >= 8), default=0.0)
        factors = tuple(2 if s <= 2 * finest and n >= 8 else 1 for s, n in zip(sizes, voxels, strict=True))
        sizes = [s * f for s, f in zip(sizes, factors, strict=True)]
        voxels = [n // f for n, f in zip(voxels, factors, strict=True)]
        pools.append(factors)
    return tuple(pools)


def _valid_margin(config: UNetConfig, axis: int) -> int:
    """Count the voxels that valid padding removes from each side: 2, 8, 20, 44, 92 for depths 0 to 4 (the published figures)."""
    margin = config.kernels[-1][axis] - 1
    for level, kernel in zip(config.pools[::-1], config.kernels[-2::-1], strict=True):
        margin = level[axis] * margin + 2 * (kernel[axis] - 1)
    return margin


def _receptive_margin(config: UNetConfig, axis: int) -> int:
    """Compute the receptive margin: two or three voxels more than valid padding removes, where the pooling grid is shifted such that
    every convolution ends on it."""
    margins = [kernel[axis] - 1 for kernel in config.kernels]  # by two convolutions, on each side
    return pyramid_margin([level[axis] for level in config.pools], margins, margins[:-1])
