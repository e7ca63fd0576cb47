"""The objects of a study that are to be kept apart, and the border weights of its cases, made anew only where labels changed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import UserError
from unetstudio.settings import TrainingSettings
from unetstudio.training.border_weight import W0, border_weights, classes_of_objects, refreshed

LOOKED_AT = 4
"""The number of label maps that are searched for objects that nearly touch."""

Bytes = NDArray[np.uint8]


class Borders:
    """`factor` is w0; `values` the classes whose objects are kept apart."""

    def __init__(self, factor: float, values: tuple[int, ...]) -> None:
        self.factor, self.values = factor, values
        self._kept: dict[str, tuple[int, Bytes, Bytes]] = {}  # by case: revision, label map, weights in 1/255

    def refresh(self, member: StudyCase) -> None:
        """Bring the weights of a case up to date with its labels."""
        if member.labels is None:
            return
        id, labels = member.case.id, member.labels.values
        kept = self._kept.get(id)
        if kept is not None and kept[0] == member.revision:
            return
        if kept is not None and kept[1].shape == labels.shape:
            weights = refreshed(kept[2], kept[1], labels, self.values)
        else:
            weights = border_weights(labels, self.values)
        self._kept[id] = (member.revision, labels.copy(), weights)

    def keep_only(self, ids: Iterable[str]) -> None:
        """Forget all other cases."""
        self._kept = {id: self._kept[id] for id in ids if id in self._kept}

    def of(self, id: str) -> Bytes | None:
        """Return the weights (Z, Y, X) of a case in 1/255 of `factor`; None for a case without labels."""
        kept = self._kept.get(id)
        return None if kept is None else kept[2]


def choose_borders(study: Study, settings: TrainingSettings, *, dense: bool) -> tuple[Borders | None, str]:
    """Choose as the settings say, or by itself where full masks show objects that nearly touch; return also why, in words, "" when off.

    UserError for a setting that is neither auto, off, nor a number.
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
    maps = [member.labels.values for id in study.labelled()[:LOOKED_AT] if (member := study.cases[id]).labels is not None]
    values = tuple(classes_of_objects(maps, study.classes.values))
    if not values and setting != "auto":
        values = study.classes.values[1:]
    if not values or not factor:
        return None, ""
    names = ", ".join(entry.name for entry in study.classes if entry.value in values)
    reason = "objects nearly touch there" if setting == "auto" else "as you chose"
    return Borders(factor, values), f"voxels between two objects of {names} count up to {1 + factor:g} times: {reason}"
