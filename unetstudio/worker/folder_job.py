"""The job behind a PredictFolder: images into a folder, a turn for others between two tiles."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

from unetstudio.errors import CheckpointError, UserError
from unetstudio.formats import discover, stem
from unetstudio.inference.predictor import Predictor
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.postprocess.segment import DEFAULT_STEPS, from_json
from unetstudio.training.events import Notice
from unetstudio.training.start import to_use
from unetstudio.worker.folder import Manner, Wanted, predict_to_folder
from unetstudio.worker.messages import FolderEvent, FolderPredicted, MaskWritten, PredictFolder, Refused


def predict_folder(request: PredictFolder, project: Path | None) -> Generator[FolderEvent | Notice | None, None, None]:
    """None is yielded after each tile. UserErrors: nothing learnt yet, no image there, a folder that cannot be written."""
    if project is None:
        raise UserError("Open a project first: its network predicts the images.")
    try:
        path = to_use(project / "checkpoints")
    except CheckpointError as error:
        raise UserError("Nothing has been learnt yet: paint two classes, and wait for the first round.") from error
    card, _ = checkpoints.load(path)
    predictor = Predictor.load(path)
    wanted = [Wanted(source, stem(source.path)) for source in discover(request.images)]
    manner = Manner(request.flips, objects=request.objects, again=request.again)
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
    yield FolderPredicted(written, refused)
