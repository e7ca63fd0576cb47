"""The images in a file or folder, and the name of each."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.finding.recognition import folder_format, format_of, stem
from unetstudio.formats.part import Part, places_in
from unetstudio.formats.voxel_files.library_errors import translate_errors

MOST_KEPT = 32
"""Largest number of files whose lists of images are kept."""


def parts_of(path: Path) -> tuple[Part, ...]:
    """Return the images in a file, or in a folder that is an image; () in a file of masks alone. FormatError when it is damaged.

    The list is kept as long as the file is unchanged, so that naming each of its images does not read it anew.
    """
    try:
        stat = path.stat()
    except OSError:
        return _listed(path)
    return _kept(path, stat.st_mtime_ns, stat.st_size)


def image_name(source: Source) -> str:
    """Return the name of an image: its file's stem, and what tells it apart from others in the file, such as "cell, time 3"."""
    plain = stem(source.path)
    if not source.part or (source.path.is_dir() and not places_in(source.part)):  # a series in a folder: its reader names it
        return plain
    try:
        names = {part.key: part.name for part in parts_of(source.path)}
    except FormatError:
        names = {}
    places = ", ".join(f"{axis} {place}" for axis, place in places_in(source.part).items())
    return f"{plain}, {names.get(source.part) or places or source.part}"


@lru_cache(maxsize=MOST_KEPT)
def _kept(path: Path, changed: int, size: int) -> tuple[Part, ...]:
    del changed, size
    return _listed(path)


def _listed(path: Path) -> tuple[Part, ...]:
    variant = folder_format(path) if path.is_dir() else format_of(path)
    if variant is None:
        return (Part(),)
    return tuple(translate_errors(path, variant.title, lambda: variant.parts(path))) if variant.images else ()
