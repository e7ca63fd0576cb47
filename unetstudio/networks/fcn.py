"""FCN-8s (Long, Shelhamer, Darrell, CVPR 2015, arXiv:1411.4038): VGG16 that scores every voxel, without an expanding path."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType

import torch
from torch import Tensor, nn

from unetstudio.networks.blocks import CONV, MAX_POOL, NORMS, UP_CONV, he_init, norm_layer
from unetstudio.networks.network import NETWORKS, Network, NetworkConfig, check
from unetstudio.networks.receptive_field import ReceptiveField

CONVOLUTIONS = (2, 2, 3, 3, 3)
"""Number of convolutions in each stage of VGG16; a pooling by 2 follows each stage."""

STEP = 32
"""Spacing of the coarsest scores in voxels."""

DROPOUT: dict[int, type[nn.Dropout2d] | type[nn.Dropout3d]] = {2: nn.Dropout2d, 3: nn.Dropout3d}


@dataclass(frozen=True)
class FCNConfig(NetworkConfig):
    """Options: `widths` are the channels of the five stages; `dense` those of fc6 and fc7, 0 to score the last pooling directly.

    With `border` 1 all convolutions use same padding. The published border of 100 voxels round the image allows fc6 without padding and
    images of any size; the scores are then cropped to the image.
    """

    widths: tuple[int, ...] = (32, 64, 128, 256, 256)
    dense: int = 0
    norm: str = "batch"
    border: int = 1
    dropout: float = 0.5

    def __post_init__(self) -> None:
        super().__post_init__()
        fits = len(self.widths) == len(CONVOLUTIONS) and all(1 <= width <= 1024 for width in self.widths)
        check(fits, f"An FCN-8s has five widths of 1 to 1024 channels, not {self.widths}.")
        check(0 <= self.dense <= 8192, f"fc6 and fc7 have up to 8192 channels, or 0 for none, not {self.dense}.")
        check(self.norm in NORMS, f"There is no norm named {self.norm!r}. Known: {', '.join(NORMS)}.")
        check(
            self.border == 1 or (self.border == 100 and self.dense > 0),
            f"The border of an FCN-8s is 1, or 100 with fc6, not {self.border}.",
        )
        check(0 <= self.dropout < 1, f"Dropout is a share below 1, not {self.dropout}.")

    @property
    def offsets(self) -> tuple[int, int, int]:
        """Offset of the image in pool4, pool3 and the last upsampled scores: 5, 9 and 31 with the published border."""
        return (0, 0, 0) if self.border == 1 else (5, 9, 31)


@NETWORKS.register("fcn")
class FCN(Network):
    """The sum of scores at steps of 32, 16 and 8 voxels, the coarser ones upsampled; 134 million parameters in the published size."""

    title = "FCN-8s"
    description = "For large structures whose exact border matters little; the ancestor of the U-Net, and a line to compare against."
    source = "Long, Shelhamer & Darrell: Fully Convolutional Networks for Semantic Segmentation. CVPR 2015, arXiv:1411.4038"
    dims = (2, 3)
    presets = MappingProxyType(
        {
            "default": {},
            "published": {"dims": (2,), "widths": (64, 128, 256, 512, 512), "dense": 4096, "norm": "none", "border": 100},
            "small": {"dims": (3,), "widths": (16, 32, 64, 128, 128)},
        }
    )
    Config = FCNConfig

    head: nn.ModuleDict

    def __init__(self, config: FCNConfig) -> None:
        super().__init__()
        self.config: FCNConfig = config
        dims, classes = config.dims, config.n_classes
        inputs = pairwise((config.in_channels, *config.widths))
        self.stages = nn.ModuleList(_stage(config, stage, *channels) for stage, channels in enumerate(inputs))
        self.dense = _dense(config)
        scored = {"pool3": config.widths[2], "pool4": config.widths[3], "pool5": config.dense or config.widths[4]}
        self.head = nn.ModuleDict({name: CONV[dims](width, classes, 1) for name, width in scored.items()})
        same = config.border == 1
        self.up2 = UP_CONV[dims](classes, classes, 4, stride=2, padding=int(same), bias=False)
        self.up4 = UP_CONV[dims](classes, classes, 4, stride=2, padding=int(same), bias=False)
        self.up8 = UP_CONV[dims](classes, classes, 16, stride=8, padding=4 * same, bias=False)
        he_init(self)
        for up in (self.up2, self.up4, self.up8):
            interpolate(up.weight)

        self.size_multiple = (STEP,) * dims
        self.valid_margin = (0,) * dims
        self.receptive_margin = (_receptive_field(config, ReceptiveField(0, STEP - 1)).margin(STEP),) * dims
        self.exact = config.norm in ("batch", "none")

    def forward(self, x: Tensor) -> Tensor:
        """Map (N, C, Y, X) to (N, K, Y, X); the shapes beside the lines are those of the published size, for an image of 256 x 256."""
        size = tuple(x.shape[2:])
        if self.config.border == 1 and size != self.input_shape(size):
            raise ValueError(f"an FCN-8s takes multiples of {STEP}, not {size}")
        four, three, image = self.config.offsets
        pools = []
        for stage in self.stages:
            x = stage(x)  # (N, 64, 227, 227)  (N, 128, 114, 114)  (N, 256, 57, 57)  (N, 512, 29, 29)  (N, 512, 15, 15)
            pools.append(x)
        x = self.head["pool5"](self.dense(x))  # (N, K, 9, 9)
        x = self.up2(x)  # (N, K, 20, 20)
        x = x + _crop(self.head["pool4"](pools[3]), four, tuple(x.shape[2:]))
        x = self.up4(x)  # (N, K, 42, 42)
        x = x + _crop(self.head["pool3"](pools[2]), three, tuple(x.shape[2:]))
        return _crop(self.up8(x), image, size)  # (N, K, 344, 344), cropped to (N, K, 256, 256)


def _stage(config: FCNConfig, stage: int, channels_in: int, width: int) -> nn.Sequential:
    """Make a stage: convolutions, the network's first one padded by the border, and a pooling by 2 that keeps an odd last row."""
    layers: list[nn.Module] = []
    for place in range(CONVOLUTIONS[stage]):
        pad = config.border if stage == place == 0 else 1
        conv = CONV[config.dims](width if place else channels_in, width, 3, padding=pad, bias=config.norm == "none")
        layers += [conv, norm_layer(config.norm, config.dims, width), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers, MAX_POOL[config.dims](2, ceil_mode=config.border != 1))


