"""The fingerprint of a scan's bytes, by which a moved or renamed file is found again."""

from __future__ import annotations

import hashlib
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.dicom_series import find_series
from unetstudio.formats.format import check_file

_PIECE = 2**20


def sha256_of(source: Source | Path) -> str:
    """Of a file its bytes' SHA-256; of a DICOM series that of its files' hashes in sorted order, whatever the files are called."""
    source = source if isinstance(source, Source) else Source(source)
    if not source.path.is_dir():
        return _of_file(source.path)
    hashes = sorted(_of_file(file) for file in find_series(source.path, source.part).files)
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _of_file(path: Path) -> str:
    check_file(path)
    found = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(_PIECE):
                found.update(piece)
    except OSError as error:
        raise FormatError(path, f"it cannot be read ({error.strerror}); it may have been moved.") from error
    return found.hexdigest()
