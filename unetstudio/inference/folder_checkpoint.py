"""The weights that a folder of masks was begun with: learning goes on meanwhile, and one folder must not hold masks by two networks."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable
from pathlib import Path

from unetstudio.errors import CheckpointError, UserError
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.project.checkpoints import to_use

NAME = "predicting-{}.safetensors"
"""In the project's cache."""


def begun_with(project: Path, out: Path) -> Path:
    """Where the weights are kept with which the folder `out` was begun; the file is there as long as the folder is not finished."""
    return project / "cache" / NAME.format(hashlib.sha256(str(out.resolve()).encode()).hexdigest()[:16])


def checkpoint_for(begun: Path, project: Path, write: Callable[[Path, bytes], None], *, again: bool) -> Path:
    """The weights to predict a folder with: those kept as `begun`, unless all is to be made `again`, or those in use now, which are kept
    there in place of any other folder's. UserError when nothing has been learnt yet."""
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
    with contextlib.suppress(UserError):  # a disk that refuses it only keeps the run from being gone on with
        write(begun, weights)
        return begun
    return card.path


NOTHING_LEARNT = "Nothing has been learnt yet: paint two classes, and wait for the first round."
