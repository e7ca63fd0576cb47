"""The place of a MetaImage in the patient: directions, offset and spacing, in LPS."""

from __future__ import annotations

import numpy as np

from unetstudio.data.geometry import Geometry
from unetstudio.formats.metaimage.header import MetaHeader, unreadable

_MILLIMETRES = {"um": 1e-3, "mm": 1.0, "cm": 10.0, "m": 1e3}


def read_geometry(header: MetaHeader) -> tuple[Geometry, tuple[str, ...]]:
    """Read the geometry, and what is not known of it; a picture of two axes has only a spacing."""
    count = len(header.sizes)
    factor = _MILLIMETRES.get(header.text("DistanceUnits").lower().removeprefix("met_distance_units_"), 1.0)
    spacing = header.numbers("ElementSpacing", "ElementSize")
    turn, offset = header.numbers("TransformMatrix", "Rotation", "Orientation"), header.numbers("Offset", "Position", "Origin")
    for name, numbers, expected in (("ElementSpacing", spacing, count), ("TransformMatrix", turn, count**2), ("Offset", offset, count)):
        if numbers and (len(numbers) != expected or not np.isfinite(numbers).all()):
            raise unreadable(header.path, name)
    known = [abs(n) * factor for n in spacing]
    if count < 3:
        defaults = known == [1.0] * count and not any(offset)
        return (Geometry() if not known or defaults or 0 in known else Geometry((1.0, known[1], known[0]))), ()
    if not turn and not offset:
        why = ("Its header does not say how it lies in the patient; only its spacing is known.",) if known else ()
        return (Geometry((known[2], known[1], known[0])) if known and 0 not in known else Geometry()), why
    steps = np.array(known or [1.0] * count)[:3]
    directions = np.array(turn).reshape(count, count)[:3, :3] if turn else np.eye(3)
    affine = np.eye(4)
    affine[:3, :3] = (directions * steps[:, None]).T[:, ::-1]  # a row of the file is the direction of an axis, x first
    affine[:3, 3] = np.array(offset[:3]) * factor if offset else 0.0
    if abs(np.linalg.det(affine[:3, :3])) < 1e-12 * max(np.abs(affine[:3, :3]).max(), 1e-300) ** 3:
        return Geometry(), ("Its header gives no valid place in the patient; spacing and orientation are unknown.",)
    return Geometry.from_affine(affine), ()
