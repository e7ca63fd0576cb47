"""Files that belong to an image described by another file: voxels beside a header, and the other files of a set."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.finding.recognition import recognise
from unetstudio.formats.format import Format
from unetstudio.formats.voxel_files.library_errors import translate_errors


class _Image(Protocol):
    @property
    def source(self) -> Source: ...


T = TypeVar("T", bound=_Image)


def without_members(images: Sequence[T]) -> tuple[list[T], set[Path]]:
    """Return the images without those whose file belongs to another one's, and all files that do so, resolved.

    Of a set whose files each describe the whole, such as an OME-TIFF in several files, the first one stays.
    """
    files: dict[Path, set[Path]] = {}
    for image in images:
        path = image.source.path.resolve()
        if path not in files:
            files[path] = _files(image.source)
    order = {path: place for place, path in enumerate(files)}
    members = {
        other
        for path, own in files.items()
        for other in own - {path}
        if path not in files.get(other, ()) or order[path] < order[other]  # if each belongs to the other, the first stays
    }
    return [image for image in images if image.source.path.resolve() not in members], members


def _files(source: Source) -> set[Path]:
    """Return the files of an image in a file; none for a folder, and where they cannot be told: reading says why later."""
    if source.path.is_dir():
        return set()
    try:
        recognised = recognise(source.path)
        if recognised is None or recognised[0] == "dicom" or type(recognised[1]).files is Format.files:
            return set()
        variant = recognised[1]
        return {path.resolve() for path in translate_errors(source.path, variant.title, lambda: variant.files(source))}
    except FormatError:
        return set()
