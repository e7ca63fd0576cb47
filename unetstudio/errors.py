"""Errors addressed to the user: what happened, to which file, and what to do.

Everything that a user can cause or fix is a `UserError`; any other exception is a bug. A UserError ends the job or command that raised it
and is shown: by the window as a notice, by the command line as one line with exit status 2. Code in between catches one only to continue
without the file concerned or to add to the reason.
"""

import re
from pathlib import Path

DIGEST = re.compile("[0-9a-f]{64}")


class UserError(Exception):
    """An error that the user can understand and act on; its text is one or two sentences, ready to be shown."""


class FormatError(UserError):
    """A file that cannot be read or written as an image, volume or mask."""

    def __init__(self, path: Path | str, problem: str) -> None:
        self.path = Path(path)
        super().__init__(f"{self.path.name}: {problem}")


class ProjectError(UserError):
    """A project folder, or a file in it, that cannot be opened or saved; a checkpoint is named by the beginning of its digest."""

    def __init__(self, path: Path | str, problem: str) -> None:
        self.path = Path(path)
        name, digest = self.path.name, self.path.name.partition(".")[0]
        super().__init__(f"{f'checkpoint {digest[:8]}' if DIGEST.fullmatch(digest) else name}: {problem}")


class CheckpointError(UserError):
    """A checkpoint that is damaged, was made by a newer version, or is for other classes or channels."""


class TrainingError(UserError):
    """Training that cannot start or continue: no strokes, a single class, a loss that is not a number."""


class OutOfMemory(UserError):
    """The memory of the computer or the GPU did not suffice, even for the smallest batch, patch and tile."""
