"""Training batches: patches cut round labelled voxels of random classes, augmented, and made ahead of the step that uses them."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from unetstudio.augment.recipe import Drawn, Recipe
from unetstudio.augment.sampling_grid import SamplingGrid
from unetstudio.training.material import LabelIndex, Material

AHEAD = 3
"""Batches in the making; with the step in hand this hides the cost of cutting and augmenting."""


@dataclass(frozen=True)
class PatchSpec:
    """The place of a patch and how it was augmented: enough to make it again."""

    case: str
    centre: tuple[float, ...]  # voxels, (z, y, x) or (y, x)
    z: int | None  # the slice of a 2D patch
    drawn: Drawn


@dataclass(frozen=True, eq=False)
class Batch:
    """`image` (N, C', [Z,] Y, X) float32, `target` (N, [Z,] Y, X) int64 channels or UNLABELLED, `weight` likewise float32."""

    image: Tensor
    target: Tensor
    weight: Tensor
    specs: tuple[PatchSpec, ...] = ()


def draw_patch(
    index: LabelIndex, material: Material, patch: tuple[int, ...], recipe: Recipe, rng: np.random.Generator, bias: float | None = None
) -> PatchSpec:
    """Draw a biased crop: round a labelled voxel of a random class of a random case, not always in the middle of what the network answers.

    A share of 1 - `bias` is cut round any labelled voxel; None is all round random classes for strokes, and half for full masks.
    """
    channels = index.channels()
    natural = 1 - bias if bias is not None else 0.5 if index.dense else 0.0
    if natural and rng.random() < natural:
        shares = np.array([index.counts[c] for c in channels], np.float64)
        channel = channels[int(rng.choice(len(channels), p=shares / shares.sum()))]
    else:
        channel = channels[int(rng.integers(len(channels)))]
    cases = list(index.places[channel])
    case = cases[int(rng.integers(len(cases)))]
    at = index.places[channel][case]
    shape = material.study.cases[case].case.shape
    place = np.array(np.unravel_index(int(at[int(rng.integers(at.size))]), shape))
    width = np.array(patch) * material.ratio(case)[-len(patch) :]  # in the scan's own voxels
    off = (rng.random(len(patch)) - 0.5) * width * 0.5
    middle = _inside(place[-len(patch) :] + off, width, shape[-len(patch) :])
    return PatchSpec(case, middle, int(place[0]) if len(patch) == 2 else None, recipe.draw(rng, len(patch)))


def _inside(centre: NDArray[np.float64], patch: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[float, ...]:
    """Move the centre so that the patch lies in the scan, or in its middle on an axis where it is larger."""
    places = []
    for at, width, extent in zip(centre, patch, shape, strict=True):
        low, high = (width - 1) / 2, extent - 1 - (width - 1) / 2
        places.append(float(np.clip(at, low, high)) if low <= high else (extent - 1) / 2)
    return tuple(places)


def make_patch(
    spec: PatchSpec, index: LabelIndex, material: Material, patch: tuple[int, ...], recipe: Recipe
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Image (C', *patch), target and weight (*patch) of one spec."""
    grid = recipe.grid(spec.drawn, len(patch)) if spec.drawn.geometric else SamplingGrid.identity(len(patch))
    grid = grid.followed_by(np.diag(material.ratio(spec.case)[-len(patch) :]))  # one map, one interpolation
    places = grid.coordinates(patch, spec.centre)
    image = recipe.apply_photometric(spec.drawn, material.read(spec.case, places, spec.z), material.intensity.plain)
    target, weight = material.read_labels(spec.case, places, spec.z, index)
    return image, target, weight


def make_batch(specs: list[PatchSpec], index: LabelIndex, material: Material, patch: tuple[int, ...], recipe: Recipe) -> Batch:
    """Make the batch of some patches; the same specs give the same batch."""
    images, targets, weights = zip(*(make_patch(spec, index, material, patch, recipe) for spec in specs), strict=True)
    target = torch.from_numpy(np.stack(targets)).long()
    return Batch(torch.from_numpy(np.stack(images)), target, torch.from_numpy(np.stack(weights)), tuple(specs))


class Samples:
    """Batches in order; number n depends on the seed, n and the labels alone, however many threads make them."""

    def __init__(
        self,
        material: Material,
        recipe: Recipe,
        patch: tuple[int, ...],
        batch: int,
        *,
        valid_margin: tuple[int, ...] = (),
        seed: int,
        first: int = 0,
        threads: int = 1,
        bias: float | None = None,
    ) -> None:
        """`valid_margin` is what the network's output lacks on each side of the patch; `bias` as in `draw_patch`."""
        self._material, self._recipe, self._patch, self._batch = material, recipe, patch, batch
        self._answered = tuple(n - 2 * rim for n, rim in zip(patch, valid_margin or (0,) * len(patch), strict=True))
        self._seed, self._next, self._bias = seed, first, bias
        self._made: deque[tuple[LabelIndex, Future[Batch]]] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="samples")

    def take(self) -> Batch:
        """Return the next batch. Those made ahead from labels that have changed since are used up: they are few and were right when made.

        Raises the errors of reading a scan.
        """
        index = self._material.refresh()
        while self._made and self._made[0][0].table.tobytes() != index.table.tobytes():  # other classes: other channels
            self._made.popleft()[1].cancel()
        while len(self._made) < AHEAD:
            self._made.append((index, self._pool.submit(self._make, self._next, index)))
            self._next += 1
        return self._made.popleft()[1].result()

    def close(self) -> None:
        """End the threads; a batch in the making is finished first."""
        self._made.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, number: int, index: LabelIndex) -> Batch:
        rng = np.random.default_rng((self._seed, number))
        specs = [draw_patch(index, self._material, self._answered, self._recipe, rng, self._bias) for _ in range(self._batch)]
        return make_batch(specs, index, self._material, self._patch, self._recipe)
