"""What was said of the cases on screen: how they differ from the images that were learnt from, once each."""

from __future__ import annotations

from collections.abc import Iterator

from unetstudio.data.scan import Scan
from unetstudio.data.study import Study
from unetstudio.inference.events import Notice
from unetstudio.inference.predictor import Predictor


class Remarks:
    """The remarks on the cases of a study, each passed on once: for a case without one, a later predictor may have one."""

    def __init__(self, study: Study) -> None:
        self._study = study
        self._said: set[str] = set()  # ids of cases

    def new(self, predictor: Predictor, scan: Scan, case: str) -> Iterator[Notice]:
        """Yield what the predictor remarks on the scan of a case, if nothing has been said of it before."""
        if case in self._said or case not in self._study.cases:
            return
        if remark := predictor.differences(scan):
            self._said.add(case)
            yield Notice(f"{self._study.cases[case].case.name}: {remark}")
