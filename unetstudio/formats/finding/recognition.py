"""Recognition of a file's format by its first bytes, never by its name alone."""

from __future__ import annotations

from pathlib import Path

from unetstudio.errors import FormatError
from unetstudio.formats.finding.foreign import advice_for
from unetstudio.formats.format import FORMATS, Format

HEAD = 1024
"""Number of bytes by which a format is recognised."""


def recognise(path: Path) -> tuple[str, Format] | None:
    """Return name and format of a file, None when no format recognises it; raise FormatError when it cannot be opened."""
    require_regular_file(path)
    try:
        with path.open("rb") as file:
            head = file.read(HEAD)
    except FileNotFoundError:
        raise FormatError(path, "there is no such file; it may have been moved or renamed.") from None
    except OSError as error:
        raise FormatError(path, f"it cannot be opened ({error.strerror}); check that you may read it.") from error
    return next(((name, variant) for name, variant in FORMATS.items() if _recognises(variant, path, head)), None)


def _recognises(variant: Format, path: Path, head: bytes) -> bool:
    """Whether a file has a format; no where it is too damaged to look into: what reads it then says why."""
    try:
        return variant.recognises_file(path, head)
    except FormatError:
        raise
    except Exception:  # noqa: BLE001  (decompressors and libraries raise anything on damaged files)
        return False


def format_name(path: Path) -> str | None:
    """Return the name of a file's format; None for an unknown or unreadable one."""
    try:
        recognised = recognise(path)
    except FormatError:
        return None
    return recognised[0] if recognised else None


def format_of(path: Path) -> Format:
    """Return the format that reads a file or folder; raise FormatError for one that no format recognises."""
    if path.is_dir():
        return folder_format(path) or FORMATS["dicom"]
    recognised = recognise(path)
    if recognised is None:
        raise unknown_format(path)
    return recognised[1]


def folder_format(path: Path) -> Format | None:
    """Return the format of a folder that is one image; None for a folder of files, which may hold DICOM series."""
    return next((variant for _, variant in FORMATS.items() if variant.folders and variant.recognises_folder(path)), None)


def unknown_format(path: Path) -> FormatError:
    """Make the error for a file that no format recognises."""
    if path.stat().st_size == 0:
        return FormatError(path, "the file is empty; copy it again from its origin.")
    recognised = recognise(path)
    if recognised is not None:
        title = recognised[1].title
        return FormatError(path, f"this {title} file holds masks and no image; open its image first, then import the masks into it.")
    with path.open("rb") as file:
        advice = advice_for(file.read(HEAD))
    if advice is not None:
        return FormatError(path, advice)
    named = next((variant.title for _, variant in FORMATS.items() if path.name.lower().endswith(variant.suffixes)), None)
    if named is not None:
        return FormatError(path, f"it is not a {named} file although it is named like one; open the original instead.")
    return FormatError(path, f"it is not an image of a kind this program knows ({format_titles()}); convert it to one of these.")


def format_titles() -> str:
    """Return the titles of all image formats, separated by commas."""
    return ", ".join(variant.title for _, variant in FORMATS.items() if variant.images)


def require_regular_file(path: Path) -> None:
    """Raise FormatError for a pipe or device, which could be read without end; a missing file is accepted."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise FormatError(path, "it is not a file; choose the image itself.")


def stem(path: Path) -> str:
    """Return a file's name without its suffix, such as .nii.gz; of a folder only the suffix of one that is an image is left out."""
    name, variants = path.name, [variant for _, variant in FORMATS.items()]
    if path.is_dir():
        folder = folder_format(path)
        variants = [folder] if folder is not None else []
    suffixes = (suffix for variant in variants for suffix in variant.suffixes)
    suffix = max((suffix for suffix in suffixes if name.lower().endswith(suffix) and len(name) > len(suffix)), key=len, default="")
    return name[: len(name) - len(suffix)]
