"""3D U-Net (Cicek, Abdulkadir, Lienkamp, Brox, Ronneberger, MICCAI 2016, arXiv:1606.06650): the U-Net for volumes as first published."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from unetstudio.networks.network import NETWORKS
from unetstudio.networks.unet import UNet, UNetConfig


@dataclass(frozen=True)
class UNet3DConfig(UNetConfig):
    """Channels double before a pooling rather than after it, to avoid a bottleneck (Szegedy et al. 2016); up-convolutions keep them.

    `base` is the number of channels after the first convolution. The paper counts 19,069,955 parameters: convolutions with bias,
    up-convolutions without, and Caffe's batch norms, which have no factor and offset.
    """

    dims: int = 3
    depth: int = 3

    @property
    def widths(self) -> tuple[tuple[int, int], ...]:
        return tuple((self.base * 2**level, self.base * 2 ** (level + 1)) for level in range(self.depth + 1))

    def up_channels(self, below: int) -> int:
        return below


@NETWORKS.register("unet3d")
class UNet3D(UNet):
    """19 convolutions and 3 up-convolutions; published with valid padding: 132 x 132 x 116 voxels in, 44 x 44 x 28 out."""

    title = "3D U-Net"
    description = "The U-Net as first published for volumes: heavier than U-Net in 3D, and seldom better; for comparison."
    source = (
        "Cicek, Abdulkadir, Lienkamp, Brox, Ronneberger: 3D U-Net: Learning Dense Volumetric Segmentation. MICCAI 2016, arXiv:1606.06650"
    )
    dims = (3,)
    presets = MappingProxyType(
        {
            "default": {},
            "published": {
                "depth": 3,
                "base": 32,
                "norm": "batch",
                "padding": "valid",
                "pool": (),
                "bias": True,
                "affine": False,
                "up_bias": False,
            },
        }
    )
    Config = UNet3DConfig
