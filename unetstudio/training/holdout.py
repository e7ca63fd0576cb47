"""Labels held out of training to score it: strokes marked by the window, whole cases, or imported strokes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import HELD_OUT
from unetstudio.data.region import Region
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import UserError

ONE_IN = 6
"""Number of cases, or of strokes per class, of which one is held out."""

DENSE = 0.9
"""Share of annotated voxels from which a case counts as fully labelled."""

ENOUGH_CASES = 4
"""Number of fully labelled cases from which whole cases are held out."""

LARGEST_FOR_STROKES = 2**26
"""Voxels of the largest label map that is searched for strokes."""

HOLD_OUTS = ("auto", "off")

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out labels: whole `cases`, masks (Z, Y, X) of imported strokes by case id, and, unless `nothing` is held out, the voxels with
    the held-out bit in their origin."""

    description: str = ""
    cases: frozenset[str] = frozenset()
    strokes: dict[str, Mask] = field(default_factory=dict)
    nothing: bool = False

    def mask(self, member: StudyCase, region: Region) -> Mask:
        """Return (Z, Y, X of `region`) bool, True for voxels that must not be trained on."""
        if member.labels is None or member.case.id in self.cases:
            return np.ones(region.shape, np.bool_)
        if self.nothing:
            return np.zeros(region.shape, np.bool_)
        marked: Mask = (member.labels.origin[region.slices] & HELD_OUT) != 0
        imported = self.strokes.get(member.case.id)
        return marked if imported is None else marked | imported[region.slices]

    def any(self, member: StudyCase) -> bool:
        """Whether a case has anything to score."""
        marked = bool(member.counts[1, :UNLABELLED].any()) and not self.nothing
        return marked or member.case.id in self.cases or member.case.id in self.strokes


def choose_held_out(study: Study, seed: int = 0, setting: str = "auto") -> HeldOut:
    """Hold out marked strokes if there are any, else 1 in 6 of at least four fully labelled cases, else 1 in 6 strokes of classes with six.

    With the setting "off" nothing is held out; raise UserError for any other setting than "auto" and "off".
    """
    if setting not in HOLD_OUTS:
        raise UserError(f"hold_out cannot be {setting!r}: choose {' or '.join(HOLD_OUTS)}.")
    if setting == "off":
        return HeldOut(nothing=True)
    labelled = [study.cases[id] for id in study.labelled()]
    if any(member.counts[1, :UNLABELLED].any() for member in labelled):
        return HeldOut("held-out strokes")
    dense = [member.case.id for member in labelled if member.annotated >= DENSE * _size(member)]
    if len(dense) >= ENOUGH_CASES:
        held_out = sorted(dense, key=lambda id: hashlib.sha256(f"{seed}/{id}".encode()).digest())[: max(1, round(len(dense) / ONE_IN))]
        return HeldOut("held-out cases", frozenset(held_out))
    sparse = [member for member in labelled if member.case.id not in dense and _size(member) <= LARGEST_FOR_STROKES]
    strokes = _strokes(sparse, study.classes.values, np.random.default_rng(seed))
    return HeldOut("held-out strokes", strokes=strokes) if strokes else HeldOut()


def _strokes(cases: list[StudyCase], values: tuple[int, ...], rng: np.random.Generator) -> dict[str, Mask]:
    """Return masks of about one connected component in six per class, of classes that have at least six."""
    from scipy.ndimage import label

    masks: dict[str, Mask] = {}
    for value in values:
        strokes: list[tuple[str, NDArray[Any], int]] = []
        for case in cases:
            if case.labels is None or not case.counts[0, value]:
                continue
            components, count = label(case.labels.values == value)
            strokes += [(case.case.id, components, n) for n in range(1, count + 1)]
        if len(strokes) < ONE_IN:
            continue
        for number in rng.permutation(len(strokes))[: round(len(strokes) / ONE_IN)]:
            id, components, n = strokes[number]
            masks.setdefault(id, np.zeros(components.shape, np.bool_))[components == n] = True
    return masks


def _size(member: StudyCase) -> int:
    """Count the voxels of a case."""
    return int(np.prod(member.case.shape))
