"""The SHA-256 of a scan's bytes, by which a moved or renamed file is recognised."""

from __future__ import annotations

import hashlib
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.series import find_series
from unetstudio.formats.recognition import require_regular_file

_PIECE = 2**20


def sha256_of(source: Source | Path) -> str:
    """Hash a file's bytes; for a DICOM series, its files' hashes in sorted order, independent of file names."""
    source = source if isinstance(source, Source) else Source(source)
    if not source.path.is_dir():
        return _of_file(source.path)
    hashes = sorted(_of_file(file) for file in find_series(source.path, source.part).files)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


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
