"""Translation of operating system errors into sentences that say what happened, to which file, and what to do."""

from __future__ import annotations

import errno
from pathlib import Path

from unetstudio.errors import ProjectError

_ELSEWHERE = "Copy the project to a place you may write to"
_REASONS = {
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
NOT_READ = "could not be read"
_NO_PERMISSION_TO_READ = dict.fromkeys(
    (errno.EACCES, errno.EPERM), "you have no permission to read it. Ask whoever owns the folder, or whoever copied it"
)


class MissingError(ProjectError):
    """A file that does not exist."""


class DamagedError(ProjectError):
    """A file whose bytes are not those that were written; an older one may be used instead."""


class LostStrokesError(ProjectError):
    """Saved strokes of a case that cannot be read any more: what is left is less than what was painted."""


def disk_error(path: Path, error: OSError, failure: str = "could not be saved") -> ProjectError:
    """Make the ProjectError for a disk error; `failure` says what could not be done."""
    reasons = {**_REASONS, **_NO_PERMISSION_TO_READ} if failure == NOT_READ else _REASONS
    reason = reasons.get(error.errno or 0, error.strerror or str(error))
    return (MissingError if isinstance(error, FileNotFoundError) else ProjectError)(path, f"{failure}: {reason}.")
