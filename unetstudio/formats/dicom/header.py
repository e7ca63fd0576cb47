"""Access to the tags of a DICOM file; a tag that cannot be decoded counts as absent, so that it spoils nothing beside it."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pydicom import Dataset

Vector = tuple[float, ...]

_LARGEST = 1e9
"""Numbers beyond it are taken as damage."""


def parse(path: Path, tags: Sequence[str] | None = None, defer: int | None = None) -> Dataset:
    """Parse a file: all of it, or only `tags` and nothing after the pixels; values over `defer` bytes stay in the file."""
    import pydicom

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of oddities that it can handle
        if tags is None:
            return pydicom.dcmread(path, force=True, defer_size=defer)
        return pydicom.dcmread(path, stop_before_pixels=True, specific_tags=list(tags), force=True, defer_size=defer)


def value(dataset: Dataset, keyword: str) -> Any:
    """Return the value of a tag, None when it is absent or cannot be decoded."""
    tag, present = _tag(keyword), dataset.keys()
    if tag not in present:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return dataset[tag].value
    except Exception:  # noqa: BLE001  (pydicom raises many kinds on values of an unknown kind or length)
        return _by_dictionary(dataset, keyword)


@cache
def _tag(keyword: str) -> int:
    from pydicom.tag import Tag

    return Tag(keyword)


def _by_dictionary(dataset: Dataset, keyword: str) -> Any:
    """Decode a tag of an unknown kind as the kind that the standard gives it; None when that fails too."""
    from pydicom.datadict import dictionary_VR
    from pydicom.dataelem import convert_raw_data_element

    try:
        raw: Any = dataset.get_item(keyword)
        return convert_raw_data_element(raw._replace(VR=dictionary_VR(raw.tag))).value
    except Exception:  # noqa: BLE001  (as above)
        return None


def text(dataset: Dataset, keyword: str) -> str:
    """Return a tag as text, empty when absent."""
    raw = value(dataset, keyword)
    return "" if raw is None else str(raw)


def numbers(dataset: Dataset, keyword: str, most: int = 16) -> Vector:
    """Return the first `most` numbers of a tag with one or more values; () when one is not a plausible number."""
    raw = value(dataset, keyword)
    if raw is None or isinstance(raw, (str, bytes)):
        return ()
    values = itertools.islice(raw, most) if hasattr(raw, "__iter__") else [raw]
    try:
        plain = tuple(float(one) for one in values)
    except (TypeError, ValueError):
        return ()
    return plain if all(abs(one) < _LARGEST for one in plain) else ()


def number(dataset: Dataset, keyword: str, default: float = 0.0) -> float:
    """Return the first number of a tag."""
    values = numbers(dataset, keyword)
    return values[0] if values else default


def vector(dataset: Dataset, keyword: str, length: int) -> Vector | None:
    """Return a tag of exactly `length` numbers."""
    values = numbers(dataset, keyword)
    return values if len(values) == length else None


def first(dataset: Dataset, keyword: str) -> Dataset | None:
    """Return the first item of a sequence."""
    sequence = value(dataset, keyword)
    return sequence[0] if sequence and not isinstance(sequence, (str, bytes)) else None


def decimals(dataset: Dataset, keyword: str) -> int | None:
    """Return the largest number of digits written after the point in a tag's numbers; None when they are not written in digits."""
    raw = value(dataset, keyword)
    if raw is None or isinstance(raw, (str, bytes)) or not hasattr(raw, "__iter__"):
        return None
    written = [getattr(one, "original_string", None) for one in itertools.islice(raw, 16)]
    if any(not isinstance(one, str) or "e" in one.lower() for one in written):
        return None
    return max((len(one.strip().partition(".")[2]) for one in written if one is not None), default=None)
