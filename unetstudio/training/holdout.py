"""Labels held out of training to score it: strokes marked by the window, whole cases, or other strokes."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import HELD_OUT, SOURCE, Origin
from unetstudio.data.region import Region, tight
from unetstudio.data.stroke_tally import due
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import UserError
from unetstudio.training.stroke_parts import Places, draw_lot, flat_places, parts

ONE_IN = 6
"""Number of cases of which one is held out."""

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
    """Held-out labels: whole `cases`, masks (Z, Y, X) of unmarked strokes by case id, and, unless `nothing` is held out, the voxels with
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
        chosen = self.strokes.get(member.case.id)
        return marked if chosen is None else marked | chosen[region.slices]

    def any(self, member: StudyCase) -> bool:
        """Whether a case has anything to score."""
        marked = bool(member.counts[1, :UNLABELLED].any()) and not self.nothing
        return marked or member.case.id in self.cases or member.case.id in self.strokes


def choose_held_out(study: Study, seed: int = 0, setting: str = "auto") -> HeldOut:
    """Choose the held-out labels of a study once, see `HoldOut`."""
    return HoldOut(study, seed, setting).choose()


@dataclass(frozen=True, eq=False)
class _Part:
    """A case or stroke that may be held out: its `lot` in the draw, and what it is known by (for a stroke: the voxel that stands for it,
    among its `places`)."""

    case: str
    lot: int
    voxel: int
    places: Places


class HoldOut:
    """The choice of the held-out labels of a live study.

    Held out are the marked strokes if there are any, else 1 in 6 of at least four fully labelled cases. Of each class without either,
    one stroke in three is held out, and one more of every further six, among the cases that are not fully labelled. What was learnt from
    is never held out later as long as something else is held out of its class, and what was held out stays so while it exists.
    """

    def __init__(self, study: Study, seed: int = 0, setting: str = "auto") -> None:
        """With the setting "off" nothing is held out; raise UserError for any other setting than "auto" and "off"."""
        if setting not in HOLD_OUTS:
            raise UserError(f"hold_out cannot be {setting!r}: choose {' or '.join(HOLD_OUTS)}.")
        self._study, self._seed, self._off = study, seed, setting == "off"
        self._fates: dict[object, dict[_Part, bool]] = {}  # by class value, or "cases": what was drawn last, and whether it is held out
        self._parts: dict[tuple[str, int], tuple[int, list[_Part]]] = {}  # by case and class value: revision of the case, strokes
        self._boxes: dict[str, tuple[int, Region]] = {}  # by case: its revision, and the box around all its labels
        self._chosen: tuple[object, ...] = ()
        self._held = HeldOut(nothing=self._off)

    def choose(self) -> HeldOut:
        """Return the held-out labels of the present labels: the same object as long as they stay the same."""
        if self._off:
            return self._held
        labelled = [self._study.cases[id] for id in self._study.labelled()]
        marked = {value for value in self._study.classes.values if any(member.counts[1, value] for member in labelled)}
        dense = [member for member in labelled if member.annotated >= DENSE * _size(member)]
        if len(dense) >= ENOUGH_CASES and not marked:
            return self._hold_cases(dense)
        sparse = [member for member in labelled if member not in dense and _size(member) <= LARGEST_FOR_STROKES]
        strokes = [part for value in self._study.classes.values if value not in marked for part in self._hold_strokes(sparse, value)]
        chosen = (bool(marked), *((part.case, part.voxel, zlib.crc32(part.places.tobytes())) for part in strokes))
        if chosen != self._chosen:
            self._chosen, self._held = chosen, HeldOut("held-out strokes" if marked or strokes else "", strokes=self._masks(strokes))
        return self._held

    def _hold_cases(self, dense: list[StudyCase]) -> HeldOut:
        """Hold out whole cases."""
        ids = [member.case.id for member in dense]
        lots = {id: int.from_bytes(hashlib.sha256(f"{self._seed}/{id}".encode()).digest()[:8]) for id in ids}
        held = self._draw("cases", [_Part(id, lots[id], 0, np.zeros(1, np.int64)) for id in ids], max(1, round(len(ids) / ONE_IN)))
        cases = frozenset(part.case for part in held)
        if self._held.cases != cases:
            self._chosen, self._held = (), HeldOut("held-out cases", cases)
        return self._held

    def _hold_strokes(self, cases: list[StudyCase], value: int) -> list[_Part]:
        """Hold out strokes of a class."""
        strokes = [part for member in cases for part in self._strokes(member, value)]
        return self._draw(value, strokes, due(len(strokes)))

    def _strokes(self, member: StudyCase, value: int) -> list[_Part]:
        """Return the strokes of a class in a case; what was accepted from a prediction is none, since it was predicted before."""
        if member.labels is None or not member.counts[0, value]:
            return []
        key = (member.case.id, value)
        revision, strokes = self._parts.get(key, (-1, []))
        if revision != member.revision:
            labels, part = member.labels, self._labelled(member)
            mask = (labels.values[part.slices] == value) & ((labels.origin[part.slices] & SOURCE) != Origin.ACCEPTED)
            strokes = []
            for box, inside in parts(mask, part.start):
                places = flat_places(box, inside, labels.shape)
                voxel, lot = draw_lot(places, f"{self._seed}/{member.case.id}/{value}")
                strokes.append(_Part(member.case.id, lot, voxel, places))
            self._parts[key] = (member.revision, strokes)
        return strokes

    def _labelled(self, member: StudyCase) -> Region:
        """Return the smallest box around all labels of a case, which is searched for the strokes of each class."""
        revision, box = self._boxes.get(member.case.id, (-1, Region.whole(member.case.shape)))
        if revision != member.revision and member.labels is not None:
            box = tight(member.labels.values != UNLABELLED)
            self._boxes[member.case.id] = (member.revision, box)
        return box

    def _draw(self, of: object, candidates: list[_Part], number: int) -> list[_Part]:
        """Hold out those held out before, and of those not seen before as many as are lacking; at least one if the number allows."""
        before = self._fates.get(of, {})
        cases = {part.case for part in before}
        voxels = {id: np.array([p.voxel for p in before if p.case == id], np.int64) for id in cases}
        fates = {id: np.array([fate for p, fate in before.items() if p.case == id], np.bool_) for id in cases}
        held: list[_Part] = []
        learnt: list[_Part] = []
        fresh: list[_Part] = []
        for part in sorted(candidates, key=lambda part: part.lot):
            if part in before:
                (held if before[part] else learnt).append(part)
                continue
            seen = fates[part.case][_contains(part.places, voxels[part.case])] if part.case in fates else np.empty(0, np.bool_)
            (fresh if not seen.size else held if seen.all() else learnt).append(part)
        held += fresh[: max(0, number - len(held))]
        if not held and number:
            held = learnt[:1]
        self._fates[of] = {part: part in held for part in candidates}
        return sorted(held, key=lambda part: (part.case, part.voxel))

    def _masks(self, strokes: Iterable[_Part]) -> dict[str, Mask]:
        masks: dict[str, Mask] = {}
        for part in strokes:
            mask = masks.setdefault(part.case, np.zeros(self._study.cases[part.case].case.shape, np.bool_))
            mask.reshape(-1)[part.places] = True
        return masks


def _contains(places: Places, voxels: Places) -> NDArray[np.bool_]:
    """Return which of the voxels are among the sorted places."""
    at = np.minimum(np.searchsorted(places, voxels), len(places) - 1)
    return np.asarray(places[at] == voxels, np.bool_)


def _size(member: StudyCase) -> int:
    """Count the voxels of a case."""
    return int(np.prod(member.case.shape))
