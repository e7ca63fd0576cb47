"""Discovery of the scans among the files and folders that a user drops or names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.series import series_among
from unetstudio.formats.folder import files_in, subfolders_in
from unetstudio.formats.format import Format
from unetstudio.formats.library_errors import translate_errors
from unetstudio.formats.recognition import folder_format, format_name, format_of, format_titles, recognise, unknown_format

DEEPEST = 8
"""Largest depth of nested folders that is searched."""


def discover(paths: Sequence[Path]) -> list[Source]:
    """Find every scan among files and folders, in natural order of names; a folder's DICOM slices of one series are one scan.

    The subfolders of a folder are searched only when none of its own files is an image, so that masks beside the images are left out.
    Hidden files and projects are skipped. Raise FormatError when nothing can be opened.
    """
    files, folders = [p for p in paths if not p.is_dir()], [p for p in paths if p.is_dir()]
    sources = _sources(files, explicit=True)
    for folder in folders:
        sources += _images_in(folder) or _search(folder, DEEPEST)
    sources = _once(sources)
    if sources:
        return sources + [Source(path) for path in files if format_name(path) is None]  # reading these raises a specific error
    if len(paths) == 1 and files:
        raise unknown_format(files[0])
    where = folders[0] if folders else (files[0] if files else Path("nothing"))
    raise FormatError(where, f"nothing here can be opened as an image; the formats known are {format_titles()}.")


def _images_in(path: Path) -> list[Source]:
    """Return the images in a file, or in a folder that is itself an image; [] for masks without an image and for other folders."""
    variant = folder_format(path) if path.is_dir() else format_of(path)
    if variant is None or not variant.images:
        return []
    parts = translate_errors(path, variant.title, lambda: variant.parts(path))
    return [Source(path, part.key) for part in parts]


def _once(sources: Sequence[Source]) -> list[Source]:
    """Leave out images that lie in several files and are named by each of these, but for the first."""
    if len(sources) < 2:
        return list(sources)
    seen: set[tuple[frozenset[Path], str]] = set()
    kept: list[Source] = []
    for source in sources:
        identity = (frozenset(file.absolute() for file in _readable_files(source)), source.part)
        if len(identity[0]) < 2 or identity not in seen:
            kept.append(source)
        seen.add(identity)
    return kept


def _readable_files(source: Source) -> list[Path]:
    """Return the files of an image that is one file among others; reading a damaged one raises a specific error later."""
    variant = None if source.path.is_dir() else format_of(source.path)
    if variant is None or type(variant).files is Format.files:
        return [source.path]
    try:
        return translate_errors(source.path, variant.title, lambda: variant.files(source))
    except FormatError:
        return [source.path]


def _readable_images_in(path: Path) -> list[Source]:
    """Return the images in a file; reading a damaged one raises a specific error later."""
    try:
        return _images_in(path)
    except FormatError:
        return [Source(path)]


def _search(folder: Path, depth: int) -> list[Source]:
    sources = _sources(files_in(folder), explicit=False) + [one for child in subfolders_in(folder) for one in _images_in(child)]
    if sources or depth == 0:
        return sources
    return [source for child in subfolders_in(folder) for source in _search(child, depth - 1)]


def _sources(files: Sequence[Path], *, explicit: bool) -> list[Source]:
    """Make a source for each picture or volume file and each DICOM series.

    Raise FormatError for an `explicit` file, named by the user, that cannot be opened; others are skipped.
    """
    sources: list[Source] = []
    slices: dict[Path, list[Path]] = {}
    for path in files:
        name = recognised[0] if explicit and (recognised := recognise(path)) else format_name(path) if not explicit else None
        if name == "dicom":
            slices.setdefault(path.parent, []).append(path)
        elif name is not None:
            sources += _images_in(path) if explicit else _readable_images_in(path)
    for folder, inside in slices.items():
        series = series_among(inside)
        sources += [Source(folder, one.part) if len(one.files) > 1 else Source(one.files[0]) for one in series]
        if explicit and not series and len(files) == 1:
            sources.append(Source(inside[0]))  # reading it raises a specific error
    return sources
