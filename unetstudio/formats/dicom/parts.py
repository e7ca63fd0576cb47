"""The division of slices that share series, size and direction into volumes: sets of distinct places in even steps."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from unetstudio.formats.dicom.distinctions import DISTINCTIONS, MOMENTS, columns_of, label_of, order_key
from unetstudio.formats.dicom.evenness import line_through, normal_of, place_numbers, positions_of, rounding_of
from unetstudio.formats.dicom.slices import Slice
from unetstudio.formats.dicom.steps import can_be_resampled, gaps
from unetstudio.formats.finding.natural_sort import natural_key

_MOSTLY = 0.6
"""Share of the places that a part needs to count as a volume with a few slices lost."""

_FEWEST = 3
"""Fewest slices whose evenness says something."""


@dataclass(frozen=True)
class Part:
    """The slices of one volume, and words for what tells it from the others: "echo 2, phase".

    `settled` says that the tags alone tell it apart, and that its slices are evenly spaced.
    """

    slices: tuple[Slice, ...]
    label: str = ""
    order: str = ""
    settled: bool = True


Places = dict[int, int]
"""The number of the place of each slice, by the slice's index in the group."""


def parts_among(group: Sequence[Slice]) -> list[Part]:
    """Divide placed slices of one direction by the tags that tell them apart, else by the order in which they were taken."""
    heights = positions_of([one.plane for one in group]) @ normal_of(group[0].plane)
    places = dict(enumerate(place_numbers(heights).tolist()))
    pieces, used = _by_tags(group, places)
    columns = columns_of([one.values for one in group], used)
    parts: list[Part] = []
    for piece in pieces:
        runs, word = _runs(group, piece) if _distinct(piece, places) else _by_order(group, piece, places)
        for n, run in enumerate(runs, start=1):
            slices = tuple(group[k] for k in run)
            words = [label_of(_shared(slices), columns), f"{word} {n}" if word else ""]
            parts.append(Part(slices, ", ".join(w for w in words if w), words[1], not word and _is_even(slices)))
    return parts


def is_one_place(group: Sequence[Slice]) -> bool:
    """Whether placed slices of one direction all lie at the same place, as the images of a film do."""
    heights = positions_of([one.plane for one in group]) @ normal_of(group[0].plane)
    return int(place_numbers(heights).max()) == 0


def _by_tags(group: Sequence[Slice], places: Places) -> tuple[list[list[int]], set[int]]:
    """Split by one distinction after another as long as the pieces are volumes; return them and the distinctions used."""
    unsettled, settled, used = [list(range(len(group)))], list[list[int]](), set[int]()
    for accepts in (_covers_all, _makes_even, _covers_most, _has_a_whole):
        for column in range(len(DISTINCTIONS)):
            after: list[list[int]] = []
            for piece in unsettled:
                smaller = _split(piece, lambda k, column=column: group[k].values[column])  # type: ignore[misc]  # mypy infers no lambda with a default
                if len(smaller) > 1 and accepts(group, piece, smaller, places):
                    used.add(column)
                    after += smaller
                else:
                    after.append(piece)
            volumes = [_is_volume(group, piece, places) for piece in after]
            settled += itertools.compress(after, volumes)
            unsettled = [piece for piece, is_volume in zip(after, volumes, strict=True) if not is_volume]
    return sorted(settled + unsettled, key=min), used


def _is_volume(group: Sequence[Slice], piece: list[int], places: Places) -> bool:
    return _distinct(piece, places) and _is_even([group[k] for k in piece])


def _covers_all(group: Sequence[Slice], piece: list[int], smaller: list[list[int]], places: Places) -> bool:
    """Whether each of the smaller pieces has a slice at every place."""
    del group
    return not _distinct(piece, places) and all(_place_set(one, places) == _place_set(piece, places) for one in smaller)


def _covers_most(group: Sequence[Slice], piece: list[int], smaller: list[list[int]], places: Places) -> bool:
    """Whether each of the smaller pieces is a volume with a few slices lost."""
    del group
    least = _MOSTLY * len(_place_set(piece, places))
    return not _distinct(piece, places) and all(len(_place_set(one, places)) >= least for one in smaller)


def _has_a_whole(group: Sequence[Slice], piece: list[int], smaller: list[list[int]], places: Places) -> bool:
    """Whether one of the smaller pieces is a whole volume, beside others that are none, such as slices with drawings on them."""
    del group
    whole = _place_set(piece, places)
    return not _distinct(piece, places) and any(_distinct(one, places) and _place_set(one, places) == whole for one in smaller)


