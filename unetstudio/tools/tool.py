"""The contract of a tool: a dataclass of options whose `drag` runs from press to release.

A press starts `drag(context)`, every pointer position is sent to it and the regions it yields are repainted; release closes the generator
and commits the stroke, Escape closes it and rolls back. A `clicks` tool (polygon) lives through several presses until a double click, Enter
or a click on its first corner finishes it: it is then sent None, and the stroke is committed.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import Field, dataclass, field
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.plane import Plane
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.registry import Registry
from unetstudio.tools.image_plane import ImagePlane

Point = tuple[float, float]  # (row, column) in the plane on the screen, voxel centres at integers


@dataclass(frozen=True, slots=True)
class Pointer:
    """A pointer position: `row` and `column` in `plane`, voxel centres at integers.

    `spacing` is the (row, column) voxel size in that plane in mm or (1, 1), so that a brush is round on the screen and in the patient.
    """

    row: float
    column: float
    plane: Plane = field(default_factory=Plane)
    spacing: tuple[float, float] = (1.0, 1.0)
    pressed: bool = True  # False: a hover between the clicks of a `clicks` tool
    reach: float = 1.5  # distance, in voxels of the finer spacing, within which a click counts as on an earlier corner


@dataclass(frozen=True, slots=True)
class Touched:
    """The voxels to repaint now, and an outline to draw on top while the tool is at work (lasso, polygon).

    A tool yields the region of everything it paints, or paints only when it is closed (lasso): yielded regions are not repainted when the
    stroke is committed.
    """

    region: Region | None = None
    outline: tuple[Point, ...] = ()
    done: bool = False  # the tool is finished before the release: commit


Drag = Generator[Touched, Pointer | None, None]


@dataclass(frozen=True, eq=False, slots=True)
class ToolContext:
    """The surroundings of a drag: the stroke it paints, the pointer of the press, and the slice of the image under it."""

    stroke: Stroke
    press: Pointer
    image: ImagePlane

    @property
    def plane(self) -> Plane:
        """The plane that the whole stroke stays in."""
        return self.press.plane

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the plane."""
        return self.plane.shape(self.stroke.labels.shape)

    def paint(self, corner: tuple[int, int], mask: NDArray[np.bool_]) -> Region:
        """Paint a (rows, columns) mask whose first voxel is at `corner` of the plane, and return the region to repaint."""
        top, left = corner
        region = self.plane.region((top, left, top + mask.shape[0], left + mask.shape[1]))
        return self.stroke.paint(region, np.expand_dims(mask, self.plane.axis))


class Tool(Protocol):
    """A way to change labels; each is a frozen dataclass whose fields are its options."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    title: ClassVar[str]
    shortcut: ClassVar[str]  # one key, such as "B"
    icon: ClassVar[str]  # file name in resources/icons without .svg
    hint: ClassVar[str]  # one sentence for the status bar
    clicks: ClassVar[bool] = False  # lives through several presses
    erases: ClassVar[bool] = False  # paints UNLABELLED instead of the active class

    def drag(self, context: ToolContext) -> Drag:
        """Paint from press to release; the generator may be closed at any yield."""
        ...


@runtime_checkable
class SizedTool(Protocol):
    """A tool with a round tip, whose diameter in voxels can be changed."""

    @property
    def size(self) -> int: ...


TOOLS: Registry[type[Tool]] = Registry("unetstudio.tools", "tool")
