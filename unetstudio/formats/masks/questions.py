"""Stored mask values whose class cannot be told: as questions to the user, or as one sentence that refuses the masks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from unetstudio.data.classes import ClassTable
from unetstudio.errors import FormatError
from unetstudio.formats.masks.mapping import HIGHEST, Mapping, colour_text, named

SHOWN = 5
"""Number of values that a sentence lists."""


class Doubt(Enum):
    """Why the class of a value cannot be told."""

    NO_CLASS = "no class has this value"
    NO_COLOUR = "no class has this colour"
    NO_NAME = "no class has this name"
    WHITE = "it can mean the structure, or not annotated"
    OBJECTS = "the values seem to number objects"


@dataclass(frozen=True)
class Question:
    """A stored value, colour or name that has no known class; `voxels` in all masks, and the first mask that holds it.

    With `Doubt.OBJECTS` it stands for its value and all above. With `counted` it is the name that is asked about, whatever its value.
    """

    value: int
    doubt: Doubt
    voxels: int
    path: Path
    name: str = ""
    counted: bool = False

    @property
    def text(self) -> str:
        """What is asked about: "7", "#ff0000", "3 (membrane)", "1 and above"."""
        if self.doubt is Doubt.NO_COLOUR:
            return colour_text(self.value) + (f" ({self.name})" if self.name else "")
        if self.doubt is Doubt.OBJECTS:
            return f"{self.value} and above"
        if self.counted:
            return self.name
        return f"{self.value} ({self.name})" if self.name else str(self.value)

    @property
    def class_name(self) -> str:
        """The name of a class that is made for it: what the mask calls it, or its value."""
        return self.name or f"Structure {self.text}"

    def answered(self, value: int) -> Mapping:
        """Return the mapping that gives it a class."""
        if self.counted:
            return named(self.name, value)
        high = HIGHEST if self.doubt is Doubt.OBJECTS else self.value
        return Mapping(self.value, high, value, colour=self.doubt is Doubt.NO_COLOUR, name=self.name)


def refusal(questions: Sequence[Question], classes: ClassTable) -> FormatError:
    """Make the error for masks with values that cannot be told, which names the options to tell them."""
    first = questions[0]
    alike = [question for question in questions if question.doubt is first.doubt]
    listed = ", ".join(question.text for question in alike[:SHOWN]) + (" …" if len(alike) > SHOWN else "")
    known = f"classes are {', '.join(f'{c.value} {c.name}' for c in classes)}"
    match first.doubt:
        case Doubt.WHITE:
            names = [c.name for c in classes]
            structure = names[1] if len(names) > 1 else "CLASS"
            text = (
                f"the value {first.value} can mean {structure} or 'not annotated', and nothing in these masks tells; "
                f"say --map {first.value}={structure} or --unlabelled {first.value}."
            )
        case Doubt.OBJECTS:
            text = f"its values seem to number objects ({known}); say which class they are with --map {first.value}+=CLASS."
        case Doubt.NO_COLOUR:
            options = " ".join(f"--map '{colour_text(question.value)}=CLASS'" for question in alike[:SHOWN])
            text = f"the colour {listed} is of no class ({known}); say what it means with {options}."
        case Doubt.NO_NAME if first.counted:
            options = " ".join(f"--map '{question.name}=CLASS'" for question in alike[:SHOWN])
            text = f"no class is called {listed} ({known}); say what it means with {options}."
        case Doubt.NO_NAME:
            option = "" if _vary(alike) else f", or say --map {first.value}=CLASS"
            text = f"the value {listed} is called like no class ({known}); name the class so{option}."
        case Doubt.NO_CLASS:
            text = (
                f"the value {listed} has no class ({known}); say what it means with --map VALUE=CLASS, "
                f"or --map 1+=CLASS when values number objects."
            )
    return FormatError(first.path, text)


def _vary(questions: Sequence[Question]) -> bool:
    """Whether one value has several names, or one name several values, so that no value can be mapped."""
    pairs = {(question.value, question.name) for question in questions}
    return len({value for value, _ in pairs}) < len(pairs) or len({name for _, name in pairs}) < len(pairs)