def _makes_even(group: Sequence[Slice], piece: list[int], smaller: list[list[int]], places: Places) -> bool:
    """Whether uneven or repeated slices become even volumes; volumes one behind the other stay together if they can be resampled."""
    slices = [group[k] for k in piece]
    distinct = _distinct(piece, places)
    if not all(len(one) >= _FEWEST and _distinct(one, places) and _is_even([group[k] for k in one]) for one in smaller):
        return False
    ranges = sorted((min(places[k] for k in one), max(places[k] for k in one)) for one in smaller)
    overlap = any(later[0] < earlier[1] for earlier, later in itertools.pairwise(ranges))
    return not distinct or overlap or not can_be_resampled(_steps(slices), [one.plane.thickness for one in _sorted(slices)])


def _runs(group: Sequence[Slice], piece: list[int]) -> tuple[list[list[int]], str]:
    """Split uneven slices at distinct places into the runs of their instance numbers, if these are even volumes between each other."""
    if _is_even([group[k] for k in piece]):
        return [piece], ""
    numbered = sorted(piece, key=lambda k: group[k].instance)
    heights = positions_of([group[k].plane for k in numbered]) @ normal_of(group[0].plane)
    steps = np.diff(heights)
    turns = np.flatnonzero(np.sign(steps) != np.sign(np.median(steps))) + 1
    runs = [run.tolist() for run in np.split(np.array(numbered), turns)]
    ends = sorted((min(run), max(run)) for run in np.split(heights, turns))
    overlap = all(later[0] < earlier[1] for earlier, later in itertools.pairwise(ends))
    even = all(len(run) >= _FEWEST and _is_even([group[k] for k in run]) for run in runs)
    return (runs, "run") if len(runs) > 1 and overlap and even else ([piece], "")


def _by_order(group: Sequence[Slice], piece: list[int], places: Places) -> tuple[list[list[int]], str]:
    """Split by the order of the slices at each place: by the first of moment, folder, instance number and name that differs everywhere."""
    keys: list[tuple[str, Callable[[int], object]]] = [
        *(("time", lambda k, m=m: order_key(group[k].moments[m]) if group[k].moments else None) for m in range(len(MOMENTS))),
        ("folder", lambda k: natural_key(str(group[k].path.parent))),
        ("run", lambda k: group[k].instance),
        ("run", lambda k: (natural_key(group[k].path.name), group[k].frame)),
    ]
    at_places = _split(piece, lambda k: str(places[k]))
    for word, key in keys:
        if all(len({key(k) for k in here}) == len(here) for here in at_places):
            ordered = [sorted(here, key=key) for here in at_places]  # type: ignore[arg-type]  # keys of one kind are comparable
            return [[here[n] for here in ordered if n < len(here)] for n in range(max(len(here) for here in ordered))], word
    return [piece], ""


def _split(piece: Iterable[int], key: Callable[[int], str]) -> list[list[int]]:
    pieces: dict[str, list[int]] = {}
    for k in piece:
        pieces.setdefault(key(k), []).append(k)
    return [pieces[value] for value in sorted(pieces, key=order_key)]


def _place_set(piece: Iterable[int], places: Places) -> set[int]:
    return {places[k] for k in piece}


def _distinct(piece: Sequence[int], places: Places) -> bool:
    return len(_place_set(piece, places)) == len(piece)


def _sorted(slices: Sequence[Slice]) -> list[Slice]:
    normal = normal_of(slices[0].plane)
    heights = positions_of([one.plane for one in slices]) @ normal
    return [slices[n] for n in np.argsort(heights, kind="stable")]


def _steps(slices: Sequence[Slice]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    ordered = _sorted(slices)
    return np.diff(positions_of([one.plane for one in ordered]) @ normal_of(ordered[0].plane))


def _is_even(slices: Sequence[Slice]) -> bool:
    """Whether slices at distinct places form an even volume, tilted or not."""
    if len(slices) < _FEWEST:
        return True
    planes = [one.plane for one in _sorted(slices)]
    return line_through(positions_of(planes), normal_of(planes[0]), rounding_of(planes)).even


def gap_count(slices: Sequence[Slice]) -> int:
    """Return the number of gaps between slices at distinct places, as if slices were missing."""
    return len(gaps(_steps(slices), [one.plane.thickness for one in _sorted(slices)])) if len(slices) >= _FEWEST else 0


def is_even_volume(slices: Sequence[Slice]) -> bool:
    """Whether at least three slices lie at distinct places in even steps."""
    heights = positions_of([one.plane for one in slices]) @ normal_of(slices[0].plane)
    distinct = max(Counter(place_numbers(heights).tolist()).values()) == 1
    return len(slices) >= _FEWEST and distinct and _is_even(slices)


def _shared(slices: Sequence[Slice]) -> tuple[str, ...]:
    columns = zip(*(one.values for one in slices), strict=True)
    return tuple(values[0] if len(set(values)) == 1 else "" for values in columns)
