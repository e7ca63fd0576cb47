"""Whole cases predicted for an export, averaged over views: kept beside what is on screen, which training makes anew all the time."""

from __future__ import annotations

from collections.abc import Generator
from functools import partial

from unetstudio.errors import CheckpointError, FormatError, UserError
from unetstudio.formats import read
from unetstudio.inference.predict import FINAL_SECONDS
from unetstudio.inference.predictor import Predictor
from unetstudio.project.checkpoints import require
from unetstudio.project.prediction_file import averaged_folder, forget_averaged
from unetstudio.worker.file_messages import AverageCases, CaseAveraged
from unetstudio.worker.jobs import predict_case
from unetstudio.worker.messages import OpenStudy


def average_cases(request: AverageCases, study: OpenStudy | None) -> Generator[CaseAveraged | None, None, None]:
    """None is yielded after each tile. A network that has not learnt mirrored views looks at each case once. UserErrors: nothing learnt
    yet, a disk that refuses."""
    if study is None:
        raise UserError("Open a project first.")
    try:
        predictor = Predictor.load(require(study.project / "checkpoints").path)
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
