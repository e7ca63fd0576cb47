"""What a tool is: a dataclass of options whose `drag` is one story, told from press to release.

The canvas starts `drag(stroke, at)` on the press, `.send(at)`s every pointer position and repaints what it yields; release closes the
generator and commits the stroke, Escape closes it and rolls back. A `clicks` tool (polygon) lives through several presses until it is
finished by a double click, Enter or a click on its first corner: the canvas then sends None and commits.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import Field, dataclass
from typing import Any, ClassVar, Protocol

from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.registry import Registry

Point = tuple[float, float]  # (row, column) in the plane looked at, voxel centres at integers


@dataclass(frozen=True, slots=True)
class Pointer:
    """Where the pointer is: `row`, `column` in the plane of array axis `axis` at slice `index`, voxel centres at integers.

    `spacing` is the (row, column) voxel size in that plane in mm or (1, 1), so that a brush is round on the screen and in the patient.
    """

    row: float
    column: float
    axis: int
    index: int
    spacing: tuple[float, float] = (1.0, 1.0)
    pressed: bool = True  # False: a hover between the clicks of a `clicks` tool
    pressure: float = 1.0
    reach: float = 1.5  # how near, in voxels of the finer spacing, a click must be to count as on an earlier corner


@dataclass(frozen=True, slots=True)
class Touched:
    """What to repaint now, and an outline to draw on top while the tool is at work (lasso, polygon).

    A tool yields the region of everything it paints, or paints only when it is closed (lasso): what it yielded is not painted again.
    """

    region: Region | None = None
    outline: tuple[Point, ...] = ()
    done: bool = False  # the tool is finished before the release: commit


Drag = Generator[Touched, Pointer | None, None]


class Tool(Protocol):
    """A way to change labels; each is a dataclass whose fields are its options."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    title: ClassVar[str]
    shortcut: ClassVar[str]  # one key, such as "B"
    icon: ClassVar[str]  # file name in resources/icons without .svg
    hint: ClassVar[str]  # one sentence for the status bar
    clicks: ClassVar[bool] = False  # lives through several presses
    erases: ClassVar[bool] = False  # paints UNLABELLED instead of the active class
    picks: ClassVar[bool] = False  # changes no label: takes the class under the pointer
    moves_view: ClassVar[bool] = False  # changes no label: the canvas pans

    def drag(self, stroke: Stroke, at: Pointer) -> Drag:
        """One story from press to release; it may be closed at any yield."""
        ...


TOOLS: Registry[type[Tool]] = Registry("unetstudio.tools", "tool")
