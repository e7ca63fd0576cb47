"""The order of predictions: the view on screen first, then the waiting cases, and all again as training improves the weights."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study
from unetstudio.inference.request import PredictionRequest
from unetstudio.learners.learner import Learner
from unetstudio.project import prediction_file
from unetstudio.project.identity import ProjectIdentity
from unetstudio.worker import jobs
from unetstudio.worker.job_stack import Job, JobStack
from unetstudio.worker.messages import ShowView
from unetstudio.worker.remarks import Remarks

OTHERS_EVERY = 4
"""Number of rounds for which one case that is not on screen is predicted as well."""


class PredictionScheduler:
    """Puts predictions of the cases of a study on the stack of jobs; complete ones are saved in its project."""

    def __init__(self, study: Study, learner: Learner, project: ProjectIdentity, stack: JobStack) -> None:
        self._study, self._learner, self._project, self._jobs = study, learner, project, stack
        self._view: ShowView | None = None
        self._shown = ""  # the checkpoint's id of the last prediction of the view
        self._waiting: list[str] = []  # ids of cases to be predicted when there is time
        self._all = False  # whether all cases are predicted again and again while training goes on
        self._remarks = Remarks(study)
        self._failed: set[str] = set()  # ids of cases whose prediction failed: not tried again until they are asked for anew

    def show(self, view: ShowView) -> None:
        """Predict the view on screen now."""
        self._view, self._shown = view, ""
        self._failed.discard(view.case)
        self.refresh_view()

    def look_at(self, case: str, region: Region) -> None:
        """Begin predictions of the view with a changed region of it from now on: the user looks there."""
        view = self._view
        if view is not None and view.case == case and not (inside := view.region & region).empty:
            z, y, x = ((first + last) // 2 for first, last in zip(inside.start, inside.stop, strict=True))
            self._view = replace(view, focus=(z, y, x))

    def refresh_view(self) -> None:
        """Restart the prediction of the view on screen with what is known now, unless nothing was learnt since it began."""
        view = self._view
        if view is None or view.case not in self._study.cases or view.case in self._failed:
            self._jobs.close("view")
            return
        predictor = self._learner.predictor()
        if predictor is not None and predictor.checkpoint == self._shown:
            return
        self._jobs.close("view")
        if predictor is not None:
            self._shown = predictor.checkpoint
            steps = jobs.predict_view(predictor, self._loader(view.case), view, self._saver(view.case), self._remarks)
            self._jobs.push(Job("view", steps, view.case))

    def predict(self, cases: tuple[str, ...]) -> None:
        """Predict these cases instead of those that waited; () means all, repeatedly while training goes on."""
        self._all = not cases
        self._waiting, self._failed = [], set()
        self.add(cases or self._study.cases)

    def add(self, cases: Iterable[str]) -> None:
        """Predict these cases when there is time, each once."""
        self._waiting += [case for case in cases if case not in self._waiting]
        self.go_on_when_idle()

    def add_fresh(self, cases: Iterable[str]) -> None:
        """Predict cases whose image is new, also where the image before it failed."""
        fresh = list(cases)
        self._failed.difference_update(fresh)
        self.add(fresh)

    def note_failure(self, case: str) -> None:
        """Exclude a case whose prediction failed."""
        self._failed.add(case)

    def round_done(self, round: int) -> None:
        """Predict the view on screen with better weights, and now and then another case."""
        if self._all and round % OTHERS_EVERY == 0:
            if not self._waiting:  # all were predicted once: begin again
                self._waiting += [case for case in self._study.cases if not self._whole_in_view(case)]
            self._predict_next()
        self.refresh_view()

    def go_on_when_idle(self) -> None:
        """Predict the next waiting case when there is nothing else to do."""
        if not self._jobs:
            self._predict_next()

    def _predict_next(self) -> None:
        if not self._waiting or self._jobs.has("case") or (predictor := self._learner.predictor()) is None:
            return
        while self._waiting:
            case = self._waiting.pop(0)
            if case in self._study.cases and case not in self._failed:
                steps = jobs.predict_case(predictor, self._loader(case), PredictionRequest(case), self._saver(case))
                self._jobs.push(Job("case", steps, case))
                return

    def _whole_in_view(self, case: str) -> bool:
        """Return whether all of a case is on screen: then the view's prediction is the case's."""
        if self._view is None or self._view.case != case:
            return False
        shape = self._study.cases[case].case.shape
        return self._view.region.clipped(shape) == Region.whole(shape)

    def _loader(self, case: str) -> Callable[[], Scan]:
        """Return a function that reads the scan within its job, so that a file that cannot be read fails only that job."""
        return lambda: self._study.scan(case)

    def _saver(self, case: str) -> Callable[[Prediction], None]:
        """Return a function that saves a case's complete prediction, unless another project lies in the folder by then."""

        def save(prediction: Prediction) -> None:
            self._project.confirm()
            prediction_file.save(self._project.folder / "cases" / case, prediction)

        return save
