"""Preview of a recipe on a slice: samples as training would draw them. No torch here: the window shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.recipe import Recipe
from unetstudio.augment.resample_2d import sample_channels_2d, sample_labels_2d
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.scan import Scan

MARGIN = 1.5
"""Margin around a sample, as a multiple of its edge: rotated and scaled samples reach beyond their own square."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A sample: `picture` (edge, edge, 3) uint8, red, green, blue; `labels` (edge, edge) uint8 class values or UNLABELLED."""

    picture: NDArray[np.uint8]
    labels: NDArray[np.uint8]


class PreviewPatch:
    """The part of slice `z` around `centre` (row, column) from which samples are drawn; `labels` (Z, Y, X) class values."""

    def __init__(self, scan: Scan, labels: NDArray[np.uint8], z: int, centre: tuple[int, int], edge: int) -> None:
        reach = round(edge * MARGIN)
        rows, columns = (slice(max(0, at - reach), at + reach + 1) for at in centre)
        part: NDArray[Any] = np.asarray(scan.voxels[:, z : z + 1, rows, columns])
        scale = Intensity.fit([scan], local=False).of(scan)
        self._channels = scale.prepare(part)[: scale.channels, 0]  # (C, Y, X), usual values from -1 to 1
        self._labels = np.ascontiguousarray(labels[z, rows, columns])
        self._edge = edge
        self._centre = (centre[0] - rows.start, centre[1] - columns.start)

    def plain(self) -> Sample:
        """Return the unchanged patch."""
        return self._sample(Recipe(), np.random.default_rng(0))

    def samples(self, recipe: Recipe, count: int, seed: int) -> list[Sample]:
        """Draw samples of a recipe; the same seed gives the same draws, so that the effect of a slider is visible."""
        return [self._sample(recipe, np.random.default_rng((seed, number))) for number in range(count)]

    def _sample(self, recipe: Recipe, rng: np.random.Generator) -> Sample:
        patch = (self._edge, self._edge)
        drawn = recipe.draw(rng, 2)
        coordinates = recipe.grid(drawn, 2).coordinates(patch, self._centre)
        image = recipe.apply_photometric(drawn, sample_channels_2d(self._channels, coordinates), len(self._channels))
        grey = image if len(image) == 3 else np.repeat(image[:1], 3, axis=0)
        picture = ((grey + 1) * 127.5).clip(0, 255).astype(np.uint8)
        return Sample(np.ascontiguousarray(np.moveaxis(picture, 0, -1)), sample_labels_2d(self._labels, coordinates))


MOST_SEARCHED = 1024
"""Largest number of rows and columns of a slice that are searched for labels, because the search runs in the GUI thread."""


def labelled_place(labels: NDArray[np.uint8], z: int) -> tuple[int, int]:
    """Return (row, column) of the labelled voxel nearest to the mean of all in a slice; the centre of a slice without labels."""
    plane = labels[z]
    stride = -(-max(plane.shape) // MOST_SEARCHED)
    for step in dict.fromkeys((stride, 1)):  # a stroke may lie between the searched rows
        rows, columns = np.nonzero(plane[::step, ::step] != UNLABELLED)
        if len(rows):
            nearest = int(np.argmin((rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2))
            return int(rows[nearest]) * step, int(columns[nearest]) * step
    return plane.shape[0] // 2, plane.shape[1] // 2
