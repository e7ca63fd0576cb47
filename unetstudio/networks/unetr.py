"""UNETR (Hatamizadeh et al., WACV 2022, arXiv:2103.10504): a vision transformer as the contracting path of a U-Net."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, scaled_dot_product_attention

from unetstudio.networks.blocks import BATCH_NORM, CONV, INSTANCE_NORM, NORMS, UP_CONV, he_init, norm_layer
from unetstudio.networks.network import NETWORKS, Network, NetworkConfig, check

SLOPE = 0.01
"""Slope of the leaky ReLU below zero."""

BLEND = 2
"""Number of patches over which neighbouring tiles are blended: every voxel attends to its whole tile, so no halo makes tiles exact."""


@dataclass(frozen=True)
class UNETRConfig(NetworkConfig):
    """Options: patches with an edge of `patch` voxels become tokens of `hidden` values, which pass through `layers` blocks with `heads`
    heads and an MLP of `mlp` values.

    `feature` is the number of channels at full resolution. Positions are learnt for images of `size` voxels along each axis and
    interpolated for others. `affine`: norms have a factor and an offset; those of the released code do not.
    """

    patch: int = 16
    hidden: int = 384
    layers: int = 12
    heads: int = 6
    mlp: int = 1536
    feature: int = 16
    size: int = 96
    norm: str = "batch"
    affine: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check(self.patch in (4, 8, 16, 32), f"The patches of a UNETR have an edge of 4, 8, 16 or 32, not {self.patch}.")
        check(self.levels <= self.layers <= 48, f"A UNETR of patches of {self.patch} has {self.levels} to 48 layers, not {self.layers}.")
        check(1 <= self.heads <= 64, f"A UNETR has 1 to 64 heads, not {self.heads}.")
        whole = 1 <= self.hidden <= 4096 and self.hidden % self.heads == 0
        check(whole, f"The {self.hidden} values of a token cannot be shared by {self.heads} heads; choose a multiple up to 4096.")
        check(1 <= self.mlp <= 16384 and 1 <= self.feature <= 256, "A UNETR has an MLP of up to 16384 and up to 256 features.")
        check(
            self.size % self.patch == 0 and 1 <= self.size // self.patch <= 64,
            f"{self.size} voxels are not 1 to 64 patches of {self.patch}.",
        )
        check(self.norm in NORMS, f"There is no norm named {self.norm!r}. Known: {', '.join(NORMS)}.")

    @property
    def levels(self) -> int:
        """Number of halvings from full resolution to the tokens, 4 for patches of 16."""
        return self.patch.bit_length() - 1

    @property
    def taps(self) -> tuple[int, ...]:
        """Numbers of the blocks whose tokens also go to the decoder: 3, 6, 9 and 12 of 12 with patches of 16."""
        return tuple(self.layers * (level + 1) // self.levels for level in range(self.levels))


class TransformerBlock(nn.Module):
    """A transformer block (Dosovitskiy et al. 2021): attention and MLP, each after a layer norm and with a residual connection."""

    def __init__(self, config: UNETRConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.norm1 = nn.LayerNorm(config.hidden)
        self.qkv = nn.Linear(config.hidden, 3 * config.hidden, bias=False)
        self.project = nn.Linear(config.hidden, config.hidden)
        self.norm2 = nn.LayerNorm(config.hidden)
        self.mlp = nn.Sequential(nn.Linear(config.hidden, config.mlp), nn.GELU(), nn.Linear(config.mlp, config.hidden))

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, tokens, hidden) to the same shape."""
        q, k, v = (part.unflatten(2, (self.heads, -1)).transpose(1, 2) for part in self.qkv(self.norm1(x)).chunk(3, dim=2))
        attended = scaled_dot_product_attention(q, k, v)  # (N, heads, tokens, hidden / heads)
        x = x + self.project(attended.transpose(1, 2).flatten(2))
        result: Tensor = x + self.mlp(self.norm2(x))
        return result


