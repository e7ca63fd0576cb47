"""MultiResUNet (Ibtehaz & Rahman, Neural Networks 2020, arXiv:1902.04049): three receptive fields per level, convolutions on the skips."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import torch
from torch import Tensor, nn

from unetstudio.networks.blocks import CONV, MAX_POOL, UP_CONV, he_init, norm_layer
from unetstudio.networks.network import NETWORKS, Network, check
from unetstudio.networks.pyramid import PyramidConfig
from unetstudio.networks.receptive_field import ReceptiveField

SHARES = (0.167, 0.333, 0.5)
"""Filters of a block's three chained convolutions, which see 3, 5 and 7 voxels, as shares of the block's width."""


@dataclass(frozen=True)
class MultiResUNetConfig(PyramidConfig):
    """Options: `alpha` is the width of a level's blocks relative to that of a U-Net's level.

    `gamma`: batch norms after convolutions have a factor. `head_norm`: a norm follows the last convolution. The authors' Keras file has no
    factors and has this norm, which only affects the number of parameters.
    """

    alpha: float = 1.67
    gamma: bool = True
    head_norm: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.depth >= 1, "A MultiResUNet has at least one pooling.")
        check(self.base >= 4, f"A MultiResUNet has at least 4 filters at full resolution, not {self.base}.")
        check(1.5 <= self.alpha <= 4, f"The alpha of a MultiResUNet is 1.5 to 4, not {self.alpha}.")

    @property
    def filters(self) -> tuple[int, ...]:
        """Filters of the ResPath and the up-convolution of each level, finest first, the bottom last."""
        return tuple(self.base * 2**level for level in range(self.depth + 1))

    def shares(self, level: int) -> tuple[int, ...]:
        """Return the filters of the three convolutions of a level's blocks: 8, 17 and 26 for the 32 of a U-Net."""
        return tuple(int(self.alpha * self.filters[level] * share) for share in SHARES)

    def steps(self, level: int) -> int:
        """Return the length of a level's ResPath: with four poolings 4, 3, 2, 1, finest level first."""
        return self.depth - level


