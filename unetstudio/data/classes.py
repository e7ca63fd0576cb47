"""The class table: the structures to find, with value, name, colour, visibility and lock."""

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
    """A class; `value` is its value in label maps, and is never given to another class of the project."""

    value: int
    name: str
    colour: Colour  # red, green, blue, 0..255
    visible: bool = True
    locked: bool = False


@dataclass(frozen=True)
class ClassTable:
    """The classes of a project in the order shown, which is also the order of the network's output channels.

    The voxels of a removed class stay in the label maps, where they count as not annotated; undoing the removal brings them back.
    """

    classes: tuple[LabelClass, ...] = ()
    next_value: int = 0  # the lowest value that was never used

    @classmethod
    def named(cls, names: list[str], colours: list[Colour]) -> ClassTable:
        """Make classes 0, 1, 2 ... by name; the first is by convention the background."""
        table = cls()
        for name, colour in zip(names, colours, strict=True):
            table = table.added(name, colour)
        return table

    def __iter__(self) -> Iterator[LabelClass]:
        return iter(self.classes)

    def __len__(self) -> int:
        return len(self.classes)

    def __getitem__(self, value: int) -> LabelClass:
        """Return the class of a label value; raise KeyError when there is none."""
        for label_class in self.classes:
            if label_class.value == value:
                return label_class
        raise KeyError(value)

    def __contains__(self, value: object) -> bool:
        return any(label_class.value == value for label_class in self.classes)

    @property
    def values(self) -> tuple[int, ...]:
        """The label values in table order."""
        return tuple(label_class.value for label_class in self.classes)

    @property
    def locked(self) -> frozenset[int]:
        """The values that no stroke may overwrite."""
        return frozenset(label_class.value for label_class in self.classes if label_class.locked)

    def added(self, name: str, colour: Colour) -> ClassTable:
        """Append a class with a value that was never used before."""
        if self.next_value >= MAX_CLASSES:
            raise UserError(f"A project can hold {MAX_CLASSES} classes; start another project for more.")
        return ClassTable((*self.classes, LabelClass(self.next_value, self._free_name(name), colour)), self.next_value + 1)

    def removed(self, value: int) -> ClassTable:
        """Remove the class of `value`."""
        return replace(self, classes=tuple(label_class for label_class in self.classes if label_class.value != value))

    def restored(self, removed: LabelClass, position: int) -> ClassTable:
        """Insert a removed class at its position again, unless it is in the table."""
        if removed.value in self:
            return self
        return replace(self, classes=(*self.classes[:position], removed, *self.classes[position:]))

    def changed(self, value: int, **fields: Any) -> ClassTable:
        """Change a class's name, colour, visibility or lock."""
        if "name" in fields:
            fields["name"] = self._free_name(str(fields["name"]), apart_from=value)
        return replace(self, classes=tuple(replace(c, **fields) if c.value == value else c for c in self.classes))

    def channels(self) -> NDArray[np.uint8]:
        """Return the table (256,) uint8 from label value to output channel; UNLABELLED where no class has the value."""
        table = np.full(256, UNLABELLED, np.uint8)
        for channel, label_class in enumerate(self.classes):
            table[label_class.value] = channel
        return table

    def to_json(self) -> dict[str, Any]:
        """Return plain values for project.json and legends."""
        return {"classes": [asdict(label_class) for label_class in self.classes], "next_value": self.next_value}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> ClassTable:
        """Read what `to_json` returned; raise ValueError, KeyError or TypeError for anything else."""
        classes = tuple(LabelClass(**{**c, "colour": tuple(c["colour"])}) for c in values["classes"])
        table = cls(classes, values["next_value"])
        numbers = (table.next_value, *(c.value for c in classes), *(part for c in classes for part in c.colour))
        if not all(type(number) is int and 0 <= number <= UNLABELLED for number in numbers) or table.next_value > MAX_CLASSES:
            raise ValueError("a class's number or colour")
        if not all(isinstance(c.name, str) and len(c.colour) == 3 and type(c.visible) is type(c.locked) is bool for c in classes):
            raise ValueError("a class's name, colour or switch")
        if len(set(table.values)) < len(classes) or not all(value < MAX_CLASSES for value in table.values):
            raise ValueError("a class's value")
        return table

    def _free_name(self, name: str, apart_from: int = UNLABELLED) -> str:
        """Return `name`, with a number if another class has it."""
        name = " ".join(name.split()) or "Class"
        taken = {label_class.name for label_class in self.classes if label_class.value != apart_from}
        numbered = (f"{name} {n}" for n in range(2, MAX_CLASSES + 2))
        return name if name not in taken else next(n for n in numbered if n not in taken)