@NETWORKS.register("unetr")
class UNETR(Network):
    """UNETR. The published size (96^3 voxels, 1 channel, 14 classes) has 92,574,622 parameters and 165,888 for the positions."""

    title = "UNETR"
    description = "Sees the whole window at once: for organs told apart by where they lie, with many labelled scans and a GPU."
    source = "Hatamizadeh et al.: UNETR: Transformers for 3D Medical Image Segmentation. WACV 2022, arXiv:2103.10504"
    dims = (2, 3)
    suits_cpu = False
    presets = MappingProxyType(
        {
            "default": {},
            "published": {"hidden": 768, "heads": 12, "mlp": 3072, "norm": "instance", "affine": False},
            "small": {"patch": 8, "hidden": 192, "layers": 6, "heads": 3, "mlp": 768, "feature": 8, "size": 64},
        }
    )
    Config = UNETRConfig

    def __init__(self, config: UNETRConfig) -> None:
        super().__init__()
        self.config: UNETRConfig = config
        dims, patch, hidden, levels = config.dims, config.patch, config.hidden, config.levels
        widths = [config.feature * 2**level for level in range(levels)]
        self.embed = CONV[dims](config.in_channels, hidden, patch, stride=patch)
        self.positions = nn.Parameter(torch.zeros(1, hidden, *(config.size // patch,) * dims))
        self.blocks = nn.ModuleList(TransformerBlock(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(hidden)
        self.finest = _convs(config, config.in_channels, config.feature)
        self.skips = nn.ModuleList(_rise(config, widths[level], levels - level) for level in range(1, levels))
        lower = [*widths[1:], hidden]
        self.ups = nn.ModuleList(_up(config, lower[level], widths[level]) for level in reversed(range(levels)))
        self.decoders = nn.ModuleList(_convs(config, 2 * width, width) for width in reversed(widths))
        self.head = CONV[dims](config.feature, config.n_classes, 1)
        self._initialise()

        self.size_multiple, self.valid_margin = (patch,) * dims, (0,) * dims
        self.receptive_margin = (BLEND * patch,) * dims
        self.exact = False

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, Z, Y, X) to (N, K, Z, Y, X); the shapes beside the lines are those of the published size, for 96^3 voxels."""
        if tuple(x.shape[2:]) != self.input_shape(tuple(x.shape[2:])):
            raise ValueError(f"a UNETR of patches of {self.config.patch} cannot take {tuple(x.shape[2:])}")
        skips = [self.finest(x)]  # (N, 16, 96, 96, 96)
        x = self.embed(x)  # (N, 768, 6, 6, 6)
        grid = tuple(x.shape[2:])
        x = (x + self._positions(grid)).flatten(2).transpose(1, 2)  # (N, 216, 768)
        rises = iter(self.skips)
        for number, block in enumerate(self.blocks, start=1):
            x = block(x)
            if number in self.config.taps[:-1]:  # z3, z6, z9
                skips.append(next(rises)(_folded(x, grid)))  # (N, 32, 48^3)  (N, 64, 24^3)  (N, 128, 12^3)
        x = _folded(self.norm(x), grid)  # z12: (N, 768, 6, 6, 6)
        for up, decode in zip(self.ups, self.decoders, strict=True):
            x = decode(torch.cat([up(x), skips.pop()], dim=1))  # (N, 128, 12^3)  (N, 64, 24^3)  (N, 32, 48^3)  (N, 16, 96^3)
        logits: Tensor = self.head(x)  # (N, K, 96, 96, 96)
        return logits

    def _positions(self, grid: tuple[int, ...]) -> Tensor:
        """Return the positional embedding (1, hidden, *grid), interpolated if the grid differs from the learnt one."""
        if grid == tuple(self.positions.shape[2:]) and not torch.onnx.is_in_onnx_export():  # an exported graph must take any grid
            return self.positions
        return interpolate(self.positions, size=grid, mode="bilinear" if len(grid) == 2 else "trilinear", align_corners=False)

    @torch.no_grad()
    def _initialise(self) -> None:
        """Initialise convolutions by He et al., and the transformer, as is usual, normally with standard deviation 0.02."""
        he_init(self)
        nn.init.trunc_normal_(self.positions, std=0.02)
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.trunc_normal_(layer.weight, std=0.02)
                if layer.bias is not None:
                    nn.init.zeros_(layer.bias)


def _folded(tokens: Tensor, grid: tuple[int, ...]) -> Tensor:
    """Reshape (N, tokens, hidden) to (N, hidden, *grid)."""
    return tokens.transpose(1, 2).reshape(tokens.shape[0], -1, *grid)


def _convs(config: UNETRConfig, channels_in: int, channels: int) -> nn.Sequential:
    """Make convolution, norm, leaky ReLU twice."""
    layers: list[nn.Module] = []
    for first in (channels_in, channels):
        layers += [CONV[config.dims](first, channels, 3, padding=1, bias=config.norm == "none")]
        layers += [_norm(config, channels), nn.LeakyReLU(SLOPE, inplace=True)]
    return nn.Sequential(*layers)


def _up(config: UNETRConfig, channels_in: int, channels: int) -> nn.Module:
    return UP_CONV[config.dims](channels_in, channels, 2, stride=2, bias=False)


def _rise(config: UNETRConfig, channels: int, times: int) -> nn.Sequential:
    """Make the path from tokens to a skip: double the resolution `times` times, with convolutions after each doubling except the first."""
    layers = [_up(config, config.hidden, channels)]
    for _ in range(times - 1):
        layers += [_up(config, channels, channels), _convs(config, channels, channels)]
    return nn.Sequential(*layers)


def _norm(config: UNETRConfig, channels: int) -> nn.Module:
    if config.affine or config.norm not in ("batch", "instance"):
        return norm_layer(config.norm, config.dims, channels)
    kinds = BATCH_NORM if config.norm == "batch" else INSTANCE_NORM
    return kinds[config.dims](channels, affine=False)