def _dense(config: FCNConfig) -> nn.Module:
    """Make VGG16's fully connected layers as convolutions; only the dropout without them."""
    drop = DROPOUT[config.dims](config.dropout)
    if not config.dense:
        return drop
    fc6 = CONV[config.dims](config.widths[-1], config.dense, 7, padding=3 if config.border == 1 else 0)
    fc7 = CONV[config.dims](config.dense, config.dense, 1)
    return nn.Sequential(fc6, nn.ReLU(inplace=True), drop, fc7, nn.ReLU(inplace=True), DROPOUT[config.dims](config.dropout))


@torch.no_grad()
def interpolate(weight: Tensor) -> None:
    """Initialise the weight (K, K, ...) of a transposed convolution to upsample each channel linearly along every axis.

    The kernel is twice the stride, an even number. The authors' code keeps the weight fixed; in the paper and here it is learnt further.
    """
    half = weight.shape[-1] // 2
    ramp = 1 - (torch.arange(2 * half, device=weight.device) - (half - 0.5)).abs() / half
    kernel = torch.ones((), device=weight.device)
    for _ in range(weight.dim() - 2):
        kernel = kernel[..., None] * ramp
    weight.zero_()
    for channel in range(weight.shape[0]):
        weight[channel, channel] = kernel


def _crop(x: Tensor, start: int, size: tuple[int, ...]) -> Tensor:
    """Crop to the spatial shape `size`, beginning at `start` on every axis."""
    for axis, n in enumerate(size, start=2):
        x = x.narrow(axis, start, n)
    return x


def _receptive_field(config: FCNConfig, output: ReceptiveField) -> ReceptiveField:
    """Compute the receptive field, along one axis of the image, of the positions `output` of the scores."""
    four, three, image = config.offsets
    pad = int(config.border == 1)
    at_three = ReceptiveField(output.first + image, output.last + image).through_up(16, 8, 4 * pad)
    at_four = at_three.through_up(4, 2, pad)
    at_five = at_four.through_up(4, 2, pad)
    if config.dense:
        at_five = at_five.through(7, pad=3 * pad)
    here = at_five
    beside = {
        3: ReceptiveField(at_four.first + four, at_four.last + four),
        2: ReceptiveField(at_three.first + three, at_three.last + three),
    }
    for stage in reversed(range(len(CONVOLUTIONS))):
        if stage in beside:
            here = here.beside(beside[stage])
        here = here.through(2, 2)
        for place in reversed(range(CONVOLUTIONS[stage])):
            here = here.through(3, pad=config.border if stage == place == 0 else 1)
    return here
