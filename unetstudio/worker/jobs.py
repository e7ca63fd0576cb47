"""Work that takes time, as generators of events: predicting what is on screen or a whole case, and describing the computer."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path

from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, FormatError, UserError
from unetstudio.formats import discover, read
from unetstudio.inference.attention import attend
from unetstudio.inference.events import AttentionMapped, FolderPredicted, MaskWritten, Notice, PredictionEvent, Refused, TilePredicted
from unetstudio.inference.folder import PredictionOptions, predict_to_folder, target_images
from unetstudio.inference.folder_checkpoint import begun_with, checkpoint_for
from unetstudio.inference.predict import FINAL_SECONDS, TILE_SECONDS, predict
from unetstudio.inference.predictor import Predictor
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.networks.computer import examine
from unetstudio.postprocess.segment import DEFAULT_STEPS, from_json
from unetstudio.project import durable, prediction_file
from unetstudio.project.prediction_file import averaged_folder, forget_averaged
from unetstudio.training.start import to_use
from unetstudio.worker.file_messages import AverageCases, CaseAveraged, FolderEvent, PredictFolder
from unetstudio.worker.messages import DeviceReport, OpenStudy, ShowView

Predicting = Generator[PredictionEvent | AttentionMapped | None, None, None]


def predict_view(predictor: Predictor, load: Callable[[], Scan], view: ShowView, folder: Path) -> Predicting:
    """Tiles of what is on screen, from its focus outward; kept in the case's folder when that was the whole scan."""
    scan, case, region, focus = load(), view.case, view.region, view.focus
    predictor.check(scan, case)
    kept = Prediction(scan.shape, predictor.values) if region.clipped(scan.shape) == Region.whole(scan.shape) else None
    for event in predict(predictor, scan, case, region=region, focus=focus):
        if kept is not None and isinstance(event, TilePredicted):
            kept.put(event.region, event.probabilities, event.checkpoint)
        yield event
    if kept is not None:
        prediction_file.save(folder, kept)
    if view.attention:
        yield from attend(predictor, scan, case, region, focus)


def predict_case(
    predictor: Predictor, load: Callable[[], Scan], case: str, folder: Path, *, tta: bool = False, tile_seconds: float = TILE_SECONDS
) -> Predicting:
    """A whole case in the background: kept in a folder, no tile is reported; None is yielded to let others have a turn."""
    scan = load()
    predictor.check(scan, case)
    kept = Prediction(scan.shape, predictor.values)
    for event in predict(predictor, scan, case, tta=tta, tile_seconds=tile_seconds):
        if isinstance(event, TilePredicted):
            kept.put(event.region, event.probabilities, event.checkpoint)
            yield None
        else:
            prediction_file.save(folder, kept)
            yield event


def average_cases(request: AverageCases, study: OpenStudy | None) -> Generator[CaseAveraged | None, None, None]:
    """None is yielded after each tile. A network that has not learnt mirrored views looks at each case once. UserErrors: nothing learnt
    yet, a disk that refuses."""
    if study is None:
        raise UserError("Open a project first.")
    try:
        predictor = Predictor.load(to_use(study.project / "checkpoints"))
    except CheckpointError as error:
        raise UserError("Nothing has been learnt yet: paint two classes, and wait for the first round.") from error
    forget_averaged(study.project)
    chosen = [case for case in study.cases if case.id in request.cases]
    for done, case in enumerate(chosen, start=1):
        try:
            load, folder = partial(read, case.source), averaged_folder(study.project, case.id)
            for _ in predict_case(predictor, load, case.id, folder, tta=predictor.mirrored, tile_seconds=FINAL_SECONDS):
                yield None  # and not what it says: the case on screen is not predicted anew
        except (FormatError, CheckpointError) as error:
            yield CaseAveraged(case.id, done, len(chosen), str(error))
        else:
            yield CaseAveraged(case.id, done, len(chosen))


def predict_folder(request: PredictFolder, study: OpenStudy | None) -> Generator[FolderEvent | Notice | None, None, None]:
    """None is yielded after each tile. UserErrors: nothing learnt yet, no image there, a folder that cannot be written.

    A run that was ended before its time goes on with the network that it began with, unless all is to be made again.
    """
    if study is None:
        raise UserError("Open a project first: its network predicts the images.")
    begun = begun_with(study.project, request.out)
    if begun.is_file() and not request.again:
        yield Notice("Going on with the network that this folder was begun with.")
    list(discover(request.images))  # none: that is said before the weights of another folder are let go
    path = checkpoint_for(begun, study.project, write_durably, again=request.again)
    card, _ = checkpoints.load(path)
    predictor = Predictor.load(path)
    wanted = list(target_images(request.images, study.project, study.cases, card.classes.values))
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


def describe_device(measure: bool) -> Generator[DeviceReport | None, None, None]:
    """This computer; the speed test takes about five seconds."""
    steps = examine(measure)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            yield DeviceReport(end.value.rows, end.value.remedy)
            return
        yield None


def write_durably(path: Path, content: bytes) -> None:
    """How the worker writes checkpoints, into a folder of a project; MissingError where the project is gone."""
    durable.make_folder(path.parent, within=path.parent.parent)
    durable.sweep(path.parent)
    durable.write_bytes(path, content, replace=True)
