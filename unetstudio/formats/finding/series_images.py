"""The images among DICOM files: a series each, or an image of a file of several frames."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.series import Series, grouped, series_below
from unetstudio.formats.dicom.slices import read_headers
from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.formats.finding.part_names import parts_of
from unetstudio.formats.finding.recognition import stem


def series_images(files: Sequence[Path], *, named: bool = False) -> tuple[list[FoundImage], list[Path]]:
    """Return the images among DICOM files, and the files that are in none: damaged, without an image, or copies.

    Segmentations stay out where there is anything else. If the user `named` the files, the rest of their series is added.
    """
    headers = read_headers(files)
    masks = {one.path for one in headers.slices if one.modality == "SEG"}
    series = grouped(headers)
    series = [one for one in series if one.files[0] not in masks] or series
    if named:
        series = [other for one in series for other in (_whole(one) if len(one.files) > 1 else [one])]
    inside = Counter(source.path for source in dict.fromkeys(one.source for one in series))
    images = [FoundImage(one.source, _apart(one) if inside[one.source.path] > 1 else "") for one in series]
    used = {path for one in series for path in one.files} | masks
    return list(dict.fromkeys(images)), [path for path in files if path not in used]


def file_images(path: Path) -> list[FoundImage]:
    """Return the images in a file; reading a damaged one raises a specific error later."""
    try:
        return [FoundImage(Source(path, part.key), part.name) for part in parts_of(path)]
    except FormatError:
        return [FoundImage(Source(path))]


def _apart(one: Series) -> str:
    """Return what tells a series apart: its name without that of the file or folder before it."""
    return one.name.removeprefix(f"{stem(one.source.path)}, ")


def _whole(named: Series) -> list[Series]:
    """Return the series that some files belong to, with the files that were not named."""
    return [one for one in series_below(named.folder) if set(one.files) & set(named.files) and len(one.files) > 1] or [named]
