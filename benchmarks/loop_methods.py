"""What may sit behind the screen of a simulated user: the program itself, or a pixel classifier that learns after each stroke.

Each counts its own computing time on the clock of the user: it computes while the hand moves, and what it shows is as old as that makes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from forests import Floats, Forest
from live_runner import CLOCKS, LiveRunner
from numpy.typing import NDArray
from stroke_project import make_project
from stroke_sets import Task

from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.settings import TrainingSettings

Labels = NDArray[np.uint8]


class Method(Protocol):
    """A learner behind the screen. Images to paint are named by their number; segmentations are (Y, X) class values."""

    def show(self, image: int) -> None:
        """Bring an image on the screen."""

    def paint(self, image: int, edit: Edit) -> None:
        """Take a finished stroke."""

    def advance(self, until: float) -> None:
        """Compute until the user's clock shows this time."""

    def seen(self, image: int) -> Labels | None:
        """Return the segmentation on the screen now, None before there is any."""

    def version(self, image: int) -> int:
        """Return how often the segmentation of an image was completed."""

    def masks(self) -> list[Labels] | None:
        """Segment the images to score as it would show them now, with the clock at rest; None before anything was learnt."""

    def close(self) -> None:
        """End."""


class Studio:
    """The program: its worker's `Runner`, asked and told as the window does. The images to score lie in the project without strokes."""

    def __init__(self, task: Task, folder: Path, settings: TrainingSettings, clock: str, labels: Sequence[Labels] = ()) -> None:
        """Begin training, with `labels` (Z, Y, X) on the first images if given."""
        classes, self._cases = make_project(folder, task.names, [*task.paint, *task.score], labels)
        self._scored = self._cases[len(task.paint) :]
        self._live = LiveRunner(folder, classes, self._cases, clock)
        self._live.show(self._cases[0])
        self._live.train(settings)

    def show(self, image: int) -> None:
        self._live.show(self._cases[image])

    def paint(self, image: int, edit: Edit) -> None:
        self._live.paint(self._cases[image], edit)

    def advance(self, until: float) -> None:
        self._live.advance(until)

    def seen(self, image: int) -> Labels | None:
        screen = self._live.screen.get(self._cases[image].id)
        return None if screen is None else screen[0]

    def version(self, image: int) -> int:
        return self._live.refreshed.get(self._cases[image].id, 0)

    def masks(self) -> list[Labels] | None:
        found = self._live.aside(self._scored)
        return None if found is None else [mask[0] for mask in found]

    def close(self) -> None:
        self._live.close()


class LiveForest:
    """A random forest that learns all strokes anew after each, and predicts the image on the screen, as ilastik does with live update.

    It needs the filter responses of an image once. A stroke painted while it computes is learnt next.
    """

    def __init__(self, task: Task, kind: str, clock: str) -> None:
        self._task, self._kind, self._clock_now = task, kind, CLOCKS[clock]
        self._labels = [LabelMap.unlabelled(example.scan.shape) for example in task.paint]
        self._features: dict[int, Floats] = {}
        self._scored: list[Floats] = []
        self._forest: Forest | None = None
        self._image = 0
        self._clock = self._now = 0.0
        self._strokes = self._learnt = 0  # strokes so far, and those that the forest knows
        self._screen: dict[int, tuple[float, int, Labels]] = {}  # by image: when it appears, strokes learnt, segmentation
        self._before: dict[int, tuple[float, int, Labels]] = {}  # what is on the screen until then

    def show(self, image: int) -> None:
        self._image = image

    def paint(self, image: int, edit: Edit) -> None:
        self._labels[image].apply(edit)
        self._strokes += 1

    def advance(self, until: float) -> None:
        self._clock, self._now = max(self._clock, self._now), until
        while self._clock < until and self._has_work():
            began = self._clock_now()
            mask = self._compute()
            self._clock += self._clock_now() - began
            if self._image in self._screen:
                self._before[self._image] = self._screen[self._image]
            self._screen[self._image] = (self._clock, self._learnt, mask)

    def seen(self, image: int) -> Labels | None:
        shown = self._shown(image)
        return None if shown is None else shown[2]

    def version(self, image: int) -> int:
        shown = self._shown(image)
        return 0 if shown is None else shown[1]

    def masks(self) -> list[Labels] | None:
        if self._forest is None:
            return None
        if not self._scored:
            self._scored = [self._forest.features(example.scan) for example in self._task.score]
        return [self._forest.predict(stack)[0] for stack in self._scored]

    def close(self) -> None:
        self._features.clear()
        self._scored.clear()

    def _shown(self, image: int) -> tuple[float, int, Labels] | None:
        for found in (self._screen.get(image), self._before.get(image)):
            if found is not None and found[0] <= self._now:
                return found
        return None

    def _has_work(self) -> bool:
        counts = sum(labels.counts[: len(self._task.names)] for labels in self._labels)
        if (counts > 0).sum() < 2:
            return False
        return self._image not in self._screen or self._screen[self._image][1] < self._strokes

    def _compute(self) -> Labels:
        """Learn strokes that are new, and predict the image on the screen."""
        if self._forest is None or self._learnt < self._strokes:
            self._forest, self._learnt = Forest(self._kind), self._strokes
            painted = [number for number, labels in enumerate(self._labels) if labels.annotated]
            self._forest.fit([self._stack(number) for number in painted], [self._labels[number].values for number in painted])
        return self._forest.predict(self._stack(self._image))[0]

    def _stack(self, image: int) -> Floats:
        if image not in self._features:
            self._features[image] = Forest(self._kind).features(self._task.paint[image].scan)
        return self._features[image]