class MultiResBlock(nn.Module):
    """Three chained convolutions, whose concatenated results are added to the input."""

    def __init__(self, config: MultiResUNetConfig, channels_in: int, level: int) -> None:
        super().__init__()
        shares, kernel = config.shares(level), config.kernels[level]
        self.channels = sum(shares)
        self.shortcut = conv_norm(config, channels_in, self.channels, (1,) * config.dims)
        self.chain = nn.ModuleList(conv_norm(config, a, b, kernel) for a, b in pairwise((channels_in, *shares)))
        self.joined = norm_layer(config.norm, config.dims, self.channels)
        self.out = norm_layer(config.norm, config.dims, self.channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, ...) to (N, `channels`, ...)."""
        features, shortcut = [], self.shortcut(x)
        for conv in self.chain:
            x = torch.relu(conv(x))  # (N, W/6, ...)  (N, W/3, ...)  (N, W/2, ...)
            features.append(x)
        result: Tensor = self.out(torch.relu(self.joined(torch.cat(features, dim=1)) + shortcut))
        return result


class ResPath(nn.Module):
    """Residual convolutions on a skip, which bring its features to a similar depth of processing as the decoder's."""

    def __init__(self, config: MultiResUNetConfig, channels_in: int, level: int) -> None:
        super().__init__()
        filters, kernel = config.filters[level], config.kernels[level]
        inputs = [channels_in, *[filters] * (config.steps(level) - 1)]
        self.convs = nn.ModuleList(conv_norm(config, n, filters, kernel) for n in inputs)
        self.shortcuts = nn.ModuleList(conv_norm(config, n, filters, (1,) * config.dims) for n in inputs)
        self.norms = nn.ModuleList(norm_layer(config.norm, config.dims, filters) for _ in inputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, ...) to (N, filters of the level, ...)."""
        for conv, shortcut, norm in zip(self.convs, self.shortcuts, self.norms, strict=True):
            x = norm(torch.relu(torch.relu(conv(x)) + shortcut(x)))
        return x


@NETWORKS.register("multires_unet")
class MultiResUNet(Network):
    """MultiResUNet. The published size, base 64 and norms without factors, has 29,061,741 values with norm statistics (1 in, 1 out)."""

    title = "MultiResUNet"
    description = "For structures of very different sizes in one image, such as small and large cells; slower than the U-Net."
    source = "Ibtehaz & Rahman: MultiResUNet: Rethinking the U-Net Architecture. Neural Networks 2020, arXiv:1902.04049"
    dims = (2, 3)
    presets = MappingProxyType(
        {
            "default": {},
            "published": {"dims": (2,), "depth": 4, "base": 64, "norm": "batch", "pool": (), "gamma": False, "head_norm": True},
            "released": {"depth": 4, "base": 32, "norm": "batch", "pool": (), "gamma": False, "head_norm": True},
        }
    )
    Config = MultiResUNetConfig

    def __init__(self, config: MultiResUNetConfig) -> None:
        super().__init__()
        self.config: MultiResUNetConfig = config
        dims, filters = config.dims, config.filters
        channels = [sum(config.shares(level)) for level in range(config.depth + 1)]
        inputs = [config.in_channels, *channels]
        levels = range(config.depth)
        self.encoders = nn.ModuleList(MultiResBlock(config, inputs[level], level) for level in levels)
        self.pools = nn.ModuleList(MAX_POOL[dims](factor) for factor in config.pools)
        self.paths = nn.ModuleList(ResPath(config, channels[level], level) for level in levels)
        self.bottom = MultiResBlock(config, inputs[config.depth], config.depth)
        upward = [(level, config.pools[level]) for level in levels[::-1]]
        self.ups = nn.ModuleList(UP_CONV[dims](channels[n + 1], filters[n], f, stride=f) for n, f in upward)
        self.decoders = nn.ModuleList(MultiResBlock(config, 2 * filters[n], n) for n, _ in upward)
        self.head = CONV[dims](channels[0], config.n_classes, 1, bias=not config.head_norm)
        self.head_norm = _norm(config, config.n_classes) if config.head_norm else nn.Identity()
        he_init(self)

        self.size_multiple = config.size_multiple
        self.valid_margin = (0,) * dims
        self.receptive_margin = tuple(
            _receptive_field(config, axis, ReceptiveField(0, n - 1)).margin(n) for axis, n in enumerate(self.size_multiple)
        )
        self.exact = config.norm in ("batch", "none")

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, Y, X) to (N, K, Y, X); the shapes beside the lines are those of the published size, for an image of 256 x 256."""
        if tuple(x.shape[2:]) != self.input_shape(tuple(x.shape[2:])):
            raise ValueError(f"a MultiResUNet of poolings {self.config.pools} cannot take {tuple(x.shape[2:])}")
        skips = []
        for encode, path, pool in zip(self.encoders, self.paths, self.pools, strict=True):
            x = encode(x)  # (N, 105, 256, 256)  (N, 212, 128, 128)  (N, 426, 64, 64)  (N, 853, 32, 32)
            skips.append(path(x))  # (N, 64, 256, 256)  (N, 128, 128, 128)  (N, 256, 64, 64)  (N, 512, 32, 32)
            x = pool(x)
        x = self.bottom(x)  # (N, 1709, 16, 16)
        for up, decode in zip(self.ups, self.decoders, strict=True):
            x = decode(torch.cat([up(x), skips.pop()], dim=1))  # (N, 853, 32, 32) ... (N, 105, 256, 256)
        logits: Tensor = self.head_norm(self.head(x))  # (N, K, 256, 256)
        return logits


def conv_norm(config: MultiResUNetConfig, channels_in: int, channels: int, kernel: tuple[int, ...]) -> nn.Sequential:
    """Make a convolution without bias, and its norm; with norm "none" the convolution has a bias."""
    around = tuple(k // 2 for k in kernel)
    conv = CONV[config.dims](channels_in, channels, kernel, padding=around, bias=config.norm == "none")
    return nn.Sequential(conv, _norm(config, channels))


def _norm(config: MultiResUNetConfig, channels: int) -> nn.Module:
    """Make the norm after a convolution; without gamma, the factor of a batch norm is a constant 1 and not a parameter."""
    layer = norm_layer(config.norm, config.dims, channels)
    if not config.gamma and isinstance(layer, (nn.BatchNorm2d, nn.BatchNorm3d)):
        del layer.weight
        layer.register_buffer("weight", torch.ones(channels))
    return layer


def _receptive_field(config: MultiResUNetConfig, axis: int, output: ReceptiveField, level: int = 0) -> ReceptiveField:
    """Compute the receptive field, along one axis of a level's input, of the positions `output` of its output."""

    def block(out: ReceptiveField, convolutions: int) -> ReceptiveField:
        for _ in range(convolutions):
            out = out.through(config.kernels[level][axis], pad=config.kernels[level][axis] // 2)
        return out

    if level == config.depth:
        return block(output, len(SHARES))
    factor = config.pools[level][axis]
    decoded = block(output, len(SHARES))
    below = _receptive_field(config, axis, decoded.through_up(factor, factor), level + 1).through(factor, factor)
    return block(below.beside(block(decoded, config.steps(level))), len(SHARES))
