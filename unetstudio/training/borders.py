"""The classes of a study whose objects are to be separated, and the border weights of its cases, updated where labels change."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import UserError
from unetstudio.settings import TrainingSettings
from unetstudio.training.border_weight import W0, border_weights, classes_of_objects, refreshed

SEARCHED_MAPS = 4
"""Number of label maps that are searched for objects that nearly touch."""

Bytes = NDArray[np.uint8]


class Borders:
    """The border weights of a study's cases; `factor` is w0, `values` are the classes whose objects are to be separated."""

    def __init__(self, factor: float, values: tuple[int, ...]) -> None:
        self.factor, self.values = factor, values
        self._cache: dict[str, tuple[int, Bytes, Bytes]] = {}  # by case: revision, label map, weights in 1/255

    def refresh(self, member: StudyCase) -> None:
        """Bring the weights of a case up to date with its labels."""
        if member.labels is None:
            return
        id, labels = member.case.id, member.labels.values
        cached = self._cache.get(id)
        if cached is not None and cached[0] == member.revision:
            return
        if cached is not None and cached[1].shape == labels.shape:
            weights = refreshed(cached[2], cached[1], labels, self.values)
        else:
            weights = border_weights(labels, self.values)
        self._cache[id] = (member.revision, labels.copy(), weights)

    def keep_only(self, ids: Iterable[str]) -> None:
        """Forget all other cases."""
        self._cache = {id: self._cache[id] for id in ids if id in self._cache}

    def of(self, id: str) -> Bytes | None:
        """Return the weights (Z, Y, X) of a case in 1/255 of `factor`; None for a case without labels."""
        cached = self._cache.get(id)
        return None if cached is None else cached[2]


def choose_borders(study: Study, settings: TrainingSettings, *, dense: bool) -> tuple[Borders | None, str]:
    """Choose border weights by the settings or, with "auto", where full masks show objects that nearly touch. Return them and the reason in
    words, "" when off.

    Raise UserError for a setting that is neither auto, off, nor a number.
    """
    setting = settings.border_weight
    if setting == "off" or (setting == "auto" and not dense):
        return None, ""
    try:
        factor = W0 if setting == "auto" else float(setting)
    except ValueError as error:
        raise UserError(f"border_weight={setting!r} is not understood: write auto, off or a number such as 10.") from error
    if not 0 <= factor < 1000:
        raise UserError(f"border_weight cannot be {setting}; 10 is usual, and 0 is none.")
    maps = [member.labels.values for id in study.labelled()[:SEARCHED_MAPS] if (member := study.cases[id]).labels is not None]
    values = tuple(classes_of_objects(maps, study.classes.values))
    if not values and setting != "auto":
        values = study.classes.values[1:]
    if not values or not factor:
        return None, ""
    names = ", ".join(entry.name for entry in study.classes if entry.value in values)
    reason = "objects nearly touch there" if setting == "auto" else "as you chose"
    return Borders(factor, values), f"voxels between two objects of {names} count up to {1 + factor:g} times: {reason}"
