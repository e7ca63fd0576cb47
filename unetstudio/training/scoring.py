"""Scores of the averaged weights on held-out labels."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import torch

from unetstudio.augment.sampling_grid import SamplingGrid
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region
from unetstudio.inference.resampled import shape_at
from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network, round_up
from unetstudio.training.material import LabelIndex, Material

EDGE = {2: 256, 3: 64}
"""Largest extent of a scored window in voxels, by dimensions."""


@dataclass(frozen=True)
class ValidationWindow:
    """A window with held-out labels: (Y, X) or (Z, Y, X) `shape` in the network's voxels around `centre` in the scan's; `z` is the slice
    in 2D."""

    case: str
    centre: tuple[float, ...]
    z: int | None
    shape: tuple[int, ...]


@dataclass(frozen=True)
class HeldOutScore:
    """Dice on held-out labels: mean over the structures, and by class value; `voxels` of each class were scored."""

    mean: float | None
    classes: dict[int, float]
    voxels: dict[int, int] = field(default_factory=dict)


def find_windows(
    material: Material, index: LabelIndex, dims: int, multiple: tuple[int, ...], most: int, seed: int, edge: int = 0
) -> list[ValidationWindow]:
    """Return at most `most` windows that contain held-out labels, spread over cases; the same for the same labels and seed.

    `edge` is the windows' extent where memory does not suffice for the default one.
    """
    edge = edge or EDGE[dims]
    rng = np.random.default_rng(seed)
    queues: list[list[ValidationWindow]] = []
    for id in material.study.labelled():
        member = material.study.cases[id]
        if member.labels is None or not index.held.any(member):
            continue
        held = index.held.mask(member, Region.whole(member.labels.shape)) & (index.table[member.labels.values] != UNLABELLED)
        at = np.argwhere(held)
        if not len(at):
            continue
        ratio = material.ratio(id)
        extent = shape_at(member.labels.shape, ratio)[-dims:]
        shape = tuple(min(round_up(edge, m), round_up(n, m)) for n, m in zip(extent, multiple, strict=True))
        tile = at.copy()
        tile[:, -dims:] //= np.maximum(1, np.floor(np.array(shape) * ratio[-dims:])).astype(np.int64)
        _, first = np.unique(tile, axis=0, return_index=True)
        windows = [_window(id, at[(tile == tile[n]).all(axis=1)], shape, dims) for n in rng.permutation(first)[:most]]
        queues.append(windows)
    turns = [window for turn in range(most) for queue in queues for window in queue[turn : turn + 1]]
    return turns[:most]


def score(network: Network, precision: Precision, material: Material, index: LabelIndex, windows: list[ValidationWindow]) -> HeldOutScore:
    """Score the held-out voxels of all windows together by Dice per class; the first class, the background, is left out of the mean."""
    n = len(material.study.classes)
    both, predicted, true = np.zeros(n), np.zeros(n), np.zeros(n)
    for window in windows:
        shape = network.input_shape(tuple(n + 2 * margin for n, margin in zip(window.shape, network.valid_margin, strict=True)))
        output = tuple(n - 2 * margin for n, margin in zip(shape, network.valid_margin, strict=True))
        grid = SamplingGrid(np.diag(material.ratio(window.case)[-len(window.shape) :]))
        target, _ = material.read_labels(window.case, grid.coordinates(output, window.centre), window.z, index, held=True)
        labelled = target != UNLABELLED
        image = torch.from_numpy(material.read(window.case, grid.coordinates(shape, window.centre), window.z))[None]
        with torch.inference_mode(), precision.autocast():
            logits = network(precision.place(image))[0].float().cpu().numpy()
        classes, truth = logits[:, labelled].argmax(0), target[labelled]
        both += np.bincount(truth[classes == truth], minlength=n)
        predicted += np.bincount(classes, minlength=n)
        true += np.bincount(truth, minlength=n)
    values = material.study.classes.values
    dice = {values[c]: float(2 * both[c] / (predicted[c] + true[c])) for c in range(n) if true[c]}
    structures = [score for value, score in dice.items() if value != values[0]] or list(dice.values())
    voxels = {values[c]: int(true[c]) for c in range(n) if true[c]}
    return HeldOutScore(float(np.mean(structures)) if structures else None, dice, voxels)


def _window(id: str, at: np.ndarray[tuple[int, ...], np.dtype[np.int64]], shape: tuple[int, ...], dims: int) -> ValidationWindow:
    """Return a window around the held-out voxels `at` (N, 3) of one tile."""
    middle = (at.min(axis=0) + at.max(axis=0)) / 2
    return ValidationWindow(id, tuple(float(v) for v in middle[-dims:]), int(at[0, 0]) if dims == 2 else None, shape)
