"""Writing a file whole or not at all: into a temporary one beside it, which then takes its name."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

from unetstudio.errors import FormatError

_REASONS = {
    errno.ENOSPC: "the disk is full; free some space or choose another folder.",
    errno.EDQUOT: "your share of the disk is used up; free some space or choose another folder.",
    errno.EACCES: "this folder may not be written to; choose another one.",
    errno.EPERM: "this folder may not be written to; choose another one.",
    errno.EROFS: "this folder may not be written to; choose another one.",
    errno.ENOENT: "the folder does not exist; make it or choose another one.",
    errno.ENOTDIR: "the folder does not exist; make it or choose another one.",
    errno.EISDIR: "a folder of this name is in the way; choose another name.",
    errno.ENAMETOOLONG: "the name is too long for this disk; choose a shorter one.",
}


def replace_file(path: Path, data: bytes) -> None:
    """Writes `data` as `path`; after any failure the file is what it was before, and a FormatError says why."""
    with replacing(path) as file:
        file.write(data)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """What is written to the file it gives becomes `path` at the end; after any failure that is what it was before."""
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
            temporary = Path(file.name)
            yield cast(BinaryIO, file.file)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    except OSError as error:
        raise refused(path, error) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def refused(path: Path, error: OSError) -> FormatError:
    """Why a file cannot be written, and what to do."""
    return FormatError(path, _REASONS.get(error.errno or 0, f"it cannot be written ({error.strerror}); choose another folder."))


def _umask() -> int:
    """The permissions a new file shall not have; a temporary file has fewer than the user's other files."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def make_folder(folder: Path) -> None:
    """Creates the folder for results and those above it; FormatError says why it cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise FormatError(folder, "a file of this name is in the way; choose another folder.") from None
    except OSError as error:
        raise FormatError(folder, f"the folder cannot be made ({error.strerror}); choose another one.") from error
