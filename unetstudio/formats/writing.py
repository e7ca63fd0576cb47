"""Saves masks in the format that a file's name asks for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS


def write_mask(path: Path, labels: NDArray[np.uint8], geometry: Geometry, classes: ClassTable) -> None:
    """Saves class values (Z, Y, X) by the path's suffix, whole or not at all; FormatError when format, folder or disk refuses."""
    chosen = next((found for _, found in FORMATS.items() if found.writes and path.name.lower().endswith(found.suffixes)), None)
    if chosen is None:
        known = ", ".join(found.suffixes[0] for _, found in FORMATS.items() if found.writes)
        raise FormatError(path, f"masks cannot be saved under this ending; use one of {known}.")
    chosen.write(path, labels, geometry, classes)
