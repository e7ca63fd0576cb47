"""From paths that a user drops or names to the scans in them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom_series import series_among
from unetstudio.formats.format import FORMATS, recognise
from unetstudio.formats.natural import natural

DEEPEST = 8
"""Folders inside folders that are looked into."""


def discover(paths: Sequence[Path]) -> list[Source]:
    """Every scan among files and folders, in natural order of names; DICOM slices of one series in one folder are one scan.

    Of a folder its own files count; its subfolders are looked into only when none of them is an image (a folder of masks beside the
    images thus stays out). Hidden files and projects are passed over. FormatError when nothing can be opened.
    """
    files, folders = [p for p in paths if not p.is_dir()], [p for p in paths if p.is_dir()]
    found = _sources(files, explicit=True)
    for folder in folders:
        found += _inside(folder, DEEPEST)
    if found:
        return found + [Source(path) for path in files if _format_of(path) is None]  # reading these will say what is wrong with them
    if len(paths) == 1 and files:
        raise unknown(files[0])
    where = folders[0] if folders else (files[0] if files else Path("nothing"))
    raise FormatError(where, f"nothing here can be opened as an image; the formats known are {_known()}.")


def dicom_files(folder: Path) -> list[Path]:
    """The files of a folder that are DICOM by content, in natural order."""
    return [path for path in _files(folder) if _format_of(path) == "dicom"]


def unknown(path: Path) -> FormatError:
    """What to say of a file that no format recognises."""
    if path.stat().st_size == 0:
        return FormatError(path, "the file is empty; copy it again from its origin.")
    named = next((found.title for _, found in FORMATS.items() if path.name.lower().endswith(found.suffixes)), None)
    if named is not None:
        return FormatError(path, f"it is not a {named} file although it is named like one; open the original instead.")
    return FormatError(path, f"it is not an image of a kind this program knows ({_known()}); convert it to one of these.")


def _inside(folder: Path, depth: int) -> list[Source]:
    found = _sources(_files(folder), explicit=False)
    if found or depth == 0:
        return found
    below = sorted((p for p in folder.iterdir() if p.is_dir() and not _passed_over(p)), key=lambda p: natural(p.name))
    return [source for child in below for source in _inside(child, depth - 1)]


def _sources(files: Sequence[Path], *, explicit: bool) -> list[Source]:
    """One source per picture or volume file, at the place of its first file for a DICOM series."""
    found: list[Source] = []
    slices: dict[Path, list[Path]] = {}
    for path in files:
        name = recognised[0] if explicit and (recognised := recognise(path)) else _format_of(path) if not explicit else None
        if name == "dicom":
            slices.setdefault(path.parent, []).append(path)
        elif name is not None:
            found.append(Source(path))
    for folder, inside in slices.items():
        series = series_among(inside)
        found += [Source(folder, one.part) if len(one.files) > 1 else Source(one.files[0]) for one in series]
        if explicit and not series and len(files) == 1:
            found.append(Source(inside[0]))  # reading it will say what is wrong with it
    return found


def _files(folder: Path) -> list[Path]:
    try:
        return sorted((p for p in folder.iterdir() if p.is_file() and not _passed_over(p)), key=lambda p: natural(p.name))
    except OSError as error:
        raise FormatError(folder, f"the folder cannot be opened ({error.strerror}); check that you may read it.") from error


def _format_of(path: Path) -> str | None:
    """The name of a file's format; None for an unknown or unreadable one."""
    try:
        found = recognise(path)
    except FormatError:
        return None
    return found[0] if found else None


def _passed_over(path: Path) -> bool:
    return path.name.startswith(".") or path.suffix == ".unetstudio"


def _known() -> str:
    return ", ".join(found.title for _, found in FORMATS.items())
