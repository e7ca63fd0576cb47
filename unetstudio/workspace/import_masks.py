"""Import of masks made in other programs: a survey of the whole set, the decision what its values mean, and one Edit for each case."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.errors import FormatError
from unetstudio.formats.masks.coding import MaskCoding
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.legend_files import Legend, legend_beside
from unetstudio.formats.masks.mask_files import read_content_onto
from unetstudio.formats.masks.summary import MaskSummary, summary


@dataclass(frozen=True, eq=False)
class Surveyed:
    """A mask that was looked through, with its place in the set."""

    summary: MaskSummary
    done: int
    total: int


def survey(pairs: Sequence[tuple[Path, Case]]) -> Generator[Surveyed, None, None]:
    """Read all masks, and legends beside them, for `decide`; FormatError for one that does not fit its image."""
    legends: dict[Path, Legend | None] = {}
    for done, (path, case) in enumerate(pairs, start=1):
        if path.parent not in legends:
            legends[path.parent] = legend_beside(path.parent)
        yield Surveyed(summary(path, read_for(path, case), legends[path.parent]), done, len(pairs))


def read_for(path: Path, case: Case) -> MaskContent:
    """Read a mask onto the grid of a case."""
    return read_content_onto(path, MaskGrid(case.shape, case.geometry, case.source, case.source.path.name))


def label_values(path: Path, case: Case, coding: MaskCoding) -> NDArray[np.uint8]:
    """Read a mask as class values (Z, Y, X), UNLABELLED where it is not annotated."""
    return coding.label_values(read_for(path, case))


def mask_edit(labels: LabelMap, values: NDArray[np.uint8], classes: ClassTable, path: Path) -> Edit | None:
    """Make the Edit that writes the class values of a mask (Z, Y, X) into the labels; None when nothing changes.

    Voxels painted by hand stay, and so do those that the mask leaves UNLABELLED. Another size is a FormatError.
    """
    if values.shape != labels.shape:
        raise FormatError(path, f"the mask is {_size(values.shape)}, its image {_size(labels.shape)}; export it at the image's size.")
    whole = Region.whole(labels.shape)
    changed = (values != UNLABELLED) & ~labels.painted(whole, classes.values) & (values != labels.values)
    return labels.change(changed, values, Origin.IMPORTED, "import")


def _size(shape: tuple[int, ...]) -> str:
    """Describe a size as width x height, and slices for volumes."""
    z, y, x = shape
    return f"{x} × {y}" if z == 1 else f"{x} × {y} × {z}"
