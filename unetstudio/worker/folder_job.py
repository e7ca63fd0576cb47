"""The job behind a PredictFolder: images into a folder, a turn for others between two tiles."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Generator
from pathlib import Path

from unetstudio.errors import CheckpointError, UserError
from unetstudio.formats import discover
from unetstudio.inference.predictor import Predictor
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.postprocess.segment import DEFAULT_STEPS, from_json
from unetstudio.project.checkpoints import require, write_durably
from unetstudio.training.events import Notice
from unetstudio.worker.file_messages import FolderEvent, FolderPredicted, MaskWritten, PredictFolder, Refused
from unetstudio.worker.folder import PredictionOptions, predict_to_folder
from unetstudio.worker.messages import OpenStudy
from unetstudio.worker.prediction_targets import wanted_images

BEGUN = "predicting-{}.safetensors"
"""Weights in the project's cache with which a folder was begun: learning goes on and replaces its own, and a folder by two networks
would be neither's."""


def predict_folder(request: PredictFolder, study: OpenStudy | None) -> Generator[FolderEvent | Notice | None, None, None]:
    """None is yielded after each tile. UserErrors: nothing learnt yet, no image there, a folder that cannot be written.

    A run that was ended before its time goes on with the network that it began with, unless all is to be made again.
    """
    if study is None:
        raise UserError("Open a project first: its network predicts the images.")
    begun = study.project / "cache" / BEGUN.format(hashlib.sha256(str(request.out.resolve()).encode()).hexdigest()[:16])
    if begun.is_file() and not request.again:
        yield Notice("Going on with the network that this folder was begun with.")
    list(discover(request.images))  # none: that is said before the weights of another folder are let go
    path = _network(begun, study.project / "checkpoints", again=request.again)
    card, _ = checkpoints.load(path)
    predictor = Predictor.load(path)
    wanted = list(wanted_images(request.images, study.project, study.cases, card.classes.values))
    manner = PredictionOptions(request.tta, objects=request.objects, again=request.again)
    written = refused = 0
    steps = from_json(request.steps) if request.steps else DEFAULT_STEPS
    for event in predict_to_folder(predictor, wanted, request.out, steps, card.classes, manner):
        match event:
            case MaskWritten():
                written += 1
                yield event
            case Refused():
                refused += 1
                yield event
            case Notice():
                yield event
            case _:
                yield None
    begun.unlink(missing_ok=True)
    yield FolderPredicted(written, refused)


def _network(begun: Path, folder: Path, *, again: bool) -> Path:
    """The weights to predict with: those kept as `begun`, or those in use now, which are kept there in place of any other folder's."""
    if not again:
        with contextlib.suppress(CheckpointError):
            checkpoints.load(begun)
            return begun
    try:
        path = require(folder).path
        weights = path.read_bytes()
    except (CheckpointError, FileNotFoundError) as error:
        raise UserError("Nothing has been learnt yet: paint two classes, and wait for the first round.") from error
    for other in begun.parent.glob(BEGUN.format("*")):
        other.unlink(missing_ok=True)
    with contextlib.suppress(UserError):  # a disk that refuses it only keeps the run from being gone on with
        write_durably(begun, weights)
        return begun
    return path
