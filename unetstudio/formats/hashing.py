"""The SHA-256 of a scan's bytes, by which a moved or renamed file is recognised."""

from __future__ import annotations

import hashlib
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.recognition import folder_format, require_regular_file
from unetstudio.formats.scan_files import files_of

_PIECE = 2**20


def sha256_of(source: Source | Path) -> str:
    """Hash a file's bytes; for an image of several files, their hashes in sorted order, independent of file names.

    Of several images in one file or folder each has a hash of its own.
    """
    source = source if isinstance(source, Source) else Source(source)
    files = files_of(source)
    if files == [source.path] and not source.part:
        return _of_file(source.path)
    hashes = sorted(_of_file(file) for file in files)
    whole = source.path.is_file() or folder_format(source.path) is not None  # otherwise its files are those of the part
    part = source.part if whole else ""
    return hashlib.sha256("".join([*hashes, part]).encode()).hexdigest()


def _of_file(path: Path) -> str:
    require_regular_file(path)
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise FormatError(path, f"it cannot be read ({error.strerror}); it may have been moved.") from error
    return digest.hexdigest()
