"""Recommended display colours of segments, which DICOM stores as CIELab."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unetstudio.data.classes import Colour

if TYPE_CHECKING:
    from highdicom.color import CIELabColor


def to_cielab(colour: Colour) -> CIELabColor:
    """Convert red, green and blue, 0..255."""
    from highdicom.color import CIELabColor

    return CIELabColor.from_rgb(*colour)


def from_cielab(stored: Any) -> Colour | None:
    """Convert the three stored numbers; None when they are no colour."""
    from highdicom.color import CIELabColor

    try:
        red, green, blue = CIELabColor.from_dicom_value([int(n) for n in stored]).to_rgb(clip=True)
    except (TypeError, ValueError):
        return None
    return (int(red), int(green), int(blue))
