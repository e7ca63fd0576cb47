"""Learned features: the same in every part of a plane, bounded in memory, and better than the input for telling textures apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from unetstudio.data.region import Region
from unetstudio.errors import CheckpointError
from unetstudio.pixel_classifier import learned_features
from unetstudio.pixel_classifier.feature_network import STEP
from unetstudio.pixel_classifier.learned_features import LearnedFeatures, input_channels

Floats = NDArray[np.float32]


@pytest.fixture(scope="module")
def learned() -> LearnedFeatures:
    return LearnedFeatures.load()


def noise(height: int, width: int, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).uniform(-1, 1, (height, width)).astype(np.float32)


@pytest.mark.parametrize(
    "region",
    [Region((0, 0, 0), (1, 30, 40)), Region((0, 131, 140), (1, 150, 171)), Region((0, 250, 205), (1, 301, 303))],
    ids=["corner", "middle", "end"],
)
def test_that_features_of_a_region_are_those_of_the_whole_plane(learned: LearnedFeatures, region: Region) -> None:
    plane = noise(301, 303)
    window = learned.window(region, (1, 301, 303))
    part = learned.features(plane[window.slices[1:]])[:, *region.within(window)[1:]]
    np.testing.assert_allclose(part, learned.features(plane)[:, *region.slices[1:]], atol=2e-4)


def test_that_pixels_beyond_the_margin_do_not_matter(learned: LearnedFeatures) -> None:
    plane = noise(240, 16)
    other = plane.copy()
    other[: 120 - learned.margin] += 1
    np.testing.assert_allclose(learned.features(other)[:, 120:], learned.features(plane)[:, 120:], atol=2e-4)


def test_that_large_planes_are_computed_in_parts_with_the_same_result(learned: LearnedFeatures, monkeypatch: pytest.MonkeyPatch) -> None:
    plane = noise(270, 40)
    whole = learned.features(plane)
    monkeypatch.setattr(learned_features, "TILE", 64)
    assert 64 % STEP == 0
    np.testing.assert_allclose(learned.features(plane), whole, atol=2e-4)


@pytest.mark.parametrize("shape", [(1, 1), (3, 50), (8, 9)])
def test_that_small_planes_have_features(learned: LearnedFeatures, shape: tuple[int, int]) -> None:
    features = learned.features(noise(*shape))
    assert features.shape == (learned.count, *shape)
    assert np.isfinite(features).all()


def test_that_input_is_clamped_and_shows_local_contrast() -> None:
    plane = np.zeros((64, 64), np.float32)
    plane[32, 32] = 100
    plane[:, :20] = -0.01 * (np.arange(20) % 2)
    channels = input_channels(plane)
    assert channels[0].max() == 4
    assert np.abs(channels[1:, :, 2:10]).max() > 2 * np.abs(plane[:, 2:10]).max()


def separation(features: Floats, inside: NDArray[np.bool_]) -> float:
    """Return the share of pixels on the right side of a plane between two classes, fitted to a few rows of them."""
    x = np.concatenate([features, np.ones_like(features[:1])]).reshape(len(features) + 1, -1).T
    rows = np.zeros(inside.shape, bool)
    rows[10:13], rows[60:63] = True, True
    seen = rows.ravel()
    weights = np.linalg.lstsq(x[seen].T @ x[seen] + 0.5 * np.eye(x.shape[1]), x[seen].T @ (2.0 * inside.ravel()[seen] - 1), rcond=None)[0]
    return float(((x @ weights > 0) == inside.ravel()).mean())


def test_that_a_linear_readout_tells_textures_of_one_brightness_apart(learned: LearnedFeatures) -> None:
    y, x = np.mgrid[:96, :96]
    inside = (y - 48) ** 2 + (x - 48) ** 2 < 30**2
    plane = np.where(inside, np.sin(1.2 * x + 0.4 * y), np.sin(0.5 * x - 0.3 * y)).astype(np.float32) + 0.3 * noise(96, 96)
    assert separation(learned.features(plane), inside) > 0.9
    assert separation(learned.features(plane), inside) > separation(input_channels(plane), inside) + 0.1


def test_that_bf16_gives_nearly_the_same(learned: LearnedFeatures) -> None:
    plane = noise(64, 64)
    exact, rough = learned.features(plane), replace(learned, dtype=torch.bfloat16).features(plane)
    assert 0 < np.abs(exact - rough).mean() < 0.05


def test_that_a_file_without_the_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "other.safetensors").write_bytes(b"something else")
    for name in ("other.safetensors", "missing.safetensors"):
        with pytest.raises(CheckpointError, match=name):
            LearnedFeatures.load(tmp_path / name)
