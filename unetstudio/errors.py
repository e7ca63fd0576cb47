"""Errors that speak to the reader: what happened, to which file, what to do.

Everything a user can cause or mend is a `UserError`; anything else is a bug. `Runner` (jobs), `Session` (commands) and the command
line are the only places that catch them.
"""

import re
from pathlib import Path

DIGEST = re.compile("[0-9a-f]{64}")


class UserError(Exception):
    """Something the user can understand and act on; its text is one sentence or two, ready to be shown."""


class FormatError(UserError):
    """A file that cannot be read or written as an image, volume or mask."""

    def __init__(self, path: Path | str, problem: str) -> None:
        self.path = Path(path)
        super().__init__(f"{self.path.name}: {problem}")


class ProjectError(UserError):
    """A project folder, or a file in it, that cannot be opened or saved; a checkpoint is told by the beginning of its digest."""

    def __init__(self, path: Path | str, problem: str) -> None:
        self.path = Path(path)
        name, digest = self.path.name, self.path.name.partition(".")[0]
        super().__init__(f"{f'checkpoint {digest[:8]}' if DIGEST.fullmatch(digest) else name}: {problem}")


class CheckpointError(UserError):
    """A checkpoint that is damaged, of a newer version, or made for other classes or channels."""


class TrainingError(UserError):
    """Training that cannot begin or go on: no strokes, one class only, a loss that is not a number."""


class OutOfMemory(UserError):
    """The processor's or the GPU's memory did not suffice, even at the smallest batch, patch and tile."""
