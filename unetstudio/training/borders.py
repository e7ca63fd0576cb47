"""Which objects of a study are to be kept apart, and the border weights of its cases, made anew only where labels changed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import UserError
from unetstudio.settings import TrainingSettings
from unetstudio.training.border_weight import W0, border_weights, classes_of_objects, refreshed

LOOKED_AT = 4
"""Label maps that are searched for objects that nearly touch."""

Bytes = NDArray[np.uint8]


class Borders:
    """`factor` is w0; `values` the classes whose objects are kept apart."""

    def __init__(self, factor: float, values: tuple[int, ...]) -> None:
        self.factor, self.values = factor, values
        self._kept: dict[str, tuple[int, Bytes, Bytes]] = {}  # by case: revision, label map, weights in 1/255

    def refresh(self, found: StudyCase) -> None:
        """Follows the labels of a case."""
        if found.labels is None:
            return
        id, labels = found.case.id, found.labels.values
        kept = self._kept.get(id)
        if kept is not None and kept[0] == found.revision:
            return
        known = kept is not None and kept[1].shape == labels.shape
        weights = refreshed(kept[2], kept[1], labels, self.values) if kept is not None and known else border_weights(labels, self.values)
        self._kept[id] = (found.revision, labels.copy(), weights)

    def keep_only(self, ids: Iterable[str]) -> None:
        """Forgets all other cases."""
        self._kept = {id: self._kept[id] for id in ids if id in self._kept}

    def of(self, id: str) -> Bytes | None:
        """(Z, Y, X) in 1/255 of `factor`; None for a case without labels."""
        kept = self._kept.get(id)
        return None if kept is None else kept[2]


def choose_borders(study: Study, settings: TrainingSettings, *, dense: bool) -> tuple[Borders | None, str]:
    """What the settings ask for, or by itself where full masks show objects that nearly touch; and why, in words, "" when off.

    UserError for a setting that is neither auto, off, nor a number.
    """
    wish = settings.border_weight
    if wish == "off" or (wish == "auto" and not dense):
        return None, ""
    try:
        factor = W0 if wish == "auto" else float(wish)
    except ValueError as error:
        raise UserError(f"border_weight={wish!r} is not understood: write auto, off or a number such as 10.") from error
    if not 0 <= factor < 1000:
        raise UserError(f"border_weight cannot be {wish}; 10 is usual, and 0 is none.")
    maps = [found.labels.values for id in study.labelled()[:LOOKED_AT] if (found := study.cases[id]).labels is not None]
    values = tuple(classes_of_objects(maps, study.classes.values))
    if not values and wish != "auto":
        values = study.classes.values[1:]
    if not values or not factor:
        return None, ""
    names = ", ".join(entry.name for entry in study.classes if entry.value in values)
    reason = "objects nearly touch there" if wish == "auto" else "as you chose"
    return Borders(factor, values), f"voxels between two objects of {names} count up to {1 + factor:g} times: {reason}"
