"""Building blocks for networks of two and three dimensions: convolution pairs, norms, poolings, up-convolutions."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from unetstudio.errors import UserError

NORMS = ("batch", "group", "instance", "none")
"""Batch norm in evaluation and no norm act on single voxels, so tiles are exact. Group and instance norm depend on the whole tile."""

PADDINGS = ("same", "valid")

CONV: dict[int, Callable[..., nn.Conv2d | nn.Conv3d]] = {2: nn.Conv2d, 3: nn.Conv3d}
UP_CONV: dict[int, Callable[..., nn.ConvTranspose2d | nn.ConvTranspose3d]] = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
MAX_POOL: dict[int, type[nn.MaxPool2d] | type[nn.MaxPool3d]] = {2: nn.MaxPool2d, 3: nn.MaxPool3d}
AVERAGE_POOL: dict[int, Callable[..., nn.AvgPool2d | nn.AvgPool3d]] = {2: nn.AvgPool2d, 3: nn.AvgPool3d}
BATCH_NORM: dict[int, type[nn.BatchNorm2d] | type[nn.BatchNorm3d]] = {2: nn.BatchNorm2d, 3: nn.BatchNorm3d}
INSTANCE_NORM: dict[int, type[nn.InstanceNorm2d] | type[nn.InstanceNorm3d]] = {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}


def norm_layer(norm: str, dims: int, channels: int, affine: bool = True) -> nn.Module:
    """Make a norm by name; group norm has 8 groups, or fewer where 8 does not divide the channels. `affine`: with factor and offset."""
    match norm:
        case "batch":
            return BATCH_NORM[dims](channels, affine=affine)
        case "group":
            return nn.GroupNorm(math.gcd(8, channels), channels, affine=affine)
        case "instance":
            return INSTANCE_NORM[dims](channels, affine=affine)
        case "none":
            return nn.Identity()
    raise UserError(f"There is no norm named {norm!r}. Known: {', '.join(NORMS)}.")


def double_conv(
    dims: int,
    channels_in: int,
    channels: int,
    kernel: tuple[int, ...],
    norm: str,
    padding: str,
    *,
    between: int = 0,
    bias: bool = False,
    affine: bool = True,
) -> nn.Sequential:
    """Make convolution, norm, ReLU twice, with `between` channels after the first convolution, or `channels` if it is 0.

    A norm makes the convolution's bias redundant; `bias` adds it nevertheless. `affine` gives the norm a factor and an offset.
    """
    layers: list[nn.Module] = []
    around = tuple(k // 2 for k in kernel) if padding == "same" else (0,) * dims
    middle = between or channels
    for first, second in ((channels_in, middle), (middle, channels)):
        layers += [CONV[dims](first, second, kernel, padding=around, bias=bias or norm == "none")]
        layers += [norm_layer(norm, dims, second, affine), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


def centre(skip: Tensor, like: Tensor) -> Tensor:
    """Crop the centre of `skip` to the spatial shape of `like`; with valid padding the decoder's features are the smaller ones."""
    for axis in range(2, skip.dim()):
        surplus = skip.shape[axis] - like.shape[axis]
        if surplus:
            skip = skip.narrow(axis, surplus // 2, like.shape[axis])
    return skip


@torch.no_grad()
def he_init(network: nn.Module) -> None:
    """Initialise with normal weights of variance 2/N before a ReLU (He et al. 2015) and 1/N elsewhere, N being the fan-in; biases are 0."""
    if torch.empty(0).is_meta:  # nothing to initialise, and trying it takes a second
        return
    for layer in network.modules():
        if isinstance(layer, (nn.Conv2d, nn.Conv3d)):
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        elif isinstance(layer, (nn.ConvTranspose2d, nn.ConvTranspose3d)):
            # kernel = stride: every output voxel is fed by one voxel of all input channels, and no ReLU follows
            nn.init.normal_(layer.weight, std=layer.in_channels**-0.5)
        else:
            continue
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
