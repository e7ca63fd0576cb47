"""The worker's `Runner` in this process with a clock of its own, for benchmarks of what the window shows while it learns.

The clock counts the time in which the worker works for the user. It stands still while images are predicted only to be scored.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.region import Region
from unetstudio.inference.events import CasePredicted, TilePredicted
from unetstudio.settings import TrainingSettings
from unetstudio.worker.messages import Event, JobFailed, LabelsEdited, OpenStudy, ShowView, Train
from unetstudio.worker.runner import Runner

Labels = NDArray[np.uint8]

CLOCKS: dict[str, Callable[[], float]] = {"wall": time.perf_counter, "processor": time.process_time}
"""Ways to count time: "processor" is for busy computers, and right only with a single thread."""

IDLE = 0.01
"""Seconds that the worker sleeps when it has nothing to do."""


class LiveRunner:
    """A runner with an open project. `screen` holds the segmentations (Z, Y, X) shown so far by case id, and `refreshed` how often each was
    completed."""

    def __init__(self, project: Path, classes: ClassTable, cases: Sequence[Case], clock: str = "wall") -> None:
        self.clock = 0.0
        self.screen: dict[str, Labels] = {}
        self.refreshed: dict[str, int] = {}
        self._now = CLOCKS[clock]
        self._cases = {case.id: case for case in cases}
        self._view: Case | None = None
        self._runner = Runner(self._take)
        self._runner.handle(OpenStudy(project, classes, tuple(cases)))

    def train(self, settings: TrainingSettings) -> None:
        """Train, or wait for strokes to train on."""
        self._counted(lambda: self._runner.handle(Train(settings, resume=False)))

    def show(self, case: Case) -> None:
        """Show a whole case; it is predicted anew after each round."""
        self._view = case
        self._counted(lambda: self._runner.handle(_whole(case)))

    def paint(self, case: Case, edit: Edit) -> None:
        """Take an Edit, as if it came through the pipe now."""
        self._counted(lambda: self._runner.handle(LabelsEdited(case.id, 0, edit)))

    def advance(self, until: float) -> None:
        """Let the worker work until the clock shows this time, or a little more, as its last step may take longer."""
        while self.clock < until:
            if self._runner.busy:
                self._counted(self._runner.advance)
            else:
                time.sleep(IDLE)
                self.clock += IDLE

    def aside(self, cases: Sequence[Case]) -> list[Labels] | None:
        """Return the segmentations of cases as they would be shown now, with the clock at rest; None before anything was learnt.

        The view on screen is predicted before any training step goes on, so nothing else changes meanwhile but the refreshed view.
        """
        if not self.screen:
            return None
        shown, refreshed = dict(self.screen), dict(self.refreshed)
        masks = [self._predict(case) for case in cases]
        self.screen, self.refreshed = shown, refreshed
        if self._view is not None:
            self._predict(self._view)
        return masks

    def close(self) -> None:
        """End the jobs."""
        self._runner.close()

    def _predict(self, case: Case) -> Labels:
        """Predict a whole case as the view on screen."""
        before = self.refreshed.get(case.id, 0)
        self._runner.handle(_whole(case))
        while self.refreshed.get(case.id, 0) == before:
            self._runner.advance()
        return self.screen[case.id].copy()

    def _counted(self, work: Callable[[], None]) -> None:
        began = self._now()
        work()
        self.clock += self._now() - began

    def _take(self, event: Event) -> None:
        match event:
            case TilePredicted():
                values = np.array(event.values, np.uint8)
                screen = self.screen.setdefault(event.case, np.zeros(self._cases[event.case].shape, np.uint8))
                screen[event.region.slices] = values[event.probabilities.argmax(0)]
            case CasePredicted():
                self.refreshed[event.case] = self.refreshed.get(event.case, 0) + 1
            case JobFailed():
                raise RuntimeError(f"{event.job}: {event.text}\n{event.detail}")


def _whole(case: Case) -> ShowView:
    """Return the request to show a whole case, from its middle outward."""
    z, y, x = case.shape
    return ShowView(case.id, Region.whole(case.shape), (z // 2, y // 2, x // 2))
