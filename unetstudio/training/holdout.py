"""Which labels are kept out of training to score it: strokes the window marked, whole cases, or imported strokes."""

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
"""About this share of cases, or of strokes per class, is held out."""

DENSE = 0.9
"""A case with this share of its voxels annotated is fully labelled."""

ENOUGH_CASES = 4
LARGEST_FOR_STROKES = 2**26
"""Voxels; larger label maps are not searched for strokes."""

HOLD_OUTS = ("auto", "off")

Mask = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """`what` in words; whole `cases`, and masks (Z, Y, X) of imported strokes by case id, beside the bit in the labels' origin unless
    `nothing` is held out."""

    what: str = ""
    cases: frozenset[str] = frozenset()
    strokes: dict[str, Mask] = field(default_factory=dict)
    nothing: bool = False

    def mask(self, found: StudyCase, region: Region) -> Mask:
        """(Z, Y, X of `region`) bool: voxels that must not be trained on."""
        if found.labels is None or found.case.id in self.cases:
            return np.ones(region.shape, np.bool_)
        if self.nothing:
            return np.zeros(region.shape, np.bool_)
        marked: Mask = (found.labels.origin[region.slices] & HELD_OUT) != 0
        imported = self.strokes.get(found.case.id)
        return marked if imported is None else marked | imported[region.slices]

    def any(self, found: StudyCase) -> bool:
        """Whether a case has anything to score."""
        marked = bool(found.counts[1, :UNLABELLED].any()) and not self.nothing
        return marked or found.case.id in self.cases or found.case.id in self.strokes


def choose_held_out(study: Study, seed: int = 0, wish: str = "auto") -> HeldOut:
    """Marked strokes where there are any; else 1 in 6 of at least four fully labelled cases; else 1 in 6 strokes of classes with six.

    With the wish "off" nothing at all; UserError for another one than these.
    """
    if wish not in HOLD_OUTS:
        raise UserError(f"hold_out cannot be {wish!r}: choose {' or '.join(HOLD_OUTS)}.")
    if wish == "off":
        return HeldOut(nothing=True)
    labelled = [study.cases[id] for id in study.labelled()]
    if any(found.counts[1, :UNLABELLED].any() for found in labelled):
        return HeldOut("held-out strokes")
    dense = [found.case.id for found in labelled if found.annotated >= DENSE * _size(found)]
    if len(dense) >= ENOUGH_CASES:
        chosen = sorted(dense, key=lambda id: hashlib.sha256(f"{seed}/{id}".encode()).digest())[: max(1, round(len(dense) / ONE_IN))]
        return HeldOut("held-out cases", frozenset(chosen))
    sparse = [found for found in labelled if found.case.id not in dense and _size(found) <= LARGEST_FOR_STROKES]
    strokes = _strokes(sparse, study.classes.values, np.random.default_rng(seed))
    return HeldOut("held-out strokes", strokes=strokes) if strokes else HeldOut()


def _strokes(cases: list[StudyCase], values: tuple[int, ...], rng: np.random.Generator) -> dict[str, Mask]:
    """Masks of about one connected component in six per class, of classes that have at least six."""
    from scipy.ndimage import label

    masks: dict[str, Mask] = {}
    for value in values:
        found: list[tuple[str, NDArray[Any], int]] = []
        for case in cases:
            if case.labels is None or not case.counts[0, value]:
                continue
            components, count = label(case.labels.values == value)
            found += [(case.case.id, components, n) for n in range(1, count + 1)]
        if len(found) < ONE_IN:
            continue
        for chosen in rng.permutation(len(found))[: round(len(found) / ONE_IN)]:
            id, components, n = found[chosen]
            masks.setdefault(id, np.zeros(components.shape, np.bool_))[components == n] = True
    return masks


def _size(found: StudyCase) -> int:
    """Voxels of a case."""
    return int(np.prod(found.case.shape))
