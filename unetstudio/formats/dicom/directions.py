"""The grouping of slices by direction and size of their pixels, and the word for a direction."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from unetstudio.formats.dicom.evenness import normal_of
from unetstudio.formats.dicom.header import Vector
from unetstudio.formats.dicom.slices import Slice

_COSINES = 1e-3
"""Tolerance of direction cosines."""

_PIXELS = 1e-3
"""Tolerance of the size of pixels, as a share."""


def by_direction(slices: Iterable[Slice]) -> list[list[Slice]]:
    """Group placed slices of one series by direction, size, and size of their pixels, in order."""
    groups: list[list[Slice]] = []
    for one in slices:
        home = next((group for group in reversed(groups) if _together(group[0], one)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    return groups


def direction_word(one: Slice) -> str:
    """Return axial, coronal or sagittal, whichever is nearest; empty when the direction is unknown."""
    if one.plane.orientation is None:
        return ""
    return ("sagittal", "coronal", "axial")[int(np.argmax(np.abs(normal_of(one.plane))))]


def _together(a: Slice, b: Slice) -> bool:
    return (
        a.shape == b.shape
        and _near(a.plane.orientation, b.plane.orientation, _COSINES)
        and _near(a.plane.pixel, b.plane.pixel, _PIXELS * min(a.plane.pixel or (0.0,)))
    )


def _near(a: Vector | None, b: Vector | None, tolerance: float) -> bool:
    if a is None or b is None:
        return a is b
    return all(abs(one - other) <= tolerance for one, other in zip(a, b, strict=True))
