"""Training loops of other packages for training_speed.py, written as their users do: with their transforms, loss and loader, in float32.

Every function takes the task and a number of worker processes and returns (make, take, step, format), see `Way` there. The strength of the
augmentation is about that of our standard recipe, except for nnU-Net, which has its own.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

Parts = tuple[Callable[[], Any], Callable[[], Any], Callable[[Any], None], torch.dtype]

MANY = 48
"""Number of entries of an epoch, so many that none ends among the iterations."""


def monai(task: Any, workers: int) -> Parts:
    """Train with CacheDataset, dictionary transforms, DiceCELoss and AdamW; contiguous and float32 by default."""
    from monai.data import CacheDataset
    from monai.losses import DiceCELoss
    from monai.transforms import (
        Compose,
        EnsureChannelFirstd,
        EnsureTyped,
        NormalizeIntensityd,
        Rand2DElasticd,
        Rand3DElasticd,
        RandAdjustContrastd,
        RandAffined,
        RandCropByPosNegLabeld,
        RandFlipd,
        RandGaussianNoised,
        RandGaussianSmoothd,
        RandScaleIntensityd,
        RandShiftIntensityd,
    )

    both, modes = ["image", "label"], ("bilinear", "nearest")
    flat = task.dims == 2
    turn = math.pi if flat else (math.pi, 0.0, 0.0)  # volumes are turned in the plane of their slices, as ours are
    bend = {"prob": 0.4, "mode": modes, "padding_mode": "reflection"}
    elastic = (
        Rand2DElasticd(both, spacing=(task.patch[0] / 4,) * 2, magnitude_range=(0.0, 0.05 * task.patch[0]), **bend)
        if flat
        else Rand3DElasticd(both, sigma_range=(5, 8), magnitude_range=(50, 150), **bend)
    )
    transforms = Compose(
        [
            EnsureChannelFirstd(both, channel_dim=0),
            NormalizeIntensityd("image", channel_wise=True),
            EnsureTyped(both),
            RandCropByPosNegLabeld(both, label_key="label", spatial_size=task.patch, pos=1, neg=1, num_samples=1),
            *(RandFlipd(both, prob=0.5, spatial_axis=axis) for axis in range(task.dims)),
            RandAffined(both, prob=1.0, rotate_range=turn, scale_range=0.3, mode=modes, padding_mode="reflection"),
            elastic,
            RandShiftIntensityd("image", offsets=0.15, prob=0.5),
            RandScaleIntensityd("image", factors=0.35, prob=0.5),
            RandAdjustContrastd("image", gamma=(0.7, 1.4), prob=0.3),
            RandGaussianSmoothd("image", sigma_x=(0.3, 1.2), sigma_y=(0.3, 1.2), sigma_z=(0.3, 1.2), prob=0.15),
            RandGaussianNoised("image", std=0.12, prob=0.3),
        ]
    )
    images = task.images(8)
    data = [{"image": image[None], "label": label[None]} for image, label in (images[n % 8] for n in range(MANY))]
    dataset = CacheDataset(data, transforms, progress=False)
    loader = DataLoader(dataset, task.batch, shuffle=True, num_workers=workers, collate_fn=_collate, persistent_workers=workers > 0)
    loss = DiceCELoss(to_onehot_y=True, softmax=True)
    step = _step(task, loss, lambda network: torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4))
    order = iter(range(10**9))

    def make() -> Any:
        return _collate([dataset[next(order) % MANY] for _ in range(task.batch)])

    return make, _endless(loader).__next__, step, torch.float32


def batchgeneratorsv2(task: Any, workers: int) -> Parts:
    """Train with its transforms at the strength of ours, in the loop of the MONAI row."""
    from batchgeneratorsv2.transforms.intensity.brightness import MultiplicativeBrightnessTransform
    from batchgeneratorsv2.transforms.intensity.contrast import BGContrast, ContrastTransform
    from batchgeneratorsv2.transforms.intensity.gamma import GammaTransform
    from batchgeneratorsv2.transforms.intensity.gaussian_noise import GaussianNoiseTransform
    from batchgeneratorsv2.transforms.noise.gaussian_blur import GaussianBlurTransform
    from batchgeneratorsv2.transforms.spatial.mirroring import MirrorTransform
    from batchgeneratorsv2.transforms.spatial.spatial import SpatialTransform
    from batchgeneratorsv2.transforms.utils.compose import ComposeTransforms
    from batchgeneratorsv2.transforms.utils.random import RandomTransform
    from monai.losses import DiceCELoss

    transforms = ComposeTransforms(
        [
            SpatialTransform(
                task.patch,
                patch_center_dist_from_border=0,
                random_crop=False,
                p_elastic_deform=0.4,
                p_rotation=1.0,
                rotation=(-math.pi, math.pi),
                p_rot_per_axis=1 if task.dims == 2 else 1 / 3,
                p_scaling=0.8,
                scaling=(0.77, 1.3),
            ),
            RandomTransform(MultiplicativeBrightnessTransform(BGContrast((0.85, 1.15)), False, 1), apply_probability=0.5),
            RandomTransform(ContrastTransform(BGContrast((0.74, 1.35)), True, False, 1), apply_probability=0.5),
            RandomTransform(GammaTransform(BGContrast((0.7, 1.4)), 0, False, 1, 0), apply_probability=0.3),
            RandomTransform(GaussianBlurTransform((0.3, 1.2), False, False, 1), apply_probability=0.15),
            RandomTransform(GaussianNoiseTransform((0, 0.12), 1, True), apply_probability=0.3),
            MirrorTransform(allowed_axes=tuple(range(task.dims))),
        ]
    )
    initial = tuple(round(n * 1.42) for n in task.patch[-2:])  # a turned patch lies in it
    dataset = _Cropped(task, transforms, (*task.patch[:-2], *initial))
    loss = DiceCELoss(to_onehot_y=True, softmax=True)
    step = _step(task, loss, lambda network: torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4))
    return *_loading(dataset, task, workers), step, torch.float32


def nnunet(task: Any, workers: int) -> Parts:
    """Train with nnU-Net's augmentation, loss (one resolution), optimiser and clipping, without its folders and its trainer."""
    from nnunetv2.training.data_augmentation.compute_initial_patch_size import get_patch_size
    from nnunetv2.training.loss.compound_losses import DC_and_CE_loss
    from nnunetv2.training.loss.dice import MemoryEfficientSoftDiceLoss
    from nnunetv2.training.nnUNetTrainer.nnUNetTrainer import nnUNetTrainer

    flat = max(task.patch) / task.patch[0] > 3  # its own rule for volumes of few slices
    turn = (-math.pi, math.pi) if task.dims == 2 or flat else (-math.pi / 6, math.pi / 6)
    transforms = nnUNetTrainer.get_training_transforms(task.patch, turn, None, tuple(range(task.dims)), task.dims == 3 and flat)
    around = get_patch_size(task.patch[-2:] if task.dims == 3 and flat else task.patch, turn, turn, turn, (0.85, 1.25))
    initial = (task.patch[0], *around) if task.dims == 3 and flat else tuple(around)
    dataset = _Cropped(task, transforms, tuple(int(n) for n in initial))
    dice = {"batch_dice": True, "smooth": 1e-5, "do_bg": False, "ddp": False}
    loss = DC_and_CE_loss(dice, {}, weight_ce=1, weight_dice=1, ignore_label=None, dice_class=MemoryEfficientSoftDiceLoss)

    def optimizer(network: torch.nn.Module) -> torch.optim.Optimizer:
        return torch.optim.SGD(network.parameters(), 1e-2, weight_decay=3e-5, momentum=0.99, nesterov=True)

    return *_loading(dataset, task, workers), _step(task, loss, optimizer, clip=12.0), torch.float32


