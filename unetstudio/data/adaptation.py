"""The comparison of a scan's values with those that were learnt, and the mapping that brings them to the same scale where it is known.

Pictures of the same thing differ in bit depth, CT numbers in an offset that a file does not state, and exports in a window that was burnt
in. Where no mapping explains the difference the values stay, and the reader is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from unetstudio.data.bit_depth import FULL_SCALES, RATIO, BitDepth
from unetstudio.data.learnt_values import LearntValues
from unetstudio.data.normalisation import AIR
from unetstudio.data.scan import Scan
from unetstudio.data.value_mapping import SAME, ValueMapping, upright
from unetstudio.data.value_range import ValueRange
from unetstudio.data.voxel_sample import value_sample

ALIKE = 0.3
"""Largest difference of percentiles, relative to the learnt range, up to which nothing is adapted."""

CLOSE = 0.15
"""Largest difference of percentiles with which a mapping explains values that are not alike."""

SHAPED, SHOWN = 0.1, 3.0
"""Largest difference of where the median lies in the range, and ratio of ranges, between an image and its export in a window."""

MIRRORED = 0.5
"""Least difference of where the median lies in the range with which an image may be a negative."""

MODALITIES = {"CT", "MR", "PT", "NM", "US"}
"""Modalities, as kinds of DICOM files name them, whose images have nothing in common."""

SIGN = 32768.0
"""Difference of 16-bit values read as signed and as unsigned."""

CT_OFFSETS = (1024.0, 1000.0)
"""Rescale intercepts of CT numbers that a file may lack, without their sign."""

NEAR_AIR, NEAR_BONE = 60.0, 0.5
"""Largest difference of the darkest values in HU, and of the brightest relative to the learnt range, between two CTs."""

TURNED = "its grey values are stored inverted (white is zero), and are turned round."
NOT_TURNED = (
    "its grey values are stored inverted (white is zero), and this checkpoint, of an older version, takes them as they are. "
    "If it was trained on other images, train again."
)


@dataclass(frozen=True)
class Adaptation:
    """The `mapping` of a scan's stored values to the scale that was learnt, and a sentence for the reader, "" for what goes without."""

    mapping: ValueMapping = SAME
    words: str = ""


def as_stored(scan: Scan) -> Adaptation:
    """Leave values as they are: for checkpoints that do not record what was learnt, whose training saw inverted images so too."""
    return Adaptation(words=NOT_TURNED if scan.inverted else "")


def adapt(scan: Scan, learnt: LearntValues, *, each: bool = False) -> Adaptation:
    """Turn an inverted scan round, and bring it to the values that were learnt; with `each` every scan has a scale of its own anyway."""
    turned, polarity = upright(scan), TURNED if scan.inverted and not learnt.inverted else ""
    if words := _strange_modality(scan, learnt) or _strange_unit(scan, learnt):
        return Adaptation(turned, words)
    adapted = Adaptation() if each else _compared(scan, learnt, turned)
    return Adaptation(turned.then(adapted.mapping), adapted.words or polarity)


def _compared(scan: Scan, learnt: LearntValues, turned: ValueMapping) -> Adaptation:
    """Compare a scan with what was learnt, and adapt its upright values."""
    sample = turned.apply(value_sample(scan.voxels))
    sample = sample[:, np.isfinite(sample).all(axis=0)]
    known, channels = ValueRange(learnt.percentiles), len(learnt.percentiles)
    if not sample.size or known.is_point:
        return Adaptation()
    grey = sample[:3].mean(axis=0, keepdims=True) if channels == 1 else sample
    own = ValueRange.of([grey[min(c, len(grey) - 1)] for c in range(channels)])
    if own.difference(known) <= ALIKE:
        return Adaptation()
    if (adapted := _explained(scan, own, learnt, turned, float(sample.max()))) is not None:
        return adapted
    if abs(own.place - known.place) >= MIRRORED and abs(1 - own.place - known.place) <= SHAPED:
        return Adaptation(words="its grey values look inverted beside those that were learnt: invert the image, or look at its mask.")
    if own.is_outside(known) or RATIO * own.width < known.width:
        return Adaptation(words=f"{_ends(own, known)}: look at its mask before you use it, or train on such an image too.")
    return Adaptation()


