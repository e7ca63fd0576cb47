"""The volumes among the slices of many DICOM files, in one folder or over several."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from unetstudio.formats.dicom.copies import without_copies
from unetstudio.formats.dicom.directions import by_direction, direction_word
from unetstudio.formats.dicom.distinctions import DISTINCTIONS
from unetstudio.formats.dicom.evenness import normal_of, positions_of
from unetstudio.formats.dicom.parts import Part, gap_count, is_even_volume, parts_among
from unetstudio.formats.dicom.slices import Slice
from unetstudio.formats.finding.natural_sort import natural_key

_FURTHEST = 2.0
"""Largest distance of slices that carry a series each, in thicknesses, at which they are one volume."""


@dataclass(frozen=True)
class Volume:
    """The slices of one volume; `folder` is the one that holds all files of its series, and `group` numbers what was divided together."""

    slices: tuple[Slice, ...]
    folder: Path
    label: str = ""
    order: str = ""
    direction: str = ""  # where a series has several
    group: int = 0


def volumes_among(slices: Sequence[Slice]) -> list[Volume]:
    """Group slices into volumes, in order of series number and name; a file that stands alone is a volume of its own."""
    placed: dict[tuple[str, ...], list[Slice]] = {}
    volumes: list[Volume] = []
    for one in without_copies(slices):
        if one.alone:
            volumes.append(Volume((one,), one.path.parent))
        else:
            placed.setdefault((one.series, *one.owner, one.modality), []).append(one)
    groups = 0
    for series in placed.values():
        directions = by_direction(series)
        words = [direction_word(group[0]) for group in directions]
        for group, word in zip(directions, words, strict=True):
            groups += 1
            volumes += [replace(one, group=groups, direction=word if len(set(words)) > 1 else "") for one in _divided(group)]
    volumes = _joined(volumes)
    return _sorted(volumes)


def _sorted(volumes: list[Volume]) -> list[Volume]:
    """Return volumes by series number and name of the first file; those divided together stay together, by what tells them apart."""
    first: dict[int, tuple[tuple[int, int, str], ...]] = {}
    for n, one in enumerate(volumes):
        name = min(natural_key(file.path.name) for file in one.slices)
        first[one.group or -n] = min(name, first.get(one.group or -n, name))
    keys = [(one.slices[0].number, first[one.group or -n], one.direction, natural_key(one.label)) for n, one in enumerate(volumes)]
    return [volumes[n] for n in sorted(range(len(volumes)), key=keys.__getitem__)]


def common_folder(slices: Sequence[Slice]) -> Path:
    """Return the deepest folder that holds all files."""
    return Path(os.path.commonpath([one.path.parent for one in slices]))


def _divided(group: list[Slice]) -> list[Volume]:
    """Divide slices of one series and direction; over several folders together, unless each folder has volumes of its own."""
    folders = {one.path.parent for one in group}
    together = parts_among(group)
    if len(folders) == 1 or all(part.settled for part in together):
        return _volumes(together, common_folder(group))
    alone = {folder: parts_among([one for one in group if one.path.parent == folder]) for folder in sorted(folders)}
    parts = [part for own in alone.values() for part in own]
    if any(len(part.slices) < 2 for part in parts) or _completes(together, parts):
        return _volumes(together, common_folder(group))
    return [volume for folder, own in alone.items() for volume in _volumes(own, folder)]


def _completes(together: Sequence[Part], alone: Sequence[Part]) -> bool:
    """Whether parts that are uneven by folder leave no more gaps together."""
    if any(part.order for part in together) or all(part.settled for part in alone):
        return False
    return sum(gap_count(part.slices) for part in together) <= sum(gap_count(part.slices) for part in alone)


def _volumes(parts: Sequence[Part], folder: Path) -> list[Volume]:
    return [Volume(part.slices, folder, part.label, part.order) for part in parts]


def _joined(volumes: list[Volume]) -> list[Volume]:
    """Join lone slices of one patient that carry a series each, if they continue each other evenly."""
    alike: dict[object, list[Volume]] = {}
    for one in volumes:
        first = one.slices[0]
        if len(one.slices) == 1 and not first.alone and (first.owner[1] or first.study):
            values = tuple(v for v, known in zip(first.values, DISTINCTIONS, strict=True) if known.word != "acquisition")
            alike.setdefault((first.owner, "" if first.owner[1] else first.study, first.modality, values), []).append(one)
    joined = list(volumes)
    for candidates in alike.values():
        for group in by_direction(one.slices[0] for one in candidates):
            if len({one.series for one in group}) == len(group) and is_even_volume(group) and _continues(group):
                members = {one.path for one in group}
                joined = [one for one in joined if one.slices[0].path not in members]
                joined.append(Volume(tuple(group), common_folder(group), group=1 + max(one.group for one in volumes) + len(joined)))
    return joined


def _continues(group: Sequence[Slice]) -> bool:
    """Whether slices follow each other as closely as their thickness suggests, if it is known."""
    heights = sorted((positions_of([one.plane for one in group]) @ normal_of(group[0].plane)).tolist())
    thickness = group[0].plane.thickness
    return thickness is None or heights[1] - heights[0] <= _FURTHEST * thickness
