"""The images in one multi-frame DICOM file: its frames divided by direction, and by what tells them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from unetstudio.errors import FormatError
from unetstudio.formats.dicom.directions import by_direction, direction_word
from unetstudio.formats.dicom.parts import Part, is_one_place, parts_among
from unetstudio.formats.dicom.slices import Slice, frames_of_file

if TYPE_CHECKING:
    from pydicom import Dataset


@dataclass(frozen=True)
class FramePart:
    """The indices of the frames of one image; `part` is a short hash, and `label` says what tells it from the others."""

    part: str
    label: str
    frames: tuple[int, ...]


def parts_of_file(path: Path, dataset: Dataset | None = None) -> list[FramePart]:
    """Return the images in a file of several frames; [] when all frames are one image, or their headers are damaged."""
    try:
        slices = frames_of_file(path, dataset)
    except Exception:  # noqa: BLE001  (pydicom raises many kinds on damaged files)
        return []
    return _divided(slices) if slices else []


def _divided(slices: list[Slice]) -> list[FramePart]:
    groups = by_direction(slices)
    words = [direction_word(group[0]) for group in groups]
    parts = [
        (_named(one.label, word if len(set(words)) > 1 else ""), one, group[0])
        for group, word in zip(groups, words, strict=True)
        for one in _parts(group)
    ]
    if len(parts) < 2:
        return []
    unique = unique_labels([label for label, _, _ in parts])
    return [
        FramePart(_digest(label, first), label, tuple(sorted(one.frame for one in part.slices)))
        for label, (_, part, first) in zip(unique, parts, strict=True)
    ]


def part_named(path: Path, part: str, dataset: Dataset) -> FramePart:
    """Return the image that `part` names; raise FormatError when the file holds no such one."""
    parts = parts_of_file(path, dataset)
    one = next((one for one in parts if one.part == part), None)
    if one is None:
        raise FormatError(path, f"the file holds {max(len(parts), 1)} images, but not the one meant; open it again to choose.")
    return one


def unique_labels(labels: Sequence[str]) -> list[str]:
    """Number the labels that occur more than once: "axial 1", "axial 2"."""
    labels = list(labels)
    numbered = []
    for n, label in enumerate(labels):
        count = labels[: n + 1].count(label)
        numbered.append(f"{label} {count}".strip() if labels.count(label) > 1 else label or "1")
    return numbered


def _parts(group: list[Slice]) -> list[Part]:
    """Divide frames of one direction; those of a film, all at one place, are one image."""
    return [Part(tuple(group))] if is_one_place(group) else parts_among(group)


def _named(label: str, word: str) -> str:
    return ", ".join(text for text in (word, label) if text)


def _digest(label: str, one: Slice) -> str:
    directions = [round(n, 2) + 0.0 for n in one.plane.orientation or ()]
    return hashlib.sha256(repr((one.shape, directions, label)).encode()).hexdigest()[:12]
