"""The structures to find: a table of classes with value, name, colour, visibility and lock."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import MAX_CLASSES, UNLABELLED
from unetstudio.errors import UserError

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class LabelClass:
    """One structure; `value` is what stands in label maps and is never given to another class of the project."""

    value: int
    name: str
    colour: Colour  # red, green, blue, 0..255
    visible: bool = True
    locked: bool = False


@dataclass(frozen=True)
class ClassTable:
    """The classes of a project in the order shown; the network's output channels follow the same order.

    A removed class leaves its voxels in the label maps, where no table knows them: they count as not annotated, and undoing the
    removal brings them back.
    """

    classes: tuple[LabelClass, ...] = ()
    next_value: int = 0  # never used so far

    @classmethod
    def named(cls, names: list[str], colours: list[Colour]) -> ClassTable:
        """Classes 0, 1, 2 ... by name; the first is the background by custom."""
        table = cls()
        for name, colour in zip(names, colours, strict=True):
            table = table.added(name, colour)
        return table

    def __iter__(self) -> Iterator[LabelClass]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, value: int) -> LabelClass:
        """The class of a label value; KeyError when there is none."""
        for found in self.classes:
            if found.value == value:
                return found
        raise KeyError(value)

    def __contains__(self, value: object) -> bool:
        return any(found.value == value for found in self.classes)

    @property
    def values(self) -> tuple[int, ...]:
        """Label values in table order."""
        return tuple(found.value for found in self.classes)

    @property
    def locked(self) -> frozenset[int]:
        """Values that no stroke may overwrite."""
        return frozenset(found.value for found in self.classes if found.locked)

    def added(self, name: str, colour: Colour) -> ClassTable:
        """With one more class at the end, of a value never used before."""
        if self.next_value >= MAX_CLASSES:
            raise UserError(f"A project can hold {MAX_CLASSES} classes; start another project for more.")
        return ClassTable((*self.classes, LabelClass(self.next_value, self._free(name), colour)), self.next_value + 1)

    def removed(self, value: int) -> ClassTable:
        """Without the class of `value`."""
        return replace(self, classes=tuple(found for found in self.classes if found.value != value))

    def restored(self, lost: LabelClass, place: int) -> ClassTable:
        """With a removed class back at its place; as it is when that class is there already."""
        if lost.value in self:
            return self
        return replace(self, classes=(*self.classes[:place], lost, *self.classes[place:]))

    def changed(self, value: int, **fields: Any) -> ClassTable:
        """With other name, colour, visibility or lock for one class."""
        if "name" in fields:
            fields["name"] = self._free(str(fields["name"]), apart_from=value)
        return replace(self, classes=tuple(replace(c, **fields) if c.value == value else c for c in self.classes))

    def channels(self) -> NDArray[np.uint8]:
        """(256,) uint8: label value to output channel; UNLABELLED where no class has the value."""
        table = np.full(256, UNLABELLED, np.uint8)
        for channel, found in enumerate(self.classes):
            table[found.value] = channel
        return table

    def to_json(self) -> dict[str, Any]:
        """As plain values for project.json and legends."""
        return {"classes": [asdict(found) for found in self.classes], "next_value": self.next_value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ClassTable:
        """The inverse of `to_json`; ValueError, KeyError or TypeError for what `to_json` never gives."""
        found = tuple(LabelClass(**{**c, "colour": tuple(c["colour"])}) for c in values["classes"])
        table = cls(found, values["next_value"])
        numbers = (table.next_value, *(c.value for c in found), *(part for c in found for part in c.colour))
        if not all(type(number) is int and 0 <= number <= UNLABELLED for number in numbers) or table.next_value > MAX_CLASSES:
            raise ValueError("a class's number or colour")
        if not all(isinstance(c.name, str) and len(c.colour) == 3 and type(c.visible) is type(c.locked) is bool for c in found):
            raise ValueError("a class's name, colour or switch")
        if len(set(table.values)) < len(found) or not all(value < MAX_CLASSES for value in table.values):
            raise ValueError("a class's value")
        return table

    def _free(self, name: str, apart_from: int = UNLABELLED) -> str:
        """`name`, or with a number where another class has it already."""
        name = " ".join(name.split()) or "Class"
        taken = {found.name for found in self.classes if found.value != apart_from}
        numbered = (f"{name} {n}" for n in range(2, MAX_CLASSES + 2))
        return name if name not in taken else next(n for n in numbered if n not in taken)
