"""The SHA-256 of a scan's bytes, by which a moved or renamed file is recognised."""

from __future__ import annotations

import hashlib
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.finding.recognition import require_regular_file
from unetstudio.formats.part import places_in
from unetstudio.formats.scan_files import files_of

_PIECE = 2**20


def sha256_of(source: Source | Path, known: dict[Path, str] | None = None) -> str:
    """Hash a file's bytes; for an image of several files, their hashes in sorted order, independent of file names.

    Of several images in one file each has a hash of its own. Files in `known` are not read again, and those read are added to it.
    """
    source = source if isinstance(source, Source) else Source(source)
    known = {} if known is None else known
    files = files_of(source)
    for file in files:
        if file not in known:
            known[file] = _of_file(file)
    if files == [source.path] and not source.part:
        return known[source.path]
    hashes = sorted(known[file] for file in files)
    part = source.part if source.path.is_file() or places_in(source.part) else ""  # a series in a folder differs by its files
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
