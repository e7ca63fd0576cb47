"""Files of voxels that a header names: only those beside or below it, so that a header exposes no other file of the computer."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from unetstudio.errors import FormatError

MOST_FILES = 100_000
"""Largest number of files that a pattern may name."""


def data_file(header: Path, name: str) -> Path:
    """Return the file of this name; raise FormatError when it lies elsewhere, or is not there."""
    parts = PureWindowsPath(name)
    if not name or parts.is_absolute() or parts.drive or parts.root or PurePosixPath(name).is_absolute() or ".." in parts.parts:
        raise FormatError(
            header, f"it names voxels outside of its folder ({name}); put them beside it and write their name alone into the header."
        )
    voxels_file = header.parent / name
    if not voxels_file.is_file():
        voxels_file = header.parent.joinpath(*parts.parts)  # as Windows writes it
    if not voxels_file.is_file():
        raise FormatError(header, f"its voxels are in {name}, which is not beside it; copy both files.")
    return voxels_file


def numbered_files(header: Path, words: list[str]) -> list[Path] | None:
    """Return the files of a pattern such as "slice%03d.raw 1 20 1"; None when these words are none."""
    if len(words) not in (4, 5) or "%" not in words[0] or not all(word.lstrip("-").isdecimal() for word in words[1:]):
        return None
    first, last, step = (int(word) for word in words[1:4])
    if step == 0 or abs(last - first) > MOST_FILES * abs(step):
        raise FormatError(header, "it names its voxels by numbers without end, so it is damaged; export it again.")
    try:
        names = [words[0] % number for number in range(first, last + (1 if step > 0 else -1), step)]
    except (TypeError, ValueError):
        raise FormatError(header, f"it names its voxels {words[0]}, which is no name with a number; export it again.") from None
    return [data_file(header, name) for name in names]
