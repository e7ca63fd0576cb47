"""Residual U-Net (Zhang, Liu, Wang, IEEE GRSL 2018, arXiv:1711.10684): residual units, and strides instead of poolings."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from unetstudio.networks.blocks import CONV, he_init, norm_layer
from unetstudio.networks.network import NETWORKS, Network, check
from unetstudio.networks.pyramid import PyramidConfig, pyramid_margin

SHORTCUTS = ("projection", "identity")


@dataclass(frozen=True)
class ResidualUNetConfig(PyramidConfig):
    """Options: `shortcut` is a 1x1 convolution ("projection"), or the identity with channels cropped, or padded with zeros, as needed.

    `affine`: norms have a factor and an offset. The paper's 7.8 million parameters are 7,782,913 with identities and without `affine`.
    """

    shortcut: str = "projection"
    affine: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.shortcut in SHORTCUTS, f"There is no shortcut named {self.shortcut!r}. Known: {', '.join(SHORTCUTS)}.")


@NETWORKS.register("residual_unet")
class ResidualUNet(Network):
    """7 units in the published size: three in the encoder, a bridge, three in the decoder."""

    title = "Residual U-Net"
    description = (
        "A U-Net with shortcuts: often steadier when training goes on for long, and about as quick; try it when U-Net stops improving."
    )
    source = "Zhang, Liu, Wang: Road Extraction by Deep Residual U-Net. IEEE Geoscience and Remote Sensing Letters 2018, arXiv:1711.10684"
    dims = (2, 3)
    presets = MappingProxyType(
        {
            "default": {},
            "published": {"dims": (2,), "depth": 3, "base": 64, "norm": "batch", "pool": (), "shortcut": "identity", "affine": False},
        }
    )
    Config = ResidualUNetConfig

    def __init__(self, config: ResidualUNetConfig) -> None:
        super().__init__()
        self.config: ResidualUNetConfig = config
        dims = config.dims
        widths = [config.base * 2**level for level in range(config.depth + 1)]
        once = (1,) * dims
        self.first = Unit(config, config.in_channels, widths[0], config.kernels[0], config.kernels[0], once, activated=False)
        steps = zip(widths, widths[1:], config.strided_kernels, config.kernels[1:], config.pools, strict=False)
        self.encoders = nn.ModuleList(Unit(config, *step) for step in steps)  # the last one is the bridge
        upward = list(zip(widths, widths[1:], config.kernels, strict=False))[::-1]
        self.decoders = nn.ModuleList(Unit(config, wide + below, wide, kernel, kernel, once) for wide, below, kernel in upward)
        self.head = CONV[dims](config.base, config.n_classes, 1)
        he_init(self)

        self.size_multiple = config.size_multiple
        self.receptive_margin = tuple(_margin(config, axis) for axis in range(dims))
        self.valid_margin = (0,) * dims
        self.exact = config.norm in ("batch", "none")

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, 224, 224) to (N, K, 224, 224); the numbers are those of the paper's table."""
        x = self.first(x)  # (N, 64, 224, 224)
        skips = []
        for encode in self.encoders:
            skips.append(x)
            x = encode(x)  # (N, 128, 112, 112)  (N, 256, 56, 56)  bridge (N, 512, 28, 28)
        for decode, factor in zip(self.decoders, self.config.pools[::-1], strict=True):
            x = interpolate(x, scale_factor=tuple(map(float, factor)))  # nearest: (N, 512, 56, 56) ...
            x = decode(torch.cat([skips.pop(), x], dim=1))  # (N, 256, 56, 56)  (N, 128, 112, 112)  (N, 64, 224, 224)
        logits: Tensor = self.head(x)
        return logits


class Unit(nn.Module):
    """Twice norm, ReLU, convolution (He et al. 2016, arXiv:1603.05027), the first with a stride, in parallel with a shortcut.

    The first unit of the network is not `activated`: it begins with the convolution.
    """

    def __init__(
        self,
        config: ResidualUNetConfig,
        channels_in: int,
        channels: int,
        first: tuple[int, ...],
        second: tuple[int, ...],
        stride: tuple[int, ...],
        activated: bool = True,
    ) -> None:
        super().__init__()
        conv, dims = CONV[config.dims], config.dims
        begin = [norm_layer(config.norm, dims, channels_in, config.affine), nn.ReLU()] if activated else []
        self.body = nn.Sequential(
            *begin,
            conv(channels_in, channels, first, stride, tuple(k // 2 for k in first)),
            norm_layer(config.norm, dims, channels, config.affine),
            nn.ReLU(inplace=True),
            conv(channels, channels, second, padding=tuple(k // 2 for k in second)),
        )
        project = config.shortcut == "projection"
        self.shortcut = conv(channels_in, channels, 1, stride) if project else Identity(channels, stride)

    def forward(self, x: Tensor) -> Tensor:
        total: Tensor = self.body(x) + self.shortcut(x)
        return total


class Identity(nn.Module):
    """The first `channels` channels of the strided input, padded with channels of zeros (He et al. 2016, option A)."""

    def __init__(self, channels: int, stride: tuple[int, ...]) -> None:
        super().__init__()
        self.channels, self.stride = channels, stride

    def forward(self, x: Tensor) -> Tensor:
        x = x[(slice(None), slice(self.channels), *(slice(None, None, step) for step in self.stride))]
        return pad(x, (0, 0) * len(self.stride) + (0, self.channels - x.shape[1]))


def _margin(config: ResidualUNetConfig, axis: int) -> int:
    half = [kernel[axis] // 2 for kernel in config.kernels]
    down = [2 * half[0], *half[1:]]  # the first of a unit's two convolutions is the one that strides
    strided = [kernel[axis] // 2 for kernel in config.strided_kernels]
    return pyramid_margin([level[axis] for level in config.pools], down, [2 * n for n in half[:-1]], strided=strided)
