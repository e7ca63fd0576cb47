"""Volumes are sampled as by torch's grid_sample, mirrored at the borders, and labels by their nearest voxel."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn.functional import grid_sample

from unetstudio.augment import resample
from unetstudio.augment.resample import sample_channels, sample_labels
from unetstudio.data.labels import UNLABELLED

SHAPES = [(20, 40, 50), (2, 3, 1), (1, 9, 7), (1, 1, 1)]


def places_in(shape: tuple[int, int, int], seed: int = 0) -> np.ndarray:
    """Some inside, some further out than the scan is wide."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform(-1.2 * n, 2.2 * n, (6, 8, 10)) for n in shape]).astype(np.float32)


def by_torch(channels: np.ndarray, places: np.ndarray) -> np.ndarray:
    extents = [max(1, n - 1) for n in channels.shape[1:]]
    grid = torch.from_numpy(np.stack([places[axis] * (2 / extents[axis]) - 1 for axis in (2, 1, 0)], axis=-1).astype(np.float32))
    source = torch.from_numpy(channels)[None]
    return grid_sample(source, grid[None], mode="bilinear", padding_mode="reflection", align_corners=True)[0].numpy()


@pytest.mark.parametrize("shape", SHAPES)
def test_that_volumes_are_interpolated_and_mirrored_as_torch_does(shape: tuple[int, int, int]) -> None:
    channels = np.random.default_rng(1).normal(size=(2, *shape)).astype(np.float32)
    sampled = sample_channels(channels, places_in(shape))
    np.testing.assert_allclose(sampled, by_torch(channels, places_in(shape)), atol=1e-3)


def test_that_a_volume_of_more_rows_than_opencv_takes_is_read_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    channels = np.random.default_rng(1).normal(size=(2, 12, 9, 11)).astype(np.float32)
    usual = sample_channels(channels, places_in((12, 9, 11)))
    monkeypatch.setattr(resample, "MOST_ROWS", 50)
    np.testing.assert_allclose(sample_channels(channels, places_in((12, 9, 11))), usual, atol=1e-3)


@pytest.mark.parametrize("shape", SHAPES)
def test_that_labels_of_volumes_are_those_of_the_nearest_voxel(shape: tuple[int, int, int]) -> None:
    labels = np.random.default_rng(2).integers(0, 5, shape).astype(np.uint8)
    places = places_in(shape)
    sampled = sample_labels(labels, places)
    for at in np.ndindex(sampled.shape):
        z, y, x = (round(float(along[at])) for along in places)
        inside = 0 <= z < shape[0] and 0 <= y < shape[1] and 0 <= x < shape[2]
        assert sampled[at] == (labels[z, y, x] if inside else UNLABELLED)
