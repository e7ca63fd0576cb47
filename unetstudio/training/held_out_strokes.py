"""Numbers for the held-out strokes of a study, so that a score can tell voxels of one stroke from those of another."""

from __future__ import annotations

from collections import Counter

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.resample import bounding_region, sample_labels
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region
from unetstudio.data.study import Study
from unetstudio.training.holdout import HeldOut
from unetstudio.training.material import moved
from unetstudio.training.stroke_parts import parts

NUMBERS = 254
"""Number of strokes of a class that are told apart; further ones share a number, which makes the score no more certain than it is."""


class HeldOutStrokes:
    """The held-out strokes of a study: the connected parts of each class, numbered within it. A whole held-out case counts as one."""

    def __init__(self, study: Study, held: HeldOut) -> None:
        self._shapes = {id: study.cases[id].case.shape for id in study.labelled()}
        self._strokes: dict[str, list[tuple[Region, NDArray[np.bool_], int]]] = {}
        numbers: Counter[int] = Counter()
        for number, (id, shape) in enumerate(self._shapes.items()):
            member, whole = study.cases[id], Region.whole(shape)
            strokes = self._strokes[id] = []
            if id in held.cases:
                strokes.append((whole, np.ones(shape, np.bool_), number % NUMBERS))
            elif member.labels is not None and held.any(member):
                mask = held.mask(member, whole)
                for value in set(np.unique(member.labels.values[mask]).tolist()) & set(study.classes.values):
                    for box, inside in parts(mask & (member.labels.values == value)):
                        strokes.append((box, inside, numbers[value] % NUMBERS))
                        numbers[value] += 1

    def sample(self, id: str, places: NDArray[np.float32], z: int | None) -> NDArray[np.uint8]:
        """Return (*patch) the number of the stroke nearest to `places` (D, *patch), as `Material.read_labels` returns the class."""
        region = bounding_region(places, self._shapes[id], z)
        numbers = np.full(region.shape, UNLABELLED, np.uint8)
        for box, inside, number in self._strokes[id]:
            shared = box & region
            if not shared.empty:
                numbers[shared.within(region)][inside[shared.within(box)]] = number
        return sample_labels(numbers, moved(places, region))
