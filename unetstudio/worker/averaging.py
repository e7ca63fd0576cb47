"""Whole cases predicted for an export, averaged over views: kept beside what is on screen, which training makes anew all the time."""

from __future__ import annotations

from collections.abc import Generator

from unetstudio.data.prediction import Prediction
from unetstudio.errors import CheckpointError, FormatError, UserError
from unetstudio.formats import read
from unetstudio.inference.events import TilePredicted
from unetstudio.inference.predict import FINAL_SECONDS, predict
from unetstudio.inference.predictor import Predictor
from unetstudio.project import prediction_file
from unetstudio.training.start import to_use
from unetstudio.worker.export import averaged_folder, forget_averaged
from unetstudio.worker.jobs import check_channels
from unetstudio.worker.messages import AverageCases, CaseAveraged, OpenStudy


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
            scan = read(case.source)
            check_channels(predictor, scan, case.name)
            kept = Prediction(scan.shape, predictor.values)
            for event in predict(predictor, scan, case.id, flips=predictor.mirrored, rows=True, patience=FINAL_SECONDS):
                if isinstance(event, TilePredicted):
                    kept.put(event.region, event.probabilities, event.checkpoint)
                yield None
        except (FormatError, CheckpointError) as error:
            yield CaseAveraged(case.id, done, len(chosen), str(error))
            continue
        prediction_file.save(averaged_folder(study.project, case.id), kept)
        yield CaseAveraged(case.id, done, len(chosen))
