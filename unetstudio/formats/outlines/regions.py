"""The regions of a label map that are written as outlines, and what this program notes beside them to read them back exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.classes import Colour
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.masks.legend import legend
from unetstudio.formats.outlines.tracing import Polygon, trace


@dataclass(frozen=True, eq=False)
class Region:
    """A region of one value in one slice, joined by the edges of its pixels."""

    value: int
    z: int
    polygon: Polygon


@dataclass(frozen=True)
class OutlineNote:
    """What this program writes into its own files so that they come back voxel for voxel, without the image."""

    shape: tuple[int, int, int] | None = None
    geometry: Geometry = field(default_factory=Geometry)
    values: tuple[tuple[str, int], ...] = ()
    outside: int | None = None  # None in files of other programs


def regions(document: MaskDocument) -> Iterator[Region]:
    """Yield the regions to be written: of all classes, but the background only where some voxels are not annotated."""
    partly = _unlabelled(document).any()
    for z, plane in enumerate(document.labels):
        for value in _values(plane):
            if (value == 0 and not partly) or (value == UNLABELLED and document.labels.dtype == np.uint8):
                continue
            for polygon in trace(plane == value):
                yield Region(value, z, polygon)


def names_of(document: MaskDocument) -> dict[int, str]:
    """Return a name for each value of the labels: its class's, or else "value 3"."""
    known = {c.value: c.name for c in document.classes}
    unlabelled = UNLABELLED if document.labels.dtype == np.uint8 else -1
    return known | {v: f"value {v}" for v in _values(document.labels) if v != unlabelled and v not in known}


def colour_of(document: MaskDocument, value: int) -> Colour:
    """Return the colour of a value's class, grey without one."""
    return document.classes[value].colour if value in document.classes else (128, 128, 128)


def note_values(document: MaskDocument) -> dict[str, Any]:
    """Return what `note_from` reads, as plain values."""
    return {
        **legend(document.classes),
        "size_zyx": list(document.labels.shape),
        "spacing_zyx_mm": None if document.geometry.spacing is None else list(document.geometry.spacing),
        "values": {name: value for value, name in names_of(document).items()},
        "outside": UNLABELLED if _unlabelled(document).any() else 0,
        "made_by": document.made_by,
    }


def note_from(values: object) -> OutlineNote:
    """Read what `note_values` returned; an empty one for files of other programs."""
    if not isinstance(values, dict) or values.get("note") != RESEARCH_USE:
        return OutlineNote()
    z, y, x = (int(n) for n in values["size_zyx"])
    spacing = values.get("spacing_zyx_mm")
    geometry = Geometry() if spacing is None else Geometry((float(spacing[0]), float(spacing[1]), float(spacing[2])))
    names = tuple((str(name), int(value)) for name, value in values.get("values", {}).items())
    return OutlineNote((z, y, x), geometry, names, int(values.get("outside", 0)))


def _unlabelled(document: MaskDocument) -> NDArray[np.bool_]:
    """Return where nothing is annotated; numbers of objects have no such value."""
    where: NDArray[np.bool_] = (document.labels == UNLABELLED) & (document.labels.dtype == np.uint8)
    return where


def _values(labels: NDArray[np.integer[Any]]) -> list[int]:
    """Return the values that occur, in rising order."""
    if labels.dtype == np.uint8:
        return [int(value) for value in np.flatnonzero(np.bincount(labels.ravel(), minlength=256))]
    return [int(value) for value in np.unique(labels)]
