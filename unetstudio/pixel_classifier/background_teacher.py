"""Trees that take a few voxels without strokes for background: the teachers of a readout in volumes.

Strokes are as many on a small organ as on everything else, so they say little of most of the background, and trees spread each class to
wherever no stroke forbids it. In volumes most voxels are background: each tree learns from a few unpainted ones that they are too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.pixel_classifier.trees import thinned

Floats = NDArray[np.float32]

TREES = 60
"""Number of trees."""

MOST = 3000
"""Largest number of painted voxels that trees learn from, for a fit within a second."""

GUESSED = 100
"""Number of unpainted voxels that a tree takes for background: with 200 thin structures drown, with 50 the gaps stay."""

CERTAIN = 5.0
"""Mean weight of a painted voxel, drawn anew for each tree, where an unpainted one has 1."""

LIGHTEST = 2.0
"""Smallest weight of a leaf, so that an unpainted voxel cannot be alone in one."""

FLOOR = 0.02
"""Probability that is spread evenly over the classes, as a few trees that agree prove little."""


def teach_with_background(x: Floats, y: NDArray[np.integer[Any]], unlabelled: Floats, background: int, rng: np.random.Generator) -> Floats:
    """Return (M, K) probabilities of unlabelled voxels by trees fitted to (N, F) with classes 0..K-1, of which one is `background`."""
    from sklearn.tree import DecisionTreeClassifier  # takes a second, which predicting alone does not need

    channels = int(y.max()) + 1
    kept = thinned(y, MOST, rng)
    painted, target = x[kept], y[kept]
    total = np.zeros((len(unlabelled), channels))
    for _ in range(TREES):
        guessed = rng.permutation(len(unlabelled))[:GUESSED]
        certain = np.maximum(rng.poisson(CERTAIN, len(target)), 0.5)  # more than nothing, so that no class is missing
        weight = np.concatenate([certain, np.ones(len(guessed))])
        tree = DecisionTreeClassifier(
            max_features="sqrt", min_weight_fraction_leaf=min(0.5, LIGHTEST / weight.sum()), random_state=int(rng.integers(2**31))
        )
        tree.fit(
            np.concatenate([painted, unlabelled[guessed]]),
            np.concatenate([target, np.full(len(guessed), background)]),
            sample_weight=weight,
        )
        if len(unlabelled):
            total += tree.predict_proba(unlabelled)
    return np.asarray(total / TREES * (1 - FLOOR) + FLOOR / channels, np.float32)
