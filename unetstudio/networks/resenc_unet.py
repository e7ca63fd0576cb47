"""Residual-encoder U-Net of nnU-Net (Isensee et al., MICCAI 2024, arXiv:2404.09556): a deep residual encoder and a light decoder."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn

from unetstudio.networks.blocks import AVERAGE_POOL, CONV, UP_CONV, he_init, norm_layer
from unetstudio.networks.network import NETWORKS, Network, check
from unetstudio.networks.pyramid import PyramidConfig, pyramid_margin

MOST = {2: 512, 3: 320}
"""nnU-Net's upper limit of channels per level, by number of dimensions."""

SLOPE = 0.01
"""Slope of the leaky ReLU below zero."""


@dataclass(frozen=True)
class ResEncConfig(PyramidConfig):
    """Options: `blocks` per level, finest first, the last number for all further levels; at most `most` channels per level, 0 for nnU-Net's
    512 or 320.

    `deep_supervision`: training also compares the output of the decoder's coarser levels with the labels.
    """

    blocks: tuple[int, ...] = (1, 3, 4, 6)
    most: int = 0
    deep_supervision: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check(bool(self.blocks) and all(1 <= n <= 16 for n in self.blocks), f"A level has 1 to 16 blocks, not {self.blocks}.")
        check(0 <= self.most <= 4096, f"A level has at most 4096 channels, not {self.most}.")

    @property
    def widths(self) -> list[int]:
        """Channels of each level, finest first, the bottom last."""
        return [min(self.base * 2**level, self.most or MOST[self.dims]) for level in range(self.depth + 1)]

    @property
    def counts(self) -> list[int]:
        """Number of blocks of each level, finest first."""
        return [*self.blocks, *self.blocks[-1:] * (self.depth + 1)][: self.depth + 1]


@NETWORKS.register("resenc_unet")
class ResEncUNet(Network):
    """nnU-Net's strongest network: 6 or 7 levels of up to 6 residual blocks, instance norm, deep supervision."""

    title = "Residual-encoder U-Net"
    description = "For volumes: in its full size, with many labelled cases and a GPU, the one that wins challenges; without, a small form."
    source = (
        "Isensee et al.: nnU-Net Revisited: A Call for Rigorous Validation in 3D Medical Image Segmentation. MICCAI 2024, arXiv:2404.09556"
    )
    dims = (2, 3)
    suits_cpu = True  # in its small preset
    presets = MappingProxyType(
        {
            "default": {},
            "small": {"blocks": (1, 2, 2), "most": 128},
            "published": {"depth": {2: 6, 3: 5}, "base": 32, "norm": "instance", "pool": (), "deep_supervision": True},
        }
    )
    Config = ResEncConfig

    def __init__(self, config: ResEncConfig) -> None:
        super().__init__()
        self.config: ResEncConfig = config
        dims, norm, widths, kernels = config.dims, config.norm, config.widths, config.kernels
        self.stem = _conv(config, config.in_channels, widths[0], kernels[0])
        self.stages = nn.ModuleList()
        strides = ((1,) * dims, *config.pools)
        for level, (above, width, count) in enumerate(zip(widths[:1] + widths, widths, config.counts, strict=False)):
            first = config.strided_kernels[level - 1] if level else kernels[0]
            blocks = [ResidualBlock(config, above, width, first, kernels[level], strides[level])]
            blocks += [ResidualBlock(config, width, width, kernels[level], kernels[level], (1,) * dims) for _ in range(count - 1)]
            self.stages.append(nn.Sequential(*blocks))
        upward = list(zip(widths, widths[1:], config.pools, kernels, strict=False))[::-1]
        self.ups = nn.ModuleList(UP_CONV[dims](below, width, f, stride=f) for width, below, f, _ in upward)
        self.decoders = nn.ModuleList(_conv(config, 2 * width, width, kernel) for width, _, _, kernel in upward)
        self.head = CONV[dims](widths[0], config.n_classes, 1)
        coarser = [width for width, *_ in upward[:-1]] if config.deep_supervision else []
        self.side_heads = nn.ModuleList(CONV[dims](width, config.n_classes, 1) for width in coarser)
        he_init(self)

        self.size_multiple = config.size_multiple
        self.receptive_margin = tuple(_margin(config, axis) for axis in range(dims))
        self.valid_margin = (0,) * dims
        self.exact = norm in ("batch", "none")

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Map (N, C, 512, 512) to (N, K, 512, 512); in training with deep supervision also (N, K, 256, 256), (N, K, 128, 128) ..."""
        x = self.stem(x)  # (N, 32, 512, 512)
        skips = []
        for stage in self.stages:
            x = stage(x)  # (N, 32, 512, 512)  (N, 64, 256, 256)  (N, 128, 128, 128) ... (N, 512, 8, 8)
            skips.append(x)
        skips.pop()
        side_logits = []
        for level, (up, decode) in enumerate(zip(self.ups, self.decoders, strict=True)):
            x = decode(torch.cat([up(x), skips.pop()], dim=1))  # (N, 512, 16, 16) ... (N, 32, 512, 512)
            if self.training and level < len(self.side_heads):
                side_logits.append(self.side_heads[level](x))
        logits: Tensor = self.head(x)
        return (logits, *side_logits[::-1]) if side_logits else logits


class ResidualBlock(nn.Module):
    """Convolution, norm, leaky ReLU, convolution, norm, plus a shortcut with average pooling where the block strides; then leaky ReLU."""

    def __init__(
        self,
        config: ResEncConfig,
        channels_in: int,
        channels: int,
        first: tuple[int, ...],
        second: tuple[int, ...],
        stride: tuple[int, ...],
    ) -> None:
        super().__init__()
        dims, norm = config.dims, config.norm
        self.body = nn.Sequential(
            *_conv(config, channels_in, channels, first, stride), *list(_conv(config, channels, channels, second))[:2]
        )
        shortcut: list[nn.Module] = [] if max(stride) == 1 else [AVERAGE_POOL[dims](stride)]
        if channels_in != channels:
            shortcut += [CONV[dims](channels_in, channels, 1, bias=False), norm_layer(norm, dims, channels)]
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        return nn.functional.leaky_relu(self.body(x) + self.shortcut(x), SLOPE)


def _conv(
    config: ResEncConfig, channels_in: int, channels: int, kernel: tuple[int, ...], stride: tuple[int, ...] | int = 1
) -> nn.Sequential:
    """Make convolution, norm, leaky ReLU."""
    around = tuple(k // 2 for k in kernel)
    convolution = CONV[config.dims](channels_in, channels, kernel, stride, around)
    return nn.Sequential(convolution, norm_layer(config.norm, config.dims, channels), nn.LeakyReLU(SLOPE, inplace=True))


def _margin(config: ResEncConfig, axis: int) -> int:
    half = [kernel[axis] // 2 for kernel in config.kernels]
    down = [n * (2 * count) for n, count in zip(half, config.counts, strict=True)]
    down = [down[0] + half[0], *(n - h for n, h in zip(down[1:], half[1:], strict=True))]  # the stem is added; one convolution strides
    strided = [kernel[axis] // 2 for kernel in config.strided_kernels]
    return pyramid_margin([level[axis] for level in config.pools], down, half[:-1], strided=strided)
