"""The images among DICOM files: a series each, or an image of a file of several frames."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.series import series_among
from unetstudio.formats.found_image import FoundImage
from unetstudio.formats.part_names import parts_of


def series_images(files: Sequence[Path]) -> tuple[list[FoundImage], list[Path]]:
    """Return the images among DICOM files, folder by folder, and the files that are in none: damaged, without an image, or copies."""
    images: list[FoundImage] = []
    used: set[Path] = set()
    by_folder: dict[Path, list[Path]] = {}
    for path in files:
        by_folder.setdefault(path.parent, []).append(path)
    for folder, inside in by_folder.items():
        series = series_among(inside)
        several = sum(len(one.files) > 1 for one in series) > 1
        for one in series:
            used.update(one.files)
            if len(one.files) > 1:
                images.append(FoundImage(Source(folder, one.part), one.name.removeprefix(f"{folder.name}, ") if several else ""))
            else:
                images += file_images(one.files[0])
    return images, [path for path in files if path not in used]


def file_images(path: Path) -> list[FoundImage]:
    """Return the images in a file; reading a damaged one raises a specific error later."""
    try:
        return [FoundImage(Source(path, part.key), part.name) for part in parts_of(path)]
    except FormatError:
        return [FoundImage(Source(path))]
