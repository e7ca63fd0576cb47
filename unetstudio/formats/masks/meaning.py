"""The meaning of one stored value, judged by all masks of its set, by names, legends and colours, and by the user's word."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.formats.masks.legend_files import BACKGROUND, IGNORED
from unetstudio.formats.masks.mapping import HIGHEST, Mapping, colour_text
from unetstudio.formats.masks.questions import Doubt
from unetstudio.formats.masks.summary import MaskSummary, packed

WHITES = (255, 65_535)
"""The value of white in masks of 8 and of 16 bits."""
BY_VALUE = "by value"
"""The reason where a stored value is that of a class."""
BY_NUMBER = "by the number, since no class has this name"
"""The reason where the mask calls that value something else."""
GREY = 0x010101
"""Factor from a grey to the same colour."""


@dataclass(frozen=True)
class Meaning:
    """A class value, or UNLABELLED, and why, in a few words."""

    value: int
    reason: str

    def stored(self, mask: MaskSummary, value: int) -> str:
        """Return what the mask holds, such as "1 (liver)" or "#ff0000"."""
        name = mask.name(value)
        text = colour_text(value) if mask.by_colour else str(value)
        return f"{text} ({name})" if name else text


class MaskSet:
    """All masks that are taken together, and what is true of all: black and white, numbered objects, values that count from 1."""

    def __init__(
        self,
        masks: Sequence[MaskSummary],
        classes: ClassTable,
        mapping: tuple[Mapping, ...],
        answers: tuple[Mapping, ...],
        unlabelled: int | None,
        objects: bool,
    ) -> None:
        first = next(iter(classes)).name if len(classes) else ""
        self.masks = [mask if mask.legend is None else replace(mask, legend=mask.legend.called(first)) for mask in masks]
        self._classes, self._order = classes, classes.values
        self._mapping, self._unlabelled = answers + mapping, unlabelled
        self._by_name = {folded(entry.name): entry.value for entry in reversed(classes.classes)}
        colours = [entry.colour for entry in classes]
        self._by_colour = {packed(entry.colour): entry.value for entry in classes if colours.count(entry.colour) == 1}
        self._coloured = any(mask.by_colour for mask in masks)
        self._plain = [mask for mask in self.masks if not mask.numbered and not mask.by_colour]
        self._every = {value for mask in self._plain if mask.not_annotated is None for value in mask.counts}
        mapped = any(not part.colour for part in mapping)
        self._names_match = any(self._class_named(mask.name(v)) in self._order[1:] for mask in self.masks for v in mask.counts)
        self._names_vary = self._have_varying_names()
        outlined = {folded(mask.name(value)) for mask in self.masks if mask.counted for value in mask.counts if value != 0}
        self._one_for_one = len(outlined) == 1 and len(classes) == 2 and not self._names_match
        self._white, self._only_white = (None, None) if mapped else self._black_and_white()
        self._by_palette = self._fits_palette()
        self._from_one = not mapped and self._counts_from_one()
        free = not mapped and unlabelled is None and self._white is None and self._only_white is None
        self.numbered = free and objects and len(classes) == 2 and self._numbers_objects()
        self.parted = self.numbered or (objects and bool(mapping)) or any(part.high == HIGHEST for part in answers)

    def meaning(self, mask: MaskSummary, value: int) -> Meaning | Doubt:
        """Return the class of a stored value, or why it cannot be told."""
        colour = mask.by_colour or (self._coloured and not mask.palette and 0 <= value <= 255)
        number = value * GREY if colour and not mask.by_colour else value
        name = mask.name(value)
        if not colour and value == self._unlabelled:
            return Meaning(UNLABELLED, "as you said")
        for part in self._mapping:
            if part.covers(number, colour=colour, name=name):
                return Meaning(part.value, part.reason)
        if (named := self._by_its_name(mask, value, name)) is not None:
            return named
        if colour:
            return self._by_its_colour(number)
        return self._by_its_value(mask, value)

    def _by_its_name(self, mask: MaskSummary, value: int, name: str) -> Meaning | Doubt | None:
        """Return what names say; None where they say nothing."""
        where = mask.legend.file if mask.legend is not None and not mask.names else "the file"
        if (not mask.by_colour and value == mask.not_annotated) or folded(name) in IGNORED:
            return Meaning(UNLABELLED, f"as {where} says")
        if (known := self._class_named(name)) is not None:
            return Meaning(known, f"by the names in {where}")
        if mask.counted and name and value != 0:
            return Meaning(self._order[1], "the one outlined class and the one structure") if self._one_for_one else Doubt.NO_NAME
        if mask.by_colour or value in (0, UNLABELLED):
            return None
        if name and (self._names_match or self._names_vary):
            return Doubt.NO_NAME
        if not self._names_match:
            return None
        return Doubt.NO_CLASS if mask.names or mask.legend is not None else None

    def _by_its_colour(self, number: int) -> Meaning | Doubt:
        if number in self._by_colour:
            return Meaning(self._by_colour[number], "by colour")
        return Meaning(self._order[0], "black is taken as the background") if number == 0 else Doubt.NO_COLOUR

    def _by_its_value(self, mask: MaskSummary, value: int) -> Meaning | Doubt:
        if mask.numbered or self.numbered:
            return self._object(mask, value)
        if self._white is not None and value in (0, self._white):
            return Meaning(self._order[1 if value else 0], "all masks are black and white")
        if value == self._only_white:
            return Doubt.WHITE
        if self._by_palette and value in mask.palette:
            return self._by_its_colour(packed(mask.palette[value]))
        if self._from_one and value - 1 in self._classes:
            return Meaning(value - 1, "no mask holds 0, so that values count from 1")
        if value in self._classes:
            return Meaning(value, BY_NUMBER if mask.name(value) and value != 0 else BY_VALUE)
        if value == UNLABELLED and self._unlabelled is None:
            return Meaning(UNLABELLED, "beside other values") if self._every - {0, UNLABELLED} or not self._every else Doubt.WHITE
        return Doubt.NO_CLASS

    def _object(self, mask: MaskSummary, value: int) -> Meaning | Doubt:
        if value == 0:
            return Meaning(self._order[0], "objects are numbered")
        if value == UNLABELLED and not mask.numbered and UNLABELLED - 1 not in self._every:
            return Doubt.WHITE
        return Meaning(self._order[1], "objects are numbered") if len(self._order) == 2 else Doubt.OBJECTS

    def _black_and_white(self) -> tuple[int | None, int | None]:
        """Return white where all masks are of 0 and white, and where all are white throughout, which can also mean not annotated."""
        rest = self._every - {self._unlabelled}
        for white in WHITES:
            if white in rest and rest <= {0, white} and white not in self._classes:
                certain = 0 in self._every and len(self._order) > 1
                return (white, None) if certain else (None, white)
        return None, None

    def _have_varying_names(self) -> bool:
        """Whether one value is called differently in different masks, or one name has several: values then mean nothing of themselves."""
        masks = [mask for mask in self._plain if any(mask.name(value) for value in mask.counts)]
        pairs = {(value, folded(mask.name(value))) for mask in masks for value in mask.counts if value not in (0, UNLABELLED)}
        return len({value for value, _ in pairs}) < len(pairs) or len({name for _, name in pairs if name}) < len([n for _, n in pairs if n])

    def _fits_palette(self) -> bool:
        """Whether indices do not fit the classes and the colours of all do; unused places of a palette are all black and fit nothing."""

        def fits(mask: MaskSummary) -> bool:
            colours = {packed(mask.palette[value]) for value in mask.counts if value in mask.palette}
            return len(colours) == len(mask.counts) and all(colour == 0 or colour in self._by_colour for colour in colours)

        coloured = [mask for mask in self._plain if mask.palette]
        unfit = any(value not in self._classes and value != UNLABELLED for mask in coloured for value in mask.counts)
        return unfit and all(fits(mask) for mask in coloured)

    def _counts_from_one(self) -> bool:
        """Whether values are those of the classes, each one more, as ilastik writes them."""
        values = self._every - {self._unlabelled, UNLABELLED}
        return bool(values) and min(values) == 1 and max(values) == len(self._order) and self._order == tuple(range(len(self._order)))

    def _numbers_objects(self) -> bool:
        unfit = any(value > 0 and value != UNLABELLED and value not in self._classes for value in self._every)
        named = any(mask.names or mask.legend is not None for mask in self._plain)
        soft = any(_is_mostly_white(mask) for mask in self._plain)
        return unfit and not soft and not named and not self._by_palette and not self._from_one

    def _class_named(self, name: str) -> int | None:
        key = folded(name)
        if key and key in self._by_name:
            return self._by_name[key]
        return self._order[0] if key in BACKGROUND and self._order else None


def _is_mostly_white(mask: MaskSummary) -> bool:
    """Whether white outweighs all other values of a mask but black: these are then soft edges, not objects."""
    between = sum(voxels for value, voxels in mask.counts.items() if 0 < value < UNLABELLED)
    return 0 < between < mask.counts.get(UNLABELLED, 0)


def folded(name: str) -> str:
    """Return a name as it is compared: without case, in one Unicode form."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())
