"""The grouping of a folder's DICOM files into volumes."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_plane import FramePlane, planes_of
from unetstudio.formats.folder import files_in
from unetstudio.formats.memory_check import SMALL
from unetstudio.formats.natural_sort import natural_key
from unetstudio.formats.recognition import format_name

if TYPE_CHECKING:
    from pydicom import Dataset

_SPLITTERS = (
    "EchoTime", "EchoNumbers", "TemporalPositionIdentifier", "DiffusionBValue", "TriggerTime", "ImageType", "AcquisitionNumber",
    "AcquisitionTime",
)  # fmt: skip
"""Tags that distinguish the volumes of a series when two slices lie at the same place, most reliable first."""

_TAGS = [
    "SeriesInstanceUID", "SOPInstanceUID", "SeriesNumber", "Modality", "Rows", "Columns", "SamplesPerPixel", "NumberOfFrames",
    "ImagePositionPatient", "ImageOrientationPatient", "PixelSpacing", "SharedFunctionalGroupsSequence", *_SPLITTERS,
]  # fmt: skip


@dataclass(frozen=True)
class Series:
    """The files of one volume; `part` is a short hash, so that no identifier leaves the files."""

    part: str
    files: tuple[Path, ...]
    name: str = ""


@dataclass(frozen=True)
class _Slice:
    path: Path
    instance: str
    series: str
    number: int
    shape: tuple[int, int, int]
    plane: FramePlane
    splits: tuple[str, ...]


def find_series(folder: Path, part: str) -> Series:
    """Return the series that `part` names, or the only one when `part` is empty; raise FormatError when there is none."""
    files = [path for path in files_in(folder) if format_name(path) == "dicom"]
    candidates = [series for series in series_among(files) if len(series.files) > 1 or part == ""]
    matches = [series for series in candidates if series.part == part or (part == "" and len(candidates) == 1)]
    if not matches:
        problem = "holds no DICOM series" if not candidates else f"holds {len(candidates)} DICOM series, but not the one meant"
        raise FormatError(folder, f"the folder {problem}; open it again to choose.")
    return matches[0]


def series_among(files: Iterable[Path]) -> list[Series]:
    """Group the files of a folder into volumes, in order of series number; single and multi-frame files make one each."""
    readable = [one for file in files if (one := _slice(file)) is not None]
    slices = list({one.instance: one for one in reversed(readable)}.values())[::-1]  # a copy of a slice counts once
    groups: list[list[_Slice]] = []
    for one in slices:
        home = next((group for group in groups if _together(group[0], one)), None)
        if home is None:
            groups.append([one])
        else:
            home.append(one)
    groups = [part for group in groups for part in _apart(group)]
    groups.sort(key=lambda group: (group[0].number, natural_key(group[0].path.name)))
    volumes = [group for group in groups if len(group) > 1]
    named = []
    for group in groups:
        folder = group[0].path.parent.name
        numbered = f"{folder} {volumes.index(group) + 1}" if group in volumes and len(volumes) > 1 else folder
        named.append(Series(_part(group), tuple(one.path for one in group), numbered))
    return named


def _slice(path: Path) -> _Slice | None:
    """Read the tags needed for grouping; None when the file is damaged or no image."""
    import pydicom

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    try:
        header = pydicom.dcmread(path, stop_before_pixels=True, specific_tags=_TAGS, force=True, defer_size=SMALL)
        rows, columns, samples = (int(header.get(keyword) or 0) for keyword in ("Rows", "Columns", "SamplesPerPixel"))
        frames, number = (int(header.get(keyword) or 0) for keyword in ("NumberOfFrames", "SeriesNumber"))
        plane = planes_of(header, 1)[0]
        splits = tuple(_text(header, keyword) for keyword in _SPLITTERS)
    except Exception:  # noqa: BLE001  (pydicom raises many kinds on damaged files; such a file is no slice of a series)
        return None
    if not rows or not columns:
        return None
    alone = frames > 1 or plane.position is None or plane.orientation is None or "SeriesInstanceUID" not in header
    series = path.name if alone else str(header.SeriesInstanceUID)
    return _Slice(path, _text(header, "SOPInstanceUID") or path.name, series, number, (rows, columns, max(samples, 1)), plane, splits)


def _text(header: Dataset, keyword: str) -> str:
    value: Any = header.get(keyword)
    return "" if value is None else str(value)


def _together(a: _Slice, b: _Slice) -> bool:
    """Whether two slices may belong to one volume, by series, size and direction."""
    if (a.series, a.shape) != (b.series, b.shape) or a.plane.orientation is None or b.plane.orientation is None:
        return a.path == b.path
    same_pixels = np.allclose(a.plane.pixel or 0, b.plane.pixel or 0, rtol=1e-3)
    return same_pixels and np.allclose(a.plane.orientation, b.plane.orientation, rtol=0, atol=1e-3)


def _apart(group: list[_Slice]) -> list[list[_Slice]]:
    """Split a group that has slices at the same place (echoes, time points, phases) by the first tag that separates them."""
    if _distinct(group):
        return [group]
    for column in range(len(_SPLITTERS)):
        parts = _split(group, lambda one, column=column: one.splits[column])  # type: ignore[misc]  # mypy infers no lambda with a default
        if len(parts) > 1 and all(_distinct(part) for part in parts):
            return parts
    return [group]


def _split(group: list[_Slice], key: Callable[[_Slice], str]) -> list[list[_Slice]]:
    parts: dict[str, list[_Slice]] = {}
    for one in group:
        parts.setdefault(key(one), []).append(one)
    return [parts[value] for value in sorted(parts, key=natural_key)]


def _distinct(group: list[_Slice]) -> bool:
    places = {tuple(round(n, 3) for n in one.plane.position or ()) for one in group}
    return len(places) == len(group)


def _part(group: list[_Slice]) -> str:
    """Return 12 hexadecimal digits of a SHA-256 over a group's series, size, direction, and splitting tags."""
    first = group[0]
    directions = [round(n, 2) + 0.0 for n in first.plane.orientation or ()]
    common = [values[0] if len(set(values)) == 1 else "" for values in zip(*(one.splits for one in group), strict=True)]
    return hashlib.sha256(repr((first.series, first.shape, directions, common)).encode()).hexdigest()[:12]
