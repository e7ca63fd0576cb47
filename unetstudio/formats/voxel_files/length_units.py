"""Units of length, as image files name them, in millimetres."""

from __future__ import annotations

MILLIMETRES = {
    "m": 1e3, "meter": 1e3, "metre": 1e3, "cm": 10.0, "centimeter": 10.0, "mm": 1.0, "millimeter": 1.0, "millimetre": 1.0,
    "inch": 25.4, "in": 25.4, "µm": 1e-3, "μm": 1e-3, "um": 1e-3, "\\u00b5m": 1e-3, "micron": 1e-3, "microns": 1e-3,
    "micrometer": 1e-3, "micrometre": 1e-3, "nm": 1e-6, "nanometer": 1e-6, "nanometre": 1e-6,
    "å": 1e-7, "a": 1e-7, "angstrom": 1e-7, "pm": 1e-9, "picometer": 1e-9,
}  # fmt: skip
"""Length of units in millimetres, by their names in lower case."""


def in_millimetres(unit: object) -> float | None:
    """Return the length of a unit; None for one that is not known, such as pixels."""
    return MILLIMETRES.get(str(unit).strip().lower())
