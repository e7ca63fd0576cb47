"""Training batches: patches around labelled voxels of random classes, augmented, and made ahead of the step that uses them."""

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
"""Number of batches made ahead, which hides the cost of cutting and augmenting behind the training step."""

ELSEWHERE = 0.25
"""Share of the patches that are cut anywhere, where a quick guess teaches."""


@dataclass(frozen=True)
class PatchSpec:
    """The position and augmentation of a patch, enough to make it again."""

    case: str
    centre: tuple[float, ...]  # voxels, (z, y, x) or (y, x)
    z: int | None  # the slice of a 2D patch
    drawn: Drawn


@dataclass(frozen=True, eq=False)
class Batch:
    """A batch: `image` (N, C', [Z,] Y, X) float32, `target` (N, [Z,] Y, X) int64 channels or UNLABELLED, `weight` likewise float32.

    `guess` (N, K, [Z,] Y, X) float32 are the log probabilities of the quick guess, where there is one.
    """

    image: Tensor
    target: Tensor
    weight: Tensor
    guess: Tensor | None = None
    specs: tuple[PatchSpec, ...] = ()


def draw_patch(
    index: LabelIndex, material: Material, patch: tuple[int, ...], recipe: Recipe, rng: np.random.Generator, bias: float | None = None
) -> PatchSpec:
    """Draw a biased crop: around a labelled voxel of a random class of a random case, at a random offset from the centre of the output.

    A share of 1 - `bias` is cut around any labelled voxel; None means a `bias` of 1 for strokes and 0.5 for full masks.
    """
    channels = index.channels()
    if material.teacher is not None and rng.random() < ELSEWHERE:
        return _draw_elsewhere(index, material, patch, recipe, rng)
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


def _draw_elsewhere(index: LabelIndex, material: Material, patch: tuple[int, ...], recipe: Recipe, rng: np.random.Generator) -> PatchSpec:
    """Draw a patch anywhere in a labelled case, where only the quick guess teaches: strokes leave most of an image out."""
    cases = sorted({case for places in index.places.values() for case in places})
    case = cases[int(rng.integers(len(cases)))]
    shape = material.study.cases[case].case.shape
    place = np.array([rng.integers(n) for n in shape], np.float64)
    middle = _inside(place[-len(patch) :], np.array(patch) * material.ratio(case)[-len(patch) :], shape[-len(patch) :])
    return PatchSpec(case, middle, int(place[0]) if len(patch) == 2 else None, recipe.draw(rng, len(patch)))


def _inside(centre: NDArray[np.float64], patch: NDArray[np.float64], shape: tuple[int, ...]) -> tuple[float, ...]:
    """Move the centre so that the patch lies in the scan; on an axis where it is larger, to the scan's middle."""
    places = []
    for at, width, extent in zip(centre, patch, shape, strict=True):
        low, high = (width - 1) / 2, extent - 1 - (width - 1) / 2
        places.append(float(np.clip(at, low, high)) if low <= high else (extent - 1) / 2)
    return tuple(places)


def make_patch(
    spec: PatchSpec, index: LabelIndex, material: Material, patch: tuple[int, ...], recipe: Recipe
) -> tuple[NDArray[np.float32], NDArray[np.uint8], NDArray[np.float32]]:
    """Make image (C', *patch), target and weight (*patch) of a spec."""
    places = patch_places(spec, material, patch, recipe)
    image = recipe.apply_photometric(spec.drawn, material.read(spec.case, places, spec.z), material.intensity.plain)
    target, weight = material.read_labels(spec.case, places, spec.z, index)
    return image, target, weight


def patch_places(spec: PatchSpec, material: Material, patch: tuple[int, ...], recipe: Recipe) -> NDArray[np.float32]:
    """Return the coordinates (D, *patch) of a patch's voxels in the scan."""
    grid = recipe.grid(spec.drawn, len(patch)) if spec.drawn.geometric else SamplingGrid.identity(len(patch))
    grid = grid.followed_by(np.diag(material.ratio(spec.case)[-len(patch) :]))  # one map, one interpolation
    return grid.coordinates(patch, spec.centre)


def make_batch(specs: list[PatchSpec], index: LabelIndex, material: Material, patch: tuple[int, ...], recipe: Recipe) -> Batch:
    """Make the batch of the specs; the same specs give the same batch."""
    images, targets, weights = zip(*(make_patch(spec, index, material, patch, recipe) for spec in specs), strict=True)
    target = torch.from_numpy(np.stack(targets)).long()
    teacher, guess = material.teacher, None
    if teacher is not None:
        guesses = [material.guess(teacher, spec.case, patch_places(spec, material, patch, recipe), spec.z) for spec in specs]
        guess = torch.from_numpy(np.stack(guesses))
    return Batch(torch.from_numpy(np.stack(images)), target, torch.from_numpy(np.stack(weights)), guess, tuple(specs))


class Samples:
    """The sequence of batches; number n depends only on the seed, n and the labels, not on the number of threads."""

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
        """Start the threads; `valid_margin` is what the network's output lacks on each side of the patch, `bias` as in `draw_patch`."""
        self._material, self._recipe, self._patch, self._batch = material, recipe, patch, batch
        self._output = tuple(n - 2 * rim for n, rim in zip(patch, valid_margin or (0,) * len(patch), strict=True))
        self._seed, self._next, self._bias = seed, first, bias
        self._ahead: deque[tuple[LabelIndex, Future[Batch]]] = deque()
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="samples")

    def take(self) -> Batch:
        """Return the next batch. Batches made ahead are used even if labels have changed since: they are few and were right when made.

        Raise Unreadable for a scan that cannot be read.
        """
        index = self._material.refresh()
        while self._ahead and self._ahead[0][0].table.tobytes() != index.table.tobytes():  # other classes: other channels
            self._ahead.popleft()[1].cancel()
        while len(self._ahead) < AHEAD:
            self._ahead.append((index, self._pool.submit(self._make, self._next, index)))
            self._next += 1
        return self._ahead.popleft()[1].result()

    def close(self) -> None:
        """End the threads after the batches they are making."""
        self._ahead.clear()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, number: int, index: LabelIndex) -> Batch:
        rng = np.random.default_rng((self._seed, number))
        specs = [draw_patch(index, self._material, self._output, self._recipe, rng, self._bias) for _ in range(self._batch)]
        return make_batch(specs, index, self._material, self._patch, self._recipe)
