"""What one mask holds, without its voxels: enough to decide over a whole set of masks what their values mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from unetstudio.data.classes import Colour
from unetstudio.formats.masks.content import MaskContent, value_counts
from unetstudio.formats.masks.legend_files import Legend


@dataclass(frozen=True)
class MaskSummary:
    """The stored values of a mask with their numbers of voxels, and what the file and a legend beside it say about them.

    With `by_colour` the values are colours, 0xRRGGBB; otherwise `palette` holds the colours of indices.
    With `counted` only their names tell them apart.
    """

    path: Path
    counts: Mapping[int, int]
    names: Mapping[int, str] = field(default_factory=dict)
    palette: Mapping[int, Colour] = field(default_factory=dict)
    numbered: bool = False
    by_colour: bool = False
    legend: Legend | None = None
    notes: tuple[str, ...] = ()
    counted: bool = False

    @property
    def not_annotated(self) -> int | None:
        """The value that the legend calls not annotated."""
        return None if self.legend is None else self.legend.not_annotated

    def name(self, value: int) -> str:
        """Return what the file, or else the legend, calls a value; "" when nothing."""
        if self.by_colour:
            value = next((v for v, colour in self._legend_colours.items() if packed(colour) == value), -1)
        if value in self.names:
            return self.names[value]
        return "" if self.legend is None else self.legend.names.get(value, "")

    @property
    def _legend_colours(self) -> Mapping[int, Colour]:
        return {} if self.legend is None else self.legend.colours


def summary(path: Path, content: MaskContent, legend: Legend | None) -> MaskSummary:
    """Summarise a mask that was read from `path`."""
    where = None if content.unknown is None else ~content.unknown
    counts = value_counts(content.values, where)
    return MaskSummary(
        path, counts, content.names, content.colours, content.numbered, content.by_colour, legend, content.notes, content.counted
    )


def packed(colour: Colour) -> int:
    """Return a colour as 0xRRGGBB."""
    red, green, blue = colour
    return red << 16 | green << 8 | blue
