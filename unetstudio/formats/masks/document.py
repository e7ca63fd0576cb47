"""What a mask file is written from: the labels, and all that a format may say about them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry


@dataclass(frozen=True, eq=False)
class MaskDocument:
    """A label map to be written.

    `source` is the scan's file, whose header a format may copy; `identified` is the user's word that the patient's identity may be copied
    from it. `made_by` says in a few words who made the labels ("painted by hand", "predicted by checkpoint 3fa9...").
    """

    labels: NDArray[np.integer[Any]]  # (Z, Y, X) class values, UNLABELLED where not annotated; or numbers of objects
    geometry: Geometry = field(default_factory=Geometry)
    classes: ClassTable = field(default_factory=ClassTable)
    source: Source | None = None
    name: str = ""
    identified: bool = False
    made_by: str = ""
