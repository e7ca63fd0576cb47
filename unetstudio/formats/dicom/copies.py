"""Copies of a slice among DICOM files: the same pixels at the same place, whatever identifiers they carry."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path

from unetstudio.formats.dicom.header import parse
from unetstudio.formats.dicom.slices import Slice


def without_copies(slices: Sequence[Slice]) -> list[Slice]:
    """Return the slices, each once; pixels are compared only where position and all tags that tell images apart are equal."""
    by_series: dict[tuple[str, tuple[str, str]], list[Slice]] = {}
    for one in slices:
        if not one.alone:
            by_series.setdefault((one.series, one.owner), []).append(one)
    copies = {copy for group in by_series.values() for copy in _copies(group)}
    return [one for one in slices if one.path not in copies] if copies else list(slices)


def _copies(series: list[Slice]) -> set[Path]:
    """Return the files that repeat another; none where only some slices of a series look alike each time, such as blank ones."""
    alike: dict[object, list[Slice]] = {}
    for one in series:
        alike.setdefault((one.shape, one.plane.position, one.plane.orientation, one.values, one.moments), []).append(one)
    kept = [_each_once(group) if len(group) > 1 else group for group in alike.values()]
    if _is_steady(alike.values()) and not _is_steady(kept):
        return set()
    return {one.path for one in series} - {one.path for group in kept for one in group}


def _each_once(group: list[Slice]) -> list[Slice]:
    kept: dict[str, Slice] = {}
    for one in group:
        kept.setdefault(_pixels_of(one.path), one)
    return list(kept.values())


def _is_steady(groups: Iterable[list[Slice]]) -> bool:
    """Whether every group has the same number of slices."""
    return len({len(group) for group in groups}) <= 1


def _pixels_of(path: Path) -> str:
    """Return a digest of the stored pixels; the path itself where there are none to compare."""
    try:
        pixels = parse(path, None).PixelData
    except Exception:  # noqa: BLE001  (pydicom raises many kinds on damaged files)
        return str(path)
    return hashlib.sha256(bytes(pixels)).hexdigest()
