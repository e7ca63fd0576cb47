"""Review of the open case: its prediction, the segmentation made from it, and its acceptance into the labels."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from unetstudio.data.case import Case, ReviewState
from unetstudio.data.classes import ClassTable
from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import SOURCE, Origin
from unetstudio.data.prediction import Prediction, source_name
from unetstudio.data.region import Region
from unetstudio.data.scan import Voxels
from unetstudio.errors import UserError
from unetstudio.inference.events import TilePredicted
from unetstudio.postprocess.segment import Segmentation, StepReport, segment
from unetstudio.postprocess.stack import DEFAULT_STEPS
from unetstudio.postprocess.step import Step
from unetstudio.postprocess.threshold import Threshold
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.latest import LatestThread
from unetstudio.ui.notifier import Change, Notifier
from unetstudio.workspace.case_list import CaseReviewed

GATHER = 120
"""Milliseconds over which tiles are gathered before the segmentation is recomputed."""

NOTHING = Region((0, 0, 0), (0, 0, 0))


class Review(QObject):
    """Recomputes the segmentation whenever tiles, strokes or steps change, beside the GUI thread."""

    prediction_changed = Signal(object)  # Region: new probabilities
    segmentation_changed = Signal(object)  # Region: segmentation after post-processing
    steps_changed = Signal()
    reports_changed = Signal()  # reports of the steps: what each removed
    state_changed = Signal(str, object)  # case id, its new ReviewState
    next_requested = Signal()

    def __init__(self, notifier: Notifier, annotation: Annotation, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._notifier, self._annotation = notifier, annotation
        self._latest = LatestThread(self)
        self._latest.crashed.connect(notifier.fault)
        self._latest.start()
        self._gather = QTimer(self, singleShot=True, interval=GATHER)
        self._gather.timeout.connect(self._segment)
        self._after: list[Callable[[], None]] = []  # callbacks that wait for a segmentation of everything so far
        self._labels: LabelMap | None = None
        self._voxels: Voxels | None = None
        self._case: Case | None = None
        self._outdated = NOTHING
        self._busy = False  # whether a calculation is under way
        self.prediction: Prediction | None = None
        self.segmentation: NDArray[np.uint8] | None = None  # (Z, Y, X) class values, UNLABELLED where nothing is predicted yet
        self.removed: NDArray[np.bool_] | None = None  # (Z, Y, X): changed by post-processing
        self.steps: tuple[Step, ...] = DEFAULT_STEPS
        self.reports: tuple[StepReport, ...] = ()
        notifier.project_opened.connect(self._take_steps)
        notifier.changed.connect(self._take_change)

    # --------------------------------------------------------------------------------------------------- open case

    def open(self, case: Case, voxels: Voxels, labels: LabelMap, prediction: Prediction | None) -> None:
        """Review another case of `voxels` (C, Z, Y, X), with its last prediction if there is one yet."""
        self.close()
        self._case, self._voxels, self._labels, self.prediction = case, voxels, labels, prediction
        if prediction is not None:
            self._outdate(0)

    def close(self) -> None:
        """Show no case."""
        self._gather.stop()
        self._after.clear()
        self._outdated = NOTHING
        self._case = self._voxels = self._labels = self.prediction = self.segmentation = self.removed = None
        self.reports = ()
        self.reports_changed.emit()

    def finish(self) -> None:
        """End the calculating thread."""
        self._latest.finish()

    # ------------------------------------------------------------------------------------------------- predictions

    def take(self, tile: TilePredicted) -> None:
        """Add a tile of a prediction."""
        if self._case is None or tile.case != self._case.id:
            return
        if self.prediction is None or self.prediction.values != tile.values:
            self.prediction = Prediction(self._case.shape, tile.values, tile.checkpoint)
            self.segmentation = None
        self.prediction.put(tile.region, tile.probabilities, tile.checkpoint)
        self.prediction_changed.emit(tile.region)
        self._outdate(GATHER, tile.region)

    def show(self, prediction: Prediction) -> None:
        """Show the whole prediction of the open case instead of the tiles received so far."""
        self.prediction = prediction
        self.prediction_changed.emit(Region.whole(prediction.shape))
        self._outdate(0)

    def labels_edited(self, edit: Edit) -> None:
        """Let painted strokes override the prediction at once."""
        if self.segmentation is None or self._labels is None:
            return
        part, painted = self.segmentation[edit.region.slices], self._labels.painted(edit.region, self._annotation.classes.values)
        part[painted] = self._labels.values[edit.region.slices][painted]
        uncovered = ((edit.before_origin & SOURCE) == Origin.PAINTED).any()  # the prediction below shows again
        if uncovered or self._busy:
            self._outdate(GATHER, edit.region)

    def set_steps(self, steps: tuple[Step, ...]) -> None:
        """Change post-processing; the segmentation follows."""
        if steps != self.steps:
            self._use(steps)
            if (project := self._notifier.project) is not None:
                self._notifier.announce(project.set_steps(steps))

    def _use(self, steps: tuple[Step, ...]) -> None:
        if steps != self.steps:
            self.steps = steps
            self.steps_changed.emit()
            if self.prediction is not None:
                self._outdate(0)

    def _take_change(self, change: Change) -> None:
        """Recompute the segmentation after a change of classes: strokes of a removed class have no effect until it is back."""
        match change:
            case ClassesEdit() if change.concerns_learning and self.prediction is not None:
                self._outdate(0)
            case CaseReviewed(case):
                self.state_changed.emit(case.id, case.review)

    def _take_steps(self) -> None:
        """Post-process as the open project says; where this program lacks one of its steps, in the usual way until the user changes it."""
        if (project := self._notifier.project) is None:
            return
        try:
            self._use(project.steps)
        except UserError as error:
            self._use(DEFAULT_STEPS)
            self._notifier.notice.emit(f"{error} Masks are cleaned in the usual way here until you change a step.", "error")

    def _refuse(self, sentence: str) -> None:
        self._notifier.notice.emit(sentence, "info")

    def _outdate(self, wait: int, region: Region | None = None) -> None:
        """Have the segmentation recomputed: all of it, or a region of it where no step looks further than a voxel."""
        if self._case is None:
            return
        self._outdated |= Region.whole(self._case.shape) if region is None else region
        if not self._gather.isActive() or wait == 0:
            self._gather.start(wait)

    def _segment(self) -> None:
        if self.prediction is None or self._labels is None or self._case is None or self._outdated.empty or self._busy:
            return
        prediction, labels, steps, case, voxels = self.prediction, self._labels, self.steps, self._case, self._voxels
        values = self._annotation.classes.values
        pointwise = all(not step.enabled or step == Threshold() for step in steps)
        region = self._outdated if pointwise and self.segmentation is not None else Region.whole(case.shape)
        self._outdated, self._busy = NOTHING, True
        waiting, self._after = self._after, []

        def work() -> Segmentation:
            painted = labels.look(region, values)
            probabilities, predicted = prediction.probabilities[(slice(None), *region.slices)], prediction.known[region.slices]
            image = None if pointwise else voxels  # a region is segmented by itself only where no step needs more than probabilities
            return segment(probabilities, prediction.values, steps, case.geometry.spacing, painted=painted, known=predicted, voxels=image)

        self._latest.ask(work, lambda result: self._take_segmentation(case, prediction, region, waiting, result))

    def _take_segmentation(
        self, case: Case, prediction: Prediction, region: Region, waiting: list[Callable[[], None]], result: Segmentation | None
    ) -> None:
        self._busy = False
        if self._case is case and self.prediction is not prediction:  # a newer one came meanwhile, perhaps with other classes
            self._after, result = waiting + self._after, None
        if not self._outdated.empty:
            self._gather.start(0 if self._after else GATHER)
        if self._case is not case or result is None:
            return
        if self.segmentation is None or self.removed is None or region == Region.whole(case.shape):
            self.segmentation, self.removed, self.reports = result.labels, result.removed, result.reports
            self.reports_changed.emit()
        else:
            self.segmentation[region.slices], self.removed[region.slices] = result.labels, result.removed
        self.segmentation_changed.emit(region)
        if self._outdated.empty:
            waiting, self._after = waiting + self._after, []
        for call in waiting:
            call()

    # --------------------------------------------------------------------------------------------------- accepting

    def accept_all(self) -> None:
        """Write the whole segmentation into the labels, as one undoable edit; voxels painted by hand stay."""
        self._accept("accept all", lambda segmentation: segmentation != UNLABELLED)

    def accept_class(self, value: int) -> None:
        """Write the voxels segmented as one class into the labels."""
        self._accept("accept class", lambda segmentation: segmentation == value)

    def accept_object(self, at: tuple[int, int, int]) -> None:
        """Write the connected object under the pointer into the labels."""
        self._accept("accept object", lambda segmentation: connected(segmentation, at))

    def set_state(self, state: ReviewState) -> None:
        """Set the review state of the open case."""
        if (case := self._notifier.case) is not None:
            self._notifier.change(lambda project: project.cases.review(case.id, state))

    def next_unreviewed(self) -> None:
        """Ask for the next unreviewed case."""
        self.next_requested.emit()

    def _accept(self, tool: str, select: Callable[[NDArray[np.uint8]], NDArray[np.bool_]]) -> None:
        if self.segmentation is None and self.prediction is None:
            self._refuse("There is nothing to accept yet: a prediction appears once two classes are painted.")
            return
        if self._annotation.read_only:
            self._refuse("This project is open read-only; nothing is changed.")
            return

        def act() -> None:
            segmentation, classes = self.segmentation, self._annotation.classes
            if segmentation is None:
                return
            checkpoint = "" if self.prediction is None else self.prediction.checkpoint
            source = f" from {source_name(checkpoint)}" if checkpoint else ""
            if not self._annotation.change(lambda labels: accepted(labels, segmentation, select(segmentation), tool + source, classes)):
                self._refuse("Nothing changes: these voxels carry this class already, were painted by hand, or are locked.")

        if self._busy or not self._outdated.empty:
            self._after.append(act)
            self._gather.start(0)
        else:
            act()


def accepted(
    labels: LabelMap, segmentation: NDArray[np.uint8], selection: NDArray[np.bool_], tool: str, classes: ClassTable
) -> Edit | None:
    """Return the edit that writes the chosen voxels of a segmentation (Z, Y, X) into the labels.

    Voxels painted by hand or of a locked class stay; strokes of a class that was removed count as not annotated.
    """
    painted = labels.painted(Region.whole(labels.shape), classes.values)
    mask = selection & np.isin(segmentation, classes.values) & ~painted & (segmentation != labels.values)
    if locked := list(classes.locked):
        mask &= ~np.isin(labels.values, locked) & ~np.isin(segmentation, locked)
    return labels.change(mask, segmentation, Origin.ACCEPTED, tool)


def connected(segmentation: NDArray[np.uint8], at: tuple[int, int, int]) -> NDArray[np.bool_]:
    """Return the connected object of one class that holds the voxel `at`, (Z, Y, X) bool; empty outside or where nothing is predicted."""
    if not all(0 <= i < n for i, n in zip(at, segmentation.shape, strict=True)) or segmentation[at] == UNLABELLED:
        return np.zeros(segmentation.shape, np.bool_)
    same: NDArray[np.bool_] = segmentation == segmentation[at]
    if segmentation.shape[0] == 1:
        _, numbers = cv2.connectedComponents(same[0].astype(np.uint8), connectivity=8)
        return np.asarray(numbers == numbers[at[1:]], np.bool_)[None]
    from scipy import ndimage

    objects: NDArray[np.int32] = ndimage.label(same)[0]
    return np.asarray(objects == objects[at], np.bool_)