class _Cropped(Dataset[tuple[torch.Tensor, torch.Tensor]]):
    """Patches of `initial` size, a third of them around a foreground voxel, padded where the scan ends, then transformed."""

    def __init__(self, task: Any, transforms: Callable[..., dict[str, Any]], initial: tuple[int, ...]) -> None:
        self._images = [((image - image.mean()) / image.std(), label) for image, label in task.images(8)]
        self._inside = [np.argwhere(label) for _, label in self._images]
        self._transforms, self._initial = transforms, initial

    def __len__(self) -> int:
        return MANY

    def __getitem__(self, number: int) -> tuple[torch.Tensor, torch.Tensor]:
        image, label = self._images[number % 8]
        inside = self._inside[number % 8]
        shape = np.array(image.shape)
        centre = inside[np.random.randint(len(inside))] if np.random.rand() < 0.33 else np.random.randint(0, shape)
        low = centre - np.array(self._initial) // 2
        high = low + np.array(self._initial)
        pads = [(max(0, -int(a)), max(0, int(b - n))) for a, b, n in zip(low, high, shape, strict=True)]
        part = tuple(slice(max(0, int(a)), int(b)) for a, b in zip(low, high, strict=True))
        sample = self._transforms(
            image=torch.from_numpy(np.pad(image[part], pads)[None].astype(np.float32)),
            segmentation=torch.from_numpy(np.pad(label[part], pads)[None].astype(np.int16)),
        )
        return sample["image"], sample["segmentation"].clamp(min=0).long()


def _loading(dataset: _Cropped, task: Any, workers: int) -> tuple[Callable[[], Any], Callable[[], Any]]:
    loader = DataLoader(dataset, task.batch, shuffle=True, num_workers=workers, persistent_workers=workers > 0)
    order = iter(range(10**9))

    def make() -> Any:
        samples = [dataset[next(order) % MANY] for _ in range(task.batch)]
        return [torch.stack(part) for part in zip(*samples, strict=True)]

    return make, _endless(loader).__next__


def _endless(loader: DataLoader[Any]) -> Iterator[Any]:
    while True:
        yield from loader


def _collate(samples: list[Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Stack samples: MONAI's crops are lists of one sample, and its tensors carry metadata that training does not need."""
    flat = [sample[0] if isinstance(sample, list) else sample for sample in samples]
    image, label = (torch.stack([torch.as_tensor(sample[key]) for sample in flat]) for key in ("image", "label"))
    return getattr(image, "as_tensor", lambda: image)(), getattr(label, "as_tensor", lambda: label)()


def _step(
    task: Any, loss: torch.nn.Module, optimizer: Callable[[torch.nn.Module], torch.optim.Optimizer], clip: float = 0.0
) -> Callable[[Any], None]:
    network = task.network().train()
    moves = optimizer(network)

    def step(batch: Any) -> None:
        image, label = batch
        moves.zero_grad(set_to_none=True)
        value = loss(network(image), label)
        value.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(network.parameters(), clip)
        moves.step()
        value.item()

    return step
