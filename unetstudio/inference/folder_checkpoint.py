"""The checkpoint a folder of masks was begun with: training continues meanwhile, and a folder must not mix masks of two checkpoints."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

from unetstudio.errors import CheckpointError, UserError
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.project.checkpoints import to_use

NAME = "predicting-{}.safetensors"
"""File name in the project's cache."""


def begun_with(project: Path, out: Path) -> Path:
    """Return the path of the weights with which the folder `out` was begun; the file exists until the folder is finished."""
    return project / "cache" / NAME.format(hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:16])


def checkpoint_for(begun: Path, project: Path, write: Callable[[Path, bytes], None], *, again: bool) -> Path:
    """Return the weights to predict a folder with: those stored as `begun`, unless all masks are to be made `again`; otherwise the current
    ones, which are stored there in place of any other folder's. Raise UserError when nothing has been learnt yet."""
    if not again:
        with contextlib.suppress(CheckpointError):
            checkpoints.load(begun)
            return begun
    card = to_use(project / "checkpoints")
    if card is None:
        raise UserError(NOTHING_LEARNT)
    try:
        weights = card.path.read_bytes()
    except FileNotFoundError as error:
        raise UserError(NOTHING_LEARNT) from error
    for other in begun.parent.glob(NAME.format("*")):
        other.unlink(missing_ok=True)
    with contextlib.suppress(UserError):  # without the copy the run merely cannot be resumed
        write(begun, weights)
        return begun
    return card.path


NOTHING_LEARNT = "Nothing has been learnt yet: paint two classes, and wait for the first round."
