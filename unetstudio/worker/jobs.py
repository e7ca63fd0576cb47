"""Predictions as jobs, generators of events for the `Runner`: of the view on screen, of whole cases, and of a folder."""

from __future__ import annotations

from collections.abc import Callable, Generator
from functools import partial

from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, FormatError, UserError
from unetstudio.formats import discover, read
from unetstudio.inference.collect import collect
from unetstudio.inference.events import AttentionMapped, FolderPredicted, MaskWritten, Notice, PredictionEvent, Refused, TilePredicted
from unetstudio.inference.folder import predict_to_folder, target_images
from unetstudio.inference.folder_checkpoint import begun_with, checkpoint_for
from unetstudio.inference.pooled_predictor import load_predictor
from unetstudio.inference.prediction_options import PredictionOptions
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.networks.computer import examine
from unetstudio.postprocess.stack import from_json
from unetstudio.project import prediction_file
from unetstudio.project.checkpoints import to_use, write_durably
from unetstudio.project.identity import ProjectIdentity
from unetstudio.project.prediction_file import averaged_folder, forget_averaged
from unetstudio.worker.file_messages import AverageCases, CaseAveraged, FolderEvent, PredictFolder
from unetstudio.worker.messages import DeviceReport, OpenStudy, ShowView
from unetstudio.worker.remarks import Remarks

Save = Callable[[Prediction], None]
Predicting = Generator[PredictionEvent | AttentionMapped | Notice | None, None, None]


def predict_view(predictor: Predictor, load: Callable[[], Scan], view: ShowView, save: Save, remarks: Remarks | None = None) -> Predicting:
    """Yield the tiles of the view on screen, from its focus outward; the prediction of a whole scan is also saved.

    `remarks` says how the scan differs from what was learnt, unless it was said before.
    """
    scan, request = load(), PredictionRequest(view.case, view.region, view.focus)
    predictor.check(scan, view.case)
    if remarks is not None:
        yield from remarks.new(predictor, scan, view.case)
    events = predictor.predict(scan, request)
    if view.region.clipped(scan.shape) == Region.whole(scan.shape):
        prediction = Prediction(scan.shape, predictor.values)
        yield from collect(events, prediction)
        save(prediction)
    else:
        yield from events
    if view.attention:
        yield from predictor.attend(scan, request)


def predict_case(predictor: Predictor, load: Callable[[], Scan], request: PredictionRequest, save: Save) -> Predicting:
    """Predict a whole case in the background and save it: no tile is reported; None is yielded to let others have a turn."""
    scan = load()
    predictor.check(scan, request.case)
    prediction = Prediction(scan.shape, predictor.values)
    for event in collect(predictor.predict(scan, request), prediction):
        if isinstance(event, TilePredicted):
            yield None
        else:
            save(prediction)
            yield event


def average_cases(request: AverageCases, study: OpenStudy | None) -> Generator[CaseAveraged | None, None, None]:
    """Predict whole cases for an export, averaged over mirrored images if the network was trained on these.

    They are saved beside the prediction on screen, which training renews all the time. None is yielded after each tile. UserErrors: no
    checkpoint yet, a disk that refuses.
    """
    if study is None:
        raise UserError("Open a project first.")
    card = to_use(study.project / "checkpoints")
    if card is None:
        raise UserError("Nothing has been learnt yet: paint two classes, and wait for the first round.")
    predictor = load_predictor(card.path)
    forget_averaged(study.project)
    identity = ProjectIdentity(study.project)

    def save_beside(case: str) -> Save:
        def save(prediction: Prediction) -> None:
            identity.confirm()
            prediction_file.save(averaged_folder(identity.folder, case), prediction)

        return save

    cases = [case for case in study.cases if case.id in request.cases]
    for done, case in enumerate(cases, start=1):
        whole = PredictionRequest.final(case.id, tta=predictor.mirrored)
        try:
            for _ in predict_case(predictor, partial(read, case.source), whole, save_beside(case.id)):
                yield None  # and not the event: the case on screen is not predicted anew
        except (FormatError, CheckpointError) as error:
            yield CaseAveraged(case.id, done, len(cases), str(error))
        else:
            yield CaseAveraged(case.id, done, len(cases))


def predict_folder(request: PredictFolder, study: OpenStudy | None) -> Generator[FolderEvent | Notice | None, None, None]:
    """Predict images into a folder; None is yielded after each tile.

    UserErrors: no checkpoint yet, no image there, a folder that cannot be written. An interrupted run continues with the network that it
    began with, unless all is to be made again.
    """
    if study is None:
        raise UserError("Open a project first: its network predicts the images.")
    begun = begun_with(study.project, request.out)
    if begun.is_file() and not request.again:
        yield Notice("Going on with the network that this folder was begun with.")
    list(discover(request.images))  # raises when there is no image, before the weights of another folder are released
    path = checkpoint_for(begun, study.project, write_durably, again=request.again)
    card, _ = checkpoints.load(path)
    targets = list(target_images(request.images, study.project, study.cases, card.classes.values))
    options = PredictionOptions(request.tta, objects=request.objects, again=request.again)
    written = refused = 0
    steps = from_json(request.steps)
    for event in predict_to_folder(load_predictor(path), targets, request.out, steps, card.classes, options):
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
    """Describe this computer; the speed test takes about five seconds."""
    steps = examine(measure)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            yield DeviceReport(end.value.rows, end.value.remedy)
            return
        yield None
