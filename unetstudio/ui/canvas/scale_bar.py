"""The scale bar: a round length that is easy to read, in the unit that fits."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unetstudio.ui.canvas.view import View

LONGEST = 140.0
"""Greatest length of a bar in logical pixels."""

UNITS = ((10.0, "cm"), (1.0, "mm"), (1e-3, "µm"), (1e-6, "nm"))


@dataclass(frozen=True)
class ScaleBar:
    """A bar of `pixels` logical pixels that stands for the length in `text`."""

    pixels: float
    text: str


def scale_bar(view: View, in_mm: bool, longest: float = LONGEST) -> ScaleBar:
    """Return the longest bar of 1, 2 or 5 times a power of ten; in voxels unless `in_mm`, as where the spacing is unknown."""
    per_column = view.pitch[1] / view.ratio
    per_unit = per_column / view.spacing[1] if in_mm else per_column
    length = _round_below(longest / per_unit)
    if not in_mm:
        length = max(1.0, length)
        return ScaleBar(length * per_unit, f"{length:g} px")
    size, unit = next(((s, u) for s, u in UNITS if length >= s * 0.999), UNITS[-1])
    return ScaleBar(length * per_unit, f"{length / size:.3g} {unit}")


def _round_below(length: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not longer."""
    decade = 10.0 ** math.floor(math.log10(length))
    return next(step * decade for step in (5, 2, 1) if step * decade <= length * (1 + 1e-9))
