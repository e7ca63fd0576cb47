"""The files and subfolders of a folder that may hold images, in natural order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from unetstudio.errors import FormatError
from unetstudio.formats.natural_sort import natural_key


def files_in(folder: Path) -> list[Path]:
    """List the files of a folder without hidden ones and projects; raise FormatError when it cannot be opened."""
    return _listed(folder, Path.is_file)


def subfolders_in(folder: Path) -> list[Path]:
    """List the subfolders of a folder without hidden ones and projects; raise FormatError when it cannot be opened."""
    return _listed(folder, Path.is_dir)


def _listed(folder: Path, kind: Callable[[Path], bool]) -> list[Path]:
    try:
        shown = [path for path in folder.iterdir() if not path.name.startswith(".") and path.suffix != ".unetstudio" and kind(path)]
    except OSError as error:
        raise FormatError(folder, f"the folder cannot be opened ({error.strerror}); check that you may read it.") from error
    return sorted(shown, key=lambda path: natural_key(path.name))
