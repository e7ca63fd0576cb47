"""The masks of an evaluation in class values: what each side means is decided over its whole set, and said."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable, Colour, LabelClass
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import MAX_CLASSES, UNLABELLED
from unetstudio.errors import UserError
from unetstudio.formats.finding.recognition import format_of
from unetstudio.formats.masks.coding import Coding, decide
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.legend_files import BACKGROUND, Legend, legend_beside
from unetstudio.formats.masks.mapping import Mapping, mappings
from unetstudio.formats.masks.mask_files import read_content, read_content_onto
from unetstudio.formats.masks.meaning import GREY, WHITES, folded
from unetstudio.formats.masks.questions import Doubt, refusal
from unetstudio.formats.masks.summary import MaskSummary, summary

Integers = NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class CodedPair:
    """Predicted and true class values (Z, Y, X) on the grid of the prediction, and the truth as it is stored."""

    geometry: Geometry
    predicted: Integers
    truth: Integers
    stored_truth: Integers


class EvaluationCoding:
    """Reads pairs of predicted and true masks in one numbering of classes.

    `values` are the classes that occur; `words` say what was taken for what.
    """

    def __init__(self, pairs: Sequence[tuple[Path, Path]], maps: Sequence[str]) -> None:
        legends: dict[Path, Legend | None] = {}
        sides: tuple[list[MaskSummary], list[MaskSummary]] = ([], [])
        for pair in pairs:
            for path, content, side in zip(pair, _contents(*pair), sides, strict=True):
                legends.setdefault(path.parent, legend_beside(path.parent))
                side.append(summary(path, content, legends[path.parent]))
        self._places = {pair: place for place, pair in enumerate(pairs)}
        self._table = _classes(*sides, maps)
        mapped = mappings(maps, self._table)
        in_colours = tuple(part for part in mapped if part.colour)
        self._predicted = None if _numbers(sides[0]) else self._decide(sides[0], in_colours)
        self._truth = None if _numbers(sides[1]) and not mapped else self._decide(sides[1], mapped)
        codings = (self._predicted, self._truth)
        values = {value for side, coding in zip(sides, codings, strict=True) for value in _values(side, coding)}
        self.values = tuple(sorted(values - {UNLABELLED}))
        self.words = [*_said("predicted", self._predicted), *_said("truth", self._truth)]
        self.words += dict.fromkeys(note for side in sides for mask in side for note in mask.notes)

    def read(self, mask: Path, true_mask: Path) -> CodedPair:
        """Read a pair; FormatError when the truth does not fit the prediction."""
        predicted, truth = _contents(mask, true_mask)
        place = self._places[(mask, true_mask)]
        return CodedPair(predicted.geometry, _coded(self._predicted, place, predicted), _coded(self._truth, place, truth), truth.values)

    def _decide(self, side: Sequence[MaskSummary], mapped: tuple[Mapping, ...]) -> Coding:
        """Decide what one side means; masks that are white throughout are the structure, since nothing else could be compared."""
        coding = decide(side, self._table, mapping=mapped)
        if not mapped and coding.questions and all(question.doubt is Doubt.WHITE for question in coding.questions):
            structure = self._table.values[1]
            white = tuple(Mapping(one, one, structure, reason="white throughout") for one in WHITES)
            coding = decide(side, self._table, mapping=white)
        if coding.questions:
            raise refusal(coding.questions, self._table)
        return coding


def _contents(mask: Path, true_mask: Path) -> tuple[MaskContent, MaskContent]:
    """Read a pair onto one grid, that of the prediction; outlines, which have none, are drawn on the grid of the other."""
    if not format_of(mask).images and format_of(true_mask).images:
        truth = read_content(true_mask)
        return read_content_onto(mask, _grid(truth, true_mask)), truth
    predicted = read_content(mask)
    return predicted, read_content_onto(true_mask, _grid(predicted, mask))


def _grid(content: MaskContent, path: Path) -> MaskGrid:
    z, y, x = content.values.shape
    return MaskGrid((z, y, x), content.geometry, name=path.name)


def _coded(coding: Coding | None, place: int, content: MaskContent) -> Integers:
    return content.values if coding is None else coding.masks[place].label_values(content)


def _numbers(side: Sequence[MaskSummary]) -> bool:
    """Whether the masks of a side number objects, which are compared as they are."""
    plain = {value for mask in side if not mask.by_colour for value in mask.counts}
    beyond = any(value > MAX_CLASSES for value in plain) and not plain <= {0, *WHITES}
    return beyond or any(mask.numbered for mask in side)


def _classes(predicted: Sequence[MaskSummary], truth: Sequence[MaskSummary], maps: Sequence[str]) -> ClassTable:
    """Return the classes of both sides: the names of the truth, or else of the prediction, and all values without a name."""
    names = _names(predicted, truth)
    values = {0, 1, *names, *(int(end[1]) for text in maps if (end := re.search(r"=(\d+)\s*$", text)))}
    colours: dict[int, Colour] = {}
    if all(any(mask.by_colour for mask in side) for side in (predicted, truth)) and not names:
        stored = {value if mask.by_colour else value * GREY for side in (predicted, truth) for mask in side for value in mask.counts}
        for number, packed in enumerate(sorted(stored | {0})):
            values.add(number)
            names[number], colours[number] = f"#{packed:06x}", (packed >> 16 & 255, packed >> 8 & 255, packed & 255)
    else:
        values |= {v for side in (predicted, truth) for mask in side if not mask.by_colour for v in mask.counts if 0 <= v < MAX_CLASSES}
    if beyond := [value for value in values if value >= MAX_CLASSES]:
        raise UserError(f"--map to class {beyond[0]} is not understood: class values are 0 to {MAX_CLASSES - 1}.")
    none = (1, 2, 3)  # no mask is in this colour on purpose; two classes of one colour are never matched by it
    entries = [LabelClass(value, names.get(value, f"class {value}"), colours.get(value, none)) for value in sorted(values)]
    return ClassTable(tuple(entries), max(values) + 1)


def _names(predicted: Sequence[MaskSummary], truth: Sequence[MaskSummary]) -> dict[int, str]:
    """Return the names of class values: those of the truth, and those of the prediction where the truth has none or knows some of them."""
    names, others = _names_of(truth), _names_of(predicted)
    if not names:
        return others
    known = {folded(name) for name in names.values()}
    if not (known - BACKGROUND) & {folded(name) for name in others.values()}:
        return names
    for value, name in others.items():
        if folded(name) not in known:
            names[value if value not in names else max(names | others) + 1] = name
    return names


def _names_of(side: Sequence[MaskSummary]) -> dict[int, str]:
    """Return the names that the masks of a side, or legends beside them, give; a name whose value has another one gets a free value."""
    names: dict[int, str] = {}
    for mask in side:
        given = dict(mask.legend.names) if mask.legend is not None else {}
        for value, name in {**given, **mask.names}.items():
            if 0 <= value < MAX_CLASSES and folded(name) not in map(folded, names.values()):
                names[value if value not in names else max(names) + 1] = name
    return names


def _values(side: Sequence[MaskSummary], coding: Coding | None) -> Iterator[int]:
    """Yield the class values of one side, or the numbers of its objects."""
    for place, mask in enumerate(side):
        yield from mask.counts if coding is None else coding.masks[place].classes.values()


def _said(side: str, coding: Coding | None) -> list[str]:
    return [f"{side}: values number objects."] if coding is None else [f"{side}: {text}" for text in coding.words]
