"""Scores of the averaged weights on held-out labels."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np
import torch
from numpy.typing import NDArray

from unetstudio.augment.sampling_grid import SamplingGrid
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region
from unetstudio.inference.pooled_predictor import pool
from unetstudio.inference.resampled import shape_at
from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network, round_up
from unetstudio.pixel_classifier.classifier import PixelClassifier
from unetstudio.training.held_out_score import HeldOutScore, Tally
from unetstudio.training.held_out_strokes import HeldOutStrokes
from unetstudio.training.material import LabelIndex, Material

NO_SHARES: Mapping[int, float] = MappingProxyType({})

EDGE = {2: 256, 3: 64}
"""Largest extent of a scored window in voxels, by dimensions."""

MOST_VOXELS = 2**20
"""Approximate number of held-out voxels of a case beyond which only some are looked at to choose windows."""

MOST_TILES = 256
"""Largest number of windows of a case to choose from."""


@dataclass(frozen=True)
class ValidationWindow:
    """A window with held-out labels: (Y, X) or (Z, Y, X) `shape` in the network's voxels around `centre` in the scan's; `z` is the slice
    in 2D."""

    case: str
    centre: tuple[float, ...]
    z: int | None
    shape: tuple[int, ...]


def find_windows(
    material: Material, index: LabelIndex, dims: int, multiple: tuple[int, ...], most: int, seed: int, edge: int = 0
) -> list[ValidationWindow]:
    """Return at most `most` windows that contain held-out labels, or as many as it takes to see each class; first those that show further
    classes, then from each case in turn. A window stays while others come.

    `edge` is the windows' extent where memory does not suffice for the default one.
    """
    edge = edge or EDGE[dims]
    queues: list[list[tuple[ValidationWindow, frozenset[int]]]] = []
    for id in material.study.labelled():
        member = material.study.cases[id]
        if member.labels is None or not index.held.any(member):
            continue
        channels = np.where(index.held.mask(member, Region.whole(member.labels.shape)), index.table[member.labels.values], UNLABELLED)
        flat = np.flatnonzero(channels != UNLABELLED)
        if not len(flat):
            continue
        flat = flat[:: -(-len(flat) // MOST_VOXELS)]
        at, classes = np.stack(np.unravel_index(flat, channels.shape), axis=1), channels.reshape(-1)[flat]
        ratio = material.ratio(id)
        extent = shape_at(member.labels.shape, ratio)[-dims:]
        shape = tuple(min(round_up(edge, m), round_up(n, m)) for n, m in zip(extent, multiple, strict=True))
        tile = at.copy()
        tile[:, -dims:] //= np.maximum(1, np.floor(np.array(shape) * ratio[-dims:])).astype(np.int64)
        tiles, which = np.unique(tile, axis=0, return_inverse=True)
        order = sorted(range(len(tiles)), key=lambda n: hashlib.sha256(f"{seed}/{id}/{tiles[n].tolist()}".encode()).digest())
        inside = [which.reshape(-1) == n for n in order[:MOST_TILES]]
        queues.append([(_window(id, at[rows], shape, dims), frozenset(classes[rows].tolist())) for rows in inside])
    turns = [entry for turn in range(max(map(len, queues), default=0)) for queue in queues for entry in queue[turn : turn + 1]]
    seen: set[int] = set()
    covering = []
    while turns and (best := max(turns, key=lambda entry: len(entry[1] - seen)))[1] - seen:
        turns.remove(best)
        covering.append(best)
        seen |= best[1]
    return [window for window, _ in (covering + turns)[: max(most, len(covering))]]


@dataclass(frozen=True)
class Scores:
    """The scores of what is shown, and of its two parts; `classifier` is None where there is none."""

    shown: HeldOutScore
    network: HeldOutScore
    classifier: HeldOutScore | None = None


@dataclass(frozen=True, eq=False)
class _Target:
    """A window, the `places` where it is sampled, and its held-out voxels (n,): those `labelled`, their true channels and the numbers of
    their strokes."""

    window: ValidationWindow
    grid: SamplingGrid
    places: NDArray[np.float32]
    labelled: NDArray[np.bool_]
    truth: NDArray[np.uint8]
    strokes: NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class _Answer:
    """Log probabilities (K, n) at the held-out voxels of a window, and how many voxels of the window are `predicted` as each class."""

    scores: NDArray[np.float32]
    predicted: NDArray[np.float64]

    @classmethod
    def of(cls, scores: NDArray[np.float32], target: _Target) -> _Answer:
        """Keep what is needed of the log probabilities (K, *window)."""
        predicted = np.bincount(scores.argmax(0).reshape(-1), minlength=len(scores)).astype(np.float64)
        return cls(scores[:, target.labelled], predicted)


class Scorer:
    """Scores a network and a quick guess on the held-out labels of a live study.

    What depends on the labels alone is kept until they change, and the quick guess's answers until it is fitted again.
    """

    def __init__(self, material: Material, dims: int, most: int, seed: int) -> None:
        """Score at most `most` windows, or as many as it takes to see each class."""
        self._material, self._dims, self._most, self._seed = material, dims, most, seed
        self._for: tuple[object, ...] = ()
        self._targets: list[_Target] = []
        self._guess: PixelClassifier | None = None
        self._guessed: list[_Answer] = []

    def score(
        self,
        network: Network,
        precision: Precision,
        guess: PixelClassifier | None = None,
        shares: Mapping[int, float] = NO_SHARES,
        edge: int = 0,
    ) -> Scores:
        """Score all held-out strokes together by Dice per class.

        With a quick `guess`, what is shown pools it with the network by the network's `shares` of each class.
        """
        values = self._material.study.classes.values
        whole_cases = bool(self._material.index.held.cases)
        network_tally, guess_tally, shown_tally = (Tally(values, whole_cases=whole_cases) for _ in range(3))
        weights = tuple(shares.get(value, 0.0) for value in values)
        guessed = self._answers(guess, network, edge)
        predicted = np.zeros(len(values))
        for n, target in enumerate(self._targets):
            answer = _Answer.of(self._logits(target, network, precision), target)
            predicted += answer.predicted
            network_tally.add(answer.scores.argmax(0), target.truth, target.strokes)
            if guess is not None:
                predicted += guessed[n].predicted
                guess_tally.add(guessed[n].scores.argmax(0), target.truth, target.strokes)
                shown_tally.add(pool(guessed[n].scores, answer.scores, weights).argmax(0), target.truth, target.strokes)
        if guess is None:
            return Scores(network_tally.score(predicted), network_tally.score(predicted))
        return Scores(shown_tally.score(predicted), network_tally.score(predicted), guess_tally.score(predicted))

    def _answers(self, guess: PixelClassifier | None, network: Network, edge: int) -> list[_Answer]:
        """Find the targets anew if labels have changed; return the guess's answer at each."""
        index = self._material.index
        reason = (index, network.size_multiple, network.valid_margin, edge)
        if reason != self._for:
            windows = find_windows(self._material, index, self._dims, network.size_multiple, self._most, self._seed, edge)
            strokes = HeldOutStrokes(self._material.study, index.held)
            self._targets = [self._target(window, network, index, strokes) for window in windows]
            self._for, self._guess, self._guessed = reason, None, []
        if guess is not None and guess is not self._guess:
            self._guessed = [self._ask(guess, target) for target in self._targets]
            self._guess = guess
        return self._guessed

    def _target(self, window: ValidationWindow, network: Network, index: LabelIndex, strokes: HeldOutStrokes) -> _Target:
        shape = _input_shape(window, network)
        output = tuple(n - 2 * margin for n, margin in zip(shape, network.valid_margin, strict=True))
        grid = SamplingGrid(np.diag(self._material.ratio(window.case)[-len(window.shape) :]))
        window = replace(window, centre=_on_voxels(window.centre, output))
        places = grid.coordinates(output, window.centre)
        target, _ = self._material.read_labels(window.case, places, window.z, index, held=True)
        numbers = strokes.sample(window.case, places, window.z)
        labelled = target != UNLABELLED
        return _Target(window, grid, places, labelled, target[labelled], numbers[labelled])

    def _ask(self, guess: PixelClassifier, target: _Target) -> _Answer:
        return _Answer.of(self._material.guess(guess, target.window.case, target.places, target.window.z), target)

    def _logits(self, target: _Target, network: Network, precision: Precision) -> NDArray[np.float32]:
        """Return the network's log probabilities (K, *window)."""
        window = target.window
        inputs = self._material.read(window.case, target.grid.coordinates(_input_shape(window, network), window.centre), window.z)
        with torch.inference_mode(), precision.autocast():
            logits = network(precision.place(torch.from_numpy(inputs)[None]))[0].float().log_softmax(0).cpu().numpy()
        return np.asarray(logits, np.float32)


def _on_voxels(centre: tuple[float, ...], shape: tuple[int, ...]) -> tuple[float, ...]:
    """Move a window's centre so that its voxels lie on the scan's and not between two: a stroke may be one voxel wide."""
    return tuple(round(at - (n - 1) / 2) + (n - 1) / 2 for at, n in zip(centre, shape, strict=True))


def _input_shape(window: ValidationWindow, network: Network) -> tuple[int, ...]:
    return network.input_shape(tuple(n + 2 * margin for n, margin in zip(window.shape, network.valid_margin, strict=True)))


def _window(id: str, at: np.ndarray[tuple[int, ...], np.dtype[np.int64]], shape: tuple[int, ...], dims: int) -> ValidationWindow:
    """Return a window around the held-out voxels `at` (N, 3) of one tile."""
    middle = (at.min(axis=0) + at.max(axis=0)) / 2
    return ValidationWindow(id, tuple(float(v) for v in middle[-dims:]), int(at[0, 0]) if dims == 2 else None, shape)
