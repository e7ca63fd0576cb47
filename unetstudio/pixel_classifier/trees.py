"""Trees that learn from painted voxels and tell what the others may be: the teachers of the readout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

TREES = 24
"""Number of trees for each view of the features."""

LEAF = 2
"""Smallest number of painted voxels in a leaf."""

MOST = 6000
"""Largest number of painted voxels that trees learn from: neighbours in a stroke tell almost the same."""

CORRECTION = 0.5
"""Exponent of the correction for the classes' shares; the full one leaves too little of rare classes, whose Dice falls."""

ROUNDS = 10
"""Rounds of expectation maximisation."""

FLOOR = 0.02
"""Probability that is spread evenly over the classes, as a few trees that agree prove little."""


def teach(
    x: Floats,
    y: NDArray[np.integer[Any]],
    unlabelled: Floats,
    views: Sequence[tuple[int, int]],
    limit: float,
    rng: np.random.Generator,
) -> tuple[Floats, Floats]:
    """Fit trees for each view to (N, F) and classes 0..K-1; return (M, K), what they say of a fair sample, and (K,), `prior_ratios`."""
    from sklearn.ensemble import ExtraTreesClassifier  # takes a second, which predicting alone does not need

    classes = int(y.max()) + 1
    if not len(unlabelled):
        return np.empty((0, classes), np.float32), np.ones(classes, np.float32)
    kept = thinned(y, MOST, rng)
    total = np.zeros((len(unlabelled), classes))
    for start, stop in views:
        trees = ExtraTreesClassifier(TREES, min_samples_leaf=LEAF, random_state=int(rng.integers(2**31)))
        trees.fit(x[kept, start:stop], y[kept])
        total += np.log(trees.predict_proba(unlabelled[:, start:stop]) * (1 - FLOOR) + FLOOR / classes)
    soft = _normalised(np.exp((total - total.max(axis=1, keepdims=True)) / len(views)))
    painted = np.bincount(y[kept], minlength=classes) / len(kept)
    ratios = prior_ratios(soft, painted, limit)
    return _normalised(soft * ratios).astype(np.float32), (ratios * painted * len(y) / np.bincount(y)).astype(np.float32)


def prior_ratios(soft: NDArray[np.float64], painted: NDArray[np.float64], limit: float) -> NDArray[np.float64]:
    """Return by how much each class is more frequent in the images than among the painted voxels, to the power of CORRECTION.

    Strokes are drawn of all classes alike, even of one that is rare. Its true share is found by expectation maximisation on the
    probabilities of a fair sample (Saerens, Latinne & Decaestecker 2002). Logarithms of the ratios lie within +-limit of their mean.
    """
    share = painted
    for _ in range(ROUNDS):
        share = _normalised(soft * (share / painted)).mean(axis=0)
    logs = CORRECTION * np.log(np.maximum(share, 1e-6) / painted)
    return np.asarray(np.exp(np.clip(logs - logs.mean(), -limit, limit)))


def _normalised(probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale (M, K) to a sum of 1 over the classes."""
    return np.asarray(probabilities / probabilities.sum(axis=1, keepdims=True))


def thinned(y: NDArray[np.integer[Any]], most: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw at most about `most` voxels so that rare classes keep all of theirs, in the order in which they came."""
    counts = np.bincount(y)
    low, high = 1, int(counts.max())
    while low < high:  # the largest share of a class with which all fit
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(counts, middle).sum() <= most else (low, middle - 1)
    drawn = [rng.permutation(np.flatnonzero(y == value))[:low] for value in range(len(counts))]
    return np.sort(np.concatenate(drawn))
