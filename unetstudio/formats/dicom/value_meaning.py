"""What the values of a DICOM image mean: their unit, and the values between which an inverted image is turned round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from unetstudio.formats.dicom.frame_plane import FramePlane
from unetstudio.formats.dicom.header import value

if TYPE_CHECKING:
    from pydicom import Dataset

RESCALE_TYPES = {
    "HU": "HU",
    "HU_MOD": "HU (modified)",
    "OD": "10⁻³ OD",
    "MGML": "mg/ml",
    "Z_EFF": "Z eff",
    "ED": "10²³ electrons/ml",
    "EDW": "electrons, relative to water",
    "PCT": "%",
}
"""Units by the terms of Rescale Type (PS3.3 C.11.1.1.2)."""

PET_UNITS = {
    "BQML": "Bq/ml",
    "GML": "SUV (g/ml)",
    "CM2ML": "SUV (cm²/ml)",
    "CNTS": "counts",
    "CPS": "counts/s",
    "PROPCNTS": "proportional to counts",
    "PROPCPS": "proportional to counts/s",
    "PCNT": "%",
    "MGMINML": "mg/min/ml",
    "UMOLMINML": "µmol/min/ml",
    "UMOLML": "µmol/ml",
    "MLMING": "ml/min/g",
    "MLMINML": "ml/min/ml",
    "MLG": "ml/g",
    "MLML": "ml/ml",
    "1CM": "1/cm",
}
"""Units by the terms of Units (PS3.3 C.8.9.1.1.3)."""


def unit_of(dataset: Dataset, planes: Sequence[FramePlane]) -> str:
    """Return the unit of the rescaled values, "" where it is not known; a rescaled CT whose type is not given is in HU."""
    kind = _rescale_type(dataset)
    if value(dataset, "Modality") == "CT" and kind == "":
        return "HU" if _is_rescaled(dataset, planes) else ""
    if value(dataset, "Modality") == "RTDOSE":
        return "Gy" if _term(dataset, "DoseUnits") == "GY" else ""
    return PET_UNITS.get(_term(dataset, "Units"), "") or PET_UNITS.get(kind, "") or RESCALE_TYPES.get(kind, "")


def inversion_of(dataset: Dataset, planes: Sequence[FramePlane]) -> float | None:
    """Return the sum of the lowest and the highest value that fit into the bits stored, rescaled; None where frames or tables differ."""
    scales = {(plane.slope, plane.intercept) for plane in planes}
    if len(scales) != 1 or "ModalityLUTSequence" in dataset or not value(dataset, "BitsStored"):
        return None
    slope, intercept = scales.pop()
    ends = -1 if value(dataset, "PixelRepresentation") == 1 else 2 ** int(dataset.BitsStored) - 1
    return slope * ends + 2 * intercept


def _rescale_type(dataset: Dataset) -> str:
    """Return the term for the rescaled values: of the file, or of the frames' groups where these have it; "" for unspecified."""
    term = _term(dataset, "RescaleType")
    for name in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
        for group in (value(dataset, name) or [])[:1]:
            term = term or next((_term(item, "RescaleType") for item in value(group, "PixelValueTransformationSequence") or []), "")
    return "" if term in ("US", "UNSPECIFIED") else term


def _is_rescaled(dataset: Dataset, planes: Sequence[FramePlane]) -> bool:
    """Whether the file says how stored values become others, of which some may be those of air."""
    groups = ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence")
    nested = any("PixelValueTransformationSequence" in group for name in groups for group in (value(dataset, name) or [])[:1])
    reaches_air = value(dataset, "PixelRepresentation") == 1 or any(plane.intercept < 0 for plane in planes)
    return (nested or "RescaleIntercept" in dataset) and reaches_air


def _term(dataset: Dataset, keyword: str) -> str:
    term = value(dataset, keyword)
    return term.strip().upper() if isinstance(term, str) else ""