def _explained(scan: Scan, own: ValueRange, learnt: LearntValues, turned: ValueMapping, highest: float) -> Adaptation | None:
    """Find the mapping that explains why a scan has values of its `own`; None where there is none."""
    known = ValueRange(learnt.percentiles)
    ends = _ends(own, known)
    if learnt.hu:
        return None if scan.unit == "HU" else _as_ct(scan, own, known)
    if scan.unit or any(learnt.units):
        return None  # values with a unit mean what they say
    depth, learnt_depth = BitDepth((scan.voxels.dtype.name,), highest), BitDepth(learnt.dtypes, learnt.highest)
    explanations = [*_shifts(scan, turned), *((ValueMapping(factor), _times(factor)) for factor in depth.factors(learnt_depth))]
    mapping, reason = min(explanations, key=lambda one: own.mapped(one[0]).difference(known))
    if own.mapped(mapping).difference(known) <= CLOSE:
        return Adaptation(mapping, f"{ends}: {reason}.")
    stretched = Adaptation(own.mapping_to(known), f"{ends}: darkest and brightest are taken for these, which is a guess. Look at its mask.")
    if (factor := depth.likeliest_factor(learnt_depth)) is not None:
        scaled = own.mapped(ValueMapping(factor))
        if abs(own.place - known.place) <= SHAPED and 1 / SHOWN <= scaled.width / known.width <= SHOWN:
            return stretched
        if not scaled.is_outside(known):
            return None if factor == 1 else Adaptation(ValueMapping(factor), f"{ends}: {_times(factor)}.")
    beyond = own.is_outside(known) or (depth.differs(learnt_depth) and RATIO * own.width < known.width)
    bytes_alike = depth.kinds == learnt_depth.kinds == {"byte"}  # photographs, whose brightness differs as it may
    return stretched if beyond and not bytes_alike and own.width > 0 and abs(own.place - known.place) <= ALIKE else None


def _as_ct(scan: Scan, own: ValueRange, known: ValueRange) -> Adaptation | None:
    """Bring air back to where CT numbers have it; a sentence alone where nothing in the scan is air. None where air is in its place."""
    if known.low > AIR or own.low <= AIR:
        return None
    offset, words = min(CT_OFFSETS, key=lambda each: abs(own.low - each - known.low)), scan.kind.split()
    may_be_ct = "CT" in words or "DICOM" not in words
    if may_be_ct and abs(own.low - offset - known.low) <= NEAR_AIR and abs(own.high - offset - known.high) <= NEAR_BONE * known.width:
        return Adaptation(ValueMapping(1.0, -offset), f"{_ends(own, known)}: {offset:g} is taken off, so that they are CT numbers.")
    return Adaptation(words=f"{_ends(own, known)}: convert the image unless these are CT numbers too (air at -1000).")


def _shifts(scan: Scan, turned: ValueMapping) -> Iterator[tuple[ValueMapping, str]]:
    """Yield mappings of upright values without a factor that a file may leave out, each with what is done in words."""
    yield ValueMapping(1.0, -SIGN), f"{SIGN:g} is taken off, as signed and unsigned values differ"
    yield ValueMapping(1.0, SIGN), f"{SIGN:g} is added, as signed and unsigned values differ"
    for full in sorted(FULL_SCALES) if scan.inverted else ():
        yield ValueMapping(1.0, full - turned.offset), f"they are stored inverted, and are turned round within 0 to {full:g}"


def _times(factor: float) -> str:
    how = f"multiplied by {factor:.4g}" if factor >= 1 else f"divided by {1 / factor:.4g}"
    return f"they are {how}, as their bit depth is another"


def _strange_modality(scan: Scan, learnt: LearntValues) -> str:
    """Return a sentence where the file says that a scan is of another modality than all that was learnt."""
    known = {modality for kind in learnt.kinds for modality in [*MODALITIES.intersection(kind.split()), ""][:1]}
    own = MODALITIES.intersection(scan.kind.split())
    if not own or not known or "" in known or own & known:
        return ""
    return f"it is a scan of {min(own)}, and the network learnt from {' and '.join(sorted(known))}: do not trust its mask."


def _strange_unit(scan: Scan, learnt: LearntValues) -> str:
    """Return a sentence where values are in another unit than all that was learnt."""
    if not scan.unit or not learnt.units or "" in learnt.units or scan.unit in learnt.units:
        return ""
    learnt_units = " and ".join(learnt.units)
    return f"its values are in {scan.unit}, and the network learnt from {learnt_units}: convert the image, or do not trust its mask."


def _ends(own: ValueRange, known: ValueRange) -> str:
    return f"its values reach from {own.words}, and the network learnt from {known.words}"
