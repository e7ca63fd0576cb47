"""Filters of volumes."""

import numpy as np
from scipy import ndimage

from unetstudio.pixel_classifier.volume_filters import eigenvalues, slope_and_curvatures, smoothed

Floats = np.ndarray


def noise(shape: tuple[int, int, int]) -> Floats:
    return np.random.default_rng(3).normal(size=shape).astype(np.float32)


def test_that_smoothing_is_a_gaussian_of_each_axis_width() -> None:
    volume, sigma = noise((14, 15, 16)), (0.7, 1.0, 2.0)
    expected = ndimage.gaussian_filter(volume, sigma, mode="mirror", radius=[3, 3, 6])
    np.testing.assert_allclose(smoothed(volume, sigma), expected, atol=1e-6)


def test_that_distant_slices_are_not_mixed() -> None:
    volume = noise((4, 15, 16))
    alone = smoothed(volume[1:2], (0.1, 1.5, 1.5))
    np.testing.assert_array_equal(smoothed(volume, (0.1, 1.5, 1.5))[1:2], alone)


def test_that_a_slope_and_curvatures_are_those_of_a_parabola() -> None:
    z, y, x = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in (5, 6, 7)), indexing="ij")
    slope, *curvatures = slope_and_curvatures(3 * z + 1.5 * y * y - x * x, (2.0, 1.0, 1.0))
    np.testing.assert_allclose(slope[1, 2, 2], np.hypot(np.hypot(3 * 2, 3 * 3), 2 * 3), rtol=1e-5)  # the voxel (2, 3, 3) of the volume
    for curvature, expected in zip(curvatures, (3.0, 0.0, -2.0), strict=True):
        np.testing.assert_allclose(curvature, np.full((3, 4, 5), expected), atol=1e-4)


def test_that_eigenvalues_are_those_of_linear_algebra() -> None:
    parts = list(noise((6, 50, 1))[..., None])
    pure, mixed = parts[:3], parts[3:]
    matrices = np.empty((50, 3, 3), np.float32)
    for i in range(3):
        matrices[:, i, i] = pure[i].ravel()
    for value, (i, j) in zip(mixed, ((0, 1), (0, 2), (1, 2)), strict=True):
        matrices[:, i, j] = matrices[:, j, i] = value.ravel()
    expected = np.linalg.eigvalsh(matrices)[:, ::-1]
    np.testing.assert_allclose(np.stack([e.ravel() for e in eigenvalues(pure, mixed)], axis=1), expected, atol=2e-4)


def test_that_turning_a_volume_only_turns_its_responses() -> None:
    volume = noise((9, 9, 9))
    plain = slope_and_curvatures(smoothed(volume, (1.0, 1.0, 1.0)), (1.0, 1.0, 1.0))
    turned = slope_and_curvatures(smoothed(volume.transpose(1, 2, 0), (1.0, 1.0, 1.0)), (1.0, 1.0, 1.0))
    np.testing.assert_allclose(turned, plain.transpose(0, 2, 3, 1), atol=1e-4)
