"""The contents of a folder that may hold images, in natural order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from unetstudio.errors import FormatError
from unetstudio.formats.finding.natural_sort import natural_key

PROJECT = ".unetstudio"
"""Suffix of a folder that is a project."""
RECORD = ".unetstudio-export.json"
"""File in a folder of masks that this program wrote; see `output_record`."""
SYSTEM_FILES = {".ds_store", "thumbs.db", "ehthumbs.db", "desktop.ini", ".directory", "dicomdir"}
"""Files that systems and DICOM media put beside images: nobody misses them."""


@dataclass(frozen=True)
class Contents:
    """The entries of a folder: shown files and folders, hidden ones, and projects; without the files that systems make for themselves."""

    files: tuple[Path, ...]
    subfolders: tuple[Path, ...]
    hidden: tuple[Path, ...]
    projects: tuple[Path, ...]


def contents_of(folder: Path) -> Contents:
    """List a folder, without pipes and devices; raise FormatError when it cannot be opened."""
    entries = _listed(folder, lambda path: path.name.lower() not in SYSTEM_FILES and not path.name.startswith("._"))
    hidden = [path for path in entries if path.name.startswith(".") and not path.name.startswith(PROJECT)]
    projects = [path for path in entries if path.suffix == PROJECT]
    shown = [path for path in entries if _is_shown(path)]
    files, subfolders = [path for path in shown if path.is_file()], [path for path in shown if path.is_dir()]
    return Contents(tuple(files), tuple(subfolders), tuple(hidden), tuple(projects))


def files_in(folder: Path) -> list[Path]:
    """List the files of a folder without hidden ones and projects; raise FormatError when it cannot be opened."""
    return _listed(folder, lambda path: _is_shown(path) and path.is_file())


def subfolders_in(folder: Path) -> list[Path]:
    """List the subfolders of a folder without hidden ones and projects; raise FormatError when it cannot be opened."""
    return _listed(folder, lambda path: _is_shown(path) and path.is_dir())


def _is_shown(path: Path) -> bool:
    return not path.name.startswith(".") and path.suffix != PROJECT


def _listed(folder: Path, wanted: Callable[[Path], bool]) -> list[Path]:
    try:
        entries = [path for path in folder.iterdir() if wanted(path)]
    except OSError as error:
        raise FormatError(folder, f"the folder cannot be opened ({error.strerror}); check that you may read it.") from error
    return sorted(entries, key=lambda path: natural_key(path.name))
