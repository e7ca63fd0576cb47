"""What the user says about stored mask values: `--map VALUE=CLASS`, where VALUE is a number, a range, a colour or a name."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import UserError

HIGHEST = 2**63 - 1
NOT_ANNOTATED = ("unlabelled", "not annotated")
"""Words for voxels without a class."""


@dataclass(frozen=True)
class Mapping:
    """The class `value` for stored mask values from `low` to `high`, both included.

    With `colour` they are colours, 0xRRGGBB. With a `name` only values that the mask itself calls so are meant.
    """

    low: int
    high: int
    value: int
    colour: bool = False
    name: str = ""
    reason: str = "as you said"

    def covers(self, stored: int, *, colour: bool, name: str) -> bool:
        """Whether this is about a stored value or colour, which the mask calls `name`."""
        return self.colour == colour and self.low <= stored <= self.high and self.name in ("", name)


def mappings(texts: Iterable[str], classes: ClassTable) -> tuple[Mapping, ...]:
    """Read `--map VALUE=CLASS` texts.

    VALUE is a number, a range `1-40`, `1+` for one and all above, a colour `#ff0000`, or what the mask itself calls it.
    CLASS is a name or a value, or "unlabelled".
    """
    return tuple(_mapping(text, classes) for text in texts)


def named(name: str, value: int) -> Mapping:
    """Return the mapping that gives a class to whatever masks call so."""
    return Mapping(0, HIGHEST - 1, value, name=name)  # not HIGHEST, which is said of the numbers of objects


def class_named(text: str, classes: ClassTable) -> int:
    """Return the label value of a class given by name or by number."""
    name = text.strip()
    for entry in classes:
        if name in (entry.name, str(entry.value)):
            return entry.value
    if name.lower() in NOT_ANNOTATED:
        return UNLABELLED
    raise UserError(f"There is no class {text!r}. The classes are {', '.join(c.name for c in classes)}.")


def colour_text(packed: int) -> str:
    """Return a colour as #rrggbb."""
    return f"#{packed:06x}"


def _mapping(text: str, classes: ClassTable) -> Mapping:
    if colour := re.fullmatch(r"#([0-9a-fA-F]{6})=(.+)", text.strip()):
        packed = int(colour[1], 16)
        return Mapping(packed, packed, class_named(colour[2], classes), colour=True)
    match = re.fullmatch(r"(\d+)(?:(\+)|-(\d+))?=(.+)", text.strip())
    if match is None and (pair := re.fullmatch(r"([^\W\d][^=]*)=(.+)", text.strip())):
        return named(pair[1].strip(), class_named(pair[2], classes))
    if match is None:
        raise UserError(f"--map {text!r} is not understood: write VALUE=CLASS, LOW-HIGH=CLASS, LOW+=CLASS, '#RRGGBB=CLASS' or NAME=CLASS.")
    low = int(match[1])
    high = HIGHEST if match[2] else int(match[3] or low)
    return Mapping(low, high, class_named(match[4], classes))
