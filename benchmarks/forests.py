"""Peers of the race: random forests of 100 trees on filter responses, as ilastik and its like have them.

Of pictures, "forest" has scikit-image's multiscale features, each image scaled to its own range, and "forest+" the filters that ilastik
offers (Berg et al., Nature Methods 2019): smoothed, Laplacian, gradient, difference of Gaussians, eigenvalues of structure tensor and of
Hessian, at ilastik's scales of 0.7 to 10 pixels. Of volumes, "forest" has value, smoothed, gradient, Laplacian and eigenvalues of the
Hessian at four scales, and "forest+" the place of the voxel in the volume as well. Values are not scaled where a tree does not care.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage
from skimage.feature import multiscale_basic_features
from sklearn.ensemble import RandomForestClassifier

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.scan import Scan

Floats = NDArray[np.float32]
Labels = NDArray[np.uint8]

FORESTS = ("forest", "forest+")
PICTURE_SCALES = (0.7, 1.0, 1.6, 3.5, 5.0, 10.0)
VOLUME_SCALES = (0.7, 1.5, 3.0, 5.0)
TREES = 100
THREADS = int(os.environ.get("OMP_NUM_THREADS", "0")) or -1
"""Threads of a forest: as many as are allowed to the other methods."""


class Forest:
    """A forest on the features of a kind of FORESTS."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._trees = RandomForestClassifier(TREES, min_samples_leaf=2, n_jobs=THREADS, random_state=0)

    def features(self, scan: Scan) -> Floats:
        """Return the features (Z, Y, X, F) of a scan."""
        channels = [np.ascontiguousarray(channel, np.float32) for channel in scan.array]
        if all(np.array_equal(channels[0], channel) for channel in channels):
            channels = channels[:1]
        if scan.is_volume:
            return np.stack([f for volume in channels for f in _volume_filters(volume, place=self._kind == "forest+")], axis=-1)
        planes = [channel[0] for channel in channels]
        if self._kind == "forest+":
            return np.stack([response for plane in planes for response in _ilastik_filters(plane)], axis=-1)[None]
        image = np.stack(planes, axis=-1)
        image = (image - image.min()) / max(float(np.ptp(image)), 1e-6)
        return multiscale_basic_features(image, sigma_min=0.7, sigma_max=10, channel_axis=-1).astype(np.float32)[None]

    def fit(self, features: list[Floats], labels: list[Labels]) -> None:
        """Learn from the labelled voxels."""
        known = [marks != UNLABELLED for marks in labels]
        x = np.concatenate([stack[mask] for stack, mask in zip(features, known, strict=True)])
        self._trees.fit(x, np.concatenate([marks[mask] for marks, mask in zip(labels, known, strict=True)]))

    def predict(self, features: Floats) -> Labels:
        """Return the class values (Z, Y, X)."""
        flat = self._trees.predict(features.reshape(-1, features.shape[-1]))
        return flat.reshape(features.shape[:-1]).astype(np.uint8)


def _ilastik_filters(plane: Floats) -> Iterator[Floats]:
    """Yield the 49 responses (Y, X) of a plane."""
    yield plane
    for scale in PICTURE_SCALES:
        smooth = _smoothed(plane, scale)
        down, across = (scale / 2 * _difference(smooth, *axis) for axis in ((0, 1), (1, 0)))
        down_twice, across_twice = (scale**2 * _difference(smooth, *axis) for axis in ((0, 2), (2, 0)))
        mixed = scale**2 / 4 * _difference(smooth, 1, 1)
        yield smooth
        yield np.hypot(down, across)
        yield down_twice + across_twice
        yield smooth - (_smoothed(plane, 0.66 * scale) if scale > 1 else plane)
        yield from _eigenvalues(down_twice, across_twice, mixed)
        yield from _eigenvalues(*(_smoothed(product, scale) for product in (down * down, across * across, down * across)))


def _smoothed(plane: Floats, scale: float) -> Floats:
    width = 2 * int(np.ceil(4 * scale)) + 1
    smooth: Floats = cv2.GaussianBlur(plane, (width, width), scale, borderType=cv2.BORDER_REFLECT_101)
    return smooth


def _difference(plane: Floats, across: int, down: int) -> Floats:
    """Differentiate so many times along x and y by central differences, whose first derivative is twice too large."""
    derivative: Floats = cv2.Sobel(plane, cv2.CV_32F, across, down, ksize=1)
    return derivative


def _eigenvalues(a: Floats, b: Floats, mixed: Floats) -> tuple[Floats, Floats]:
    """Return the larger and the smaller eigenvalue of the symmetric matrices ((a, mixed), (mixed, b))."""
    middle, half = (a + b) / 2, np.hypot((a - b) / 2, mixed)
    return middle + half, middle - half


def _volume_filters(volume: Floats, *, place: bool) -> Iterator[Floats]:
    """Yield the responses (Z, Y, X) of a volume, in voxels whatever their size."""
    yield volume
    for scale in VOLUME_SCALES:
        yield ndimage.gaussian_filter(volume, scale)
        yield scale * ndimage.gaussian_gradient_magnitude(volume, scale)
        yield scale**2 * ndimage.gaussian_laplace(volume, scale)
        hessian = np.empty((*volume.shape, 3, 3), np.float32)
        for a, b in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
            order = np.bincount([a, b], minlength=3)
            hessian[..., a, b] = hessian[..., b, a] = scale**2 * ndimage.gaussian_filter(volume, scale, order=order)
        yield from np.moveaxis(np.linalg.eigvalsh(hessian), -1, 0)
    if place:
        yield from np.meshgrid(*(np.linspace(-1, 1, extent, dtype=np.float32) for extent in volume.shape), indexing="ij")
