"""What the disk refuses, in words that say what happened, to which file, and what to do."""

from __future__ import annotations

import errno
from pathlib import Path

from unetstudio.errors import ProjectError

_ELSEWHERE = "Copy the project to a place you may write to"
_WORDS = {
    errno.ENOSPC: "the disk is full. What was saved before is untouched; free some space and try again",
    errno.EDQUOT: "your disk quota is used up. What was saved before is untouched; free some space and try again",
    errno.EFBIG: "the disk takes no file of this size. What was saved before is untouched; move the project to another disk",
    errno.EROFS: f"the disk is read-only. {_ELSEWHERE}",
    errno.EACCES: f"you have no permission to write there. {_ELSEWHERE}",
    errno.EPERM: f"you have no permission to write there. {_ELSEWHERE}",
    errno.ENOENT: "it is gone. Was the project moved, or a drive unplugged? Open it from its new place",
    errno.ESTALE: "it is gone. Was the project moved, or a drive unplugged? Open it from its new place",
    errno.EIO: "the disk reports a fault. Copy the project to another disk",
    errno.ELOOP: "a link lies where a file of the project should be. Copy the project's folder again from where it came",
    errno.ENOTDIR: "a file lies where a folder of the project should be. Copy the project's folder again from where it came",
    errno.EISDIR: "a folder lies where a file of the project should be. Copy the project's folder again from where it came",
}
_NOT_READ = dict.fromkeys(
    (errno.EACCES, errno.EPERM), "you have no permission to read it. Ask whoever owns the folder, or whoever copied it"
)


class MissingError(ProjectError):
    """The file asked for does not exist."""


class DamagedError(ProjectError):
    """A file with bits other than those written; an older one may serve."""


def refused(path: Path, error: OSError, doing: str = "could not be saved") -> ProjectError:
    """The disk's refusal in words."""
    known = {**_WORDS, **_NOT_READ} if doing == "could not be read" else _WORDS
    words = known.get(error.errno or 0, error.strerror or str(error))
    return (MissingError if isinstance(error, FileNotFoundError) else ProjectError)(path, f"{doing}: {words}.")
