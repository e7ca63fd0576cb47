"""What the stored values of masks mean, decided over the whole set of masks and never for each file alone."""

from __future__ import annotations

from collections.abc import Mapping as Table
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import UserError
from unetstudio.formats.masks.content import MaskContent
from unetstudio.formats.masks.mapping import Mapping
from unetstudio.formats.masks.meaning import GREY, MaskSet, Meaning
from unetstudio.formats.masks.parted import parted
from unetstudio.formats.masks.questions import Doubt, Question
from unetstudio.formats.masks.summary import MaskSummary

Labels = NDArray[np.uint8]

MOST_CLASSES = 16
"""Number of values without a class up to which each may be one, and not the number of an object."""


@dataclass(frozen=True)
class MaskCoding:
    """The class of each stored value of one mask; `objects` when values number objects, which are parted where they touch."""

    classes: Table[int, int]
    objects: bool = False

    def label_values(self, content: MaskContent) -> Labels:
        """Return class values (Z, Y, X), UNLABELLED where the mask says that a voxel is not annotated."""
        values = parted(content.values) if self.objects else content.values
        labels = _looked_up(values, self.classes)
        if content.unknown is not None:
            labels[content.unknown] = UNLABELLED
        return labels


@dataclass(frozen=True)
class Coding:
    """The meaning of a set of masks, one `MaskCoding` each, in words for the user, and the questions that only the user can answer."""

    masks: tuple[MaskCoding, ...]
    words: tuple[str, ...]
    questions: tuple[Question, ...] = field(default=())


def _looked_up(values: NDArray[np.integer[Any]], classes: Table[int, int]) -> Labels:
    """Look up each value; one that is not in the table, where the mask holds no value, becomes UNLABELLED."""
    if values.dtype in (np.uint8, np.uint16):
        table = np.full(np.iinfo(values.dtype).max + 1, UNLABELLED, np.uint8)
        table[list(classes)] = list(classes.values())
        labels: Labels = table[values]
        return labels
    if not classes:
        return np.full(values.shape, UNLABELLED, np.uint8)
    stored = np.array(sorted(classes))
    meant = np.array([classes[int(value)] for value in stored], np.uint8)
    places = np.minimum(np.searchsorted(stored, values), len(stored) - 1)
    return np.where(stored[places] == values, meant[places], UNLABELLED).astype(np.uint8)


def decide(
    masks: Sequence[MaskSummary],
    classes: ClassTable,
    *,
    mapping: Sequence[Mapping] = (),
    answers: Sequence[Mapping] = (),
    unlabelled: int | None = None,
    objects: bool = False,
) -> Coding:
    """Decide what the values of all masks mean. Nothing may be taken from masks as long as there are questions.

    `mapping` and `unlabelled` are the user's word beforehand, `answers` those to earlier questions about the same masks. With `objects`,
    many values in a project of two classes number objects, and mapped values do always. UserError for a name that no mask has.
    """
    called = {mask.name(value) for mask in masks for value in mask.counts}
    if unheard := next((part.name for part in mapping if part.name and part.name not in called), ""):
        raise UserError(
            f"--map {unheard}=...: no mask calls anything so; write VALUE=CLASS, LOW-HIGH=CLASS, LOW+=CLASS or '#RRGGBB=CLASS'."
        )
    whole = MaskSet(masks, classes, tuple(mapping), tuple(answers), unlabelled, objects)
    codings, meanings, doubts = [], [], _Doubts()
    for mask in whole.masks:
        table: dict[int, int] = {}
        for value in mask.counts:
            meaning = whole.meaning(mask, value)
            if isinstance(meaning, Doubt):
                doubts.add(mask, value, meaning)
            else:
                table[value] = meaning.value
                meanings.append((mask, value, meaning))
        numbered = whole.parted or mask.numbered
        if numbered and 0 not in table and isinstance(zero := whole.meaning(mask, 0), Meaning):
            table[0] = zero.value  # the line between objects that touch
        codings.append(MaskCoding(table, numbered))
    return Coding(tuple(codings), _words(meanings, classes), doubts.questions)


class _Doubts:
    """The questions of a set: one for a value, however many masks hold it."""

    def __init__(self) -> None:
        self._asked: dict[tuple[int, Doubt, str], Question] = {}

    def add(self, mask: MaskSummary, value: int, doubt: Doubt) -> None:
        voxels = mask.counts[value]
        name = "" if doubt in (Doubt.OBJECTS, Doubt.WHITE) else mask.name(value)
        if doubt is Doubt.OBJECTS:
            value = 1
        elif doubt is Doubt.NO_COLOUR and not mask.by_colour:  # a grey among masks in colours
            value *= GREY
        counted = mask.counted and bool(name)
        key = (0 if counted else value, doubt, name)
        known = self._asked.get(key) or Question(value, doubt, 0, mask.path, name, counted)
        self._asked[key] = replace(known, voxels=known.voxels + voxels)

    @property
    def questions(self) -> tuple[Question, ...]:
        """In the order of values, the doubts of one kind together; many values without a class number objects, it seems."""
        unfit = [question for question in self._asked.values() if question.doubt is Doubt.NO_CLASS and not question.name]
        if len(unfit) > MOST_CLASSES and all(question.value > 0 for question in unfit):
            voxels = sum(question.voxels for question in unfit)
            others = [question for question in self._asked.values() if question.doubt is not Doubt.OBJECTS and question not in unfit]
            return (*others, Question(1, Doubt.OBJECTS, voxels, unfit[0].path))
        return tuple(sorted(self._asked.values(), key=lambda question: (question.doubt.name, question.value)))


def _words(meanings: Sequence[tuple[MaskSummary, int, Meaning]], classes: ClassTable) -> tuple[str, ...]:
    """Say once what was taken for what, and why."""
    said: dict[str, dict[int, str]] = {}
    for mask, value, meaning in meanings:
        name = "not annotated" if meaning.value == UNLABELLED else classes[meaning.value].name
        said.setdefault(meaning.reason, {})[value] = f"{meaning.stored(mask, value)} is {name}"
    return tuple(f"{', '.join(text for _, text in sorted(parts.items())[:12])} ({reason})." for reason, parts in said.items())
