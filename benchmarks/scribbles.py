"""Simulated strokes for the race: random walks that stay inside a class of the true mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED

Labels = NDArray[np.uint8]

STEP = 1.5
"""Pixels between two points of a walk."""

TURN = 0.4
"""Standard deviation of the change of direction between two points, in radians."""

REACH = 1
"""Pixels on each side of the walk that are painted: strokes are three pixels wide."""


def scribbles(truth: Labels, rng: np.random.Generator, count: int, length: int = 60) -> Labels:
    """Return labels (Y, X) with `count` walks of `length` points in each class of the true mask (Y, X), UNLABELLED elsewhere."""
    labels = np.full(truth.shape, UNLABELLED, np.uint8)
    for value in np.unique(truth):
        places = np.argwhere(truth == value)
        for _ in range(count):
            _walk(labels, truth, int(value), places[rng.integers(len(places))], length, rng)
    return labels


def _walk(labels: Labels, truth: Labels, value: int, start: NDArray[np.intp], length: int, rng: np.random.Generator) -> None:
    """Paint a walk from `start`; where it would leave the class it stays and takes a new direction."""
    row, column = (int(at) for at in start)
    last = np.array(truth.shape) - 1
    direction = rng.uniform(0, 2 * np.pi)
    for _ in range(length):
        box = (slice(max(0, row - REACH), row + REACH + 1), slice(max(0, column - REACH), column + REACH + 1))
        labels[box][truth[box] == value] = value
        direction += rng.normal(0, TURN)
        ahead = np.array([row + STEP * np.sin(direction), column + STEP * np.cos(direction)])
        to = np.rint(np.clip(ahead, 0, last)).astype(int)
        if truth[tuple(to)] == value:
            row, column = (int(at) for at in to)
        else:
            direction = rng.uniform(0, 2 * np.pi)


def scribbles_in_slices(truth: Labels, rng: np.random.Generator, count: int, slices: int) -> Labels:
    """Return labels (Z, Y, X) with walks on a few slices of a volume: those with the most classes, and foreground, that lie apart."""
    labels = np.full(truth.shape, UNLABELLED, np.uint8)
    contents = [(len(np.unique(plane)), int((plane > 0).sum())) for plane in truth]
    apart = max(2, len(truth) // 8)
    chosen: list[int] = []
    for z in sorted(range(len(truth)), key=lambda z: contents[z], reverse=True):
        if len(chosen) < slices and all(abs(z - other) >= apart for other in chosen):
            chosen.append(z)
    for z in chosen:
        labels[z] = scribbles(truth[z], rng, count, max(8, min(truth.shape[1:]) // 5))
    return labels
