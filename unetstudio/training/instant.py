"""The instant tier of a training: a pixel classifier that is fitted anew within a second whenever the strokes change."""

from __future__ import annotations

import time

import numpy as np

from unetstudio.data.scan import Scan
from unetstudio.data.study import Study
from unetstudio.pixel_classifier.bank_choice import choose_bank
from unetstudio.pixel_classifier.cached_bank import CachedBank
from unetstudio.pixel_classifier.classifier import PixelClassifier, fit_classifier
from unetstudio.training.events import QuickGuess
from unetstudio.training.holdout import HeldOut
from unetstudio.training.stroke_rows import Rows, StrokeRows
from unetstudio.training.study_scans import Unreadable, read_scan

BANK_SCANS = 4
"""Largest number of scans to which the bank is fitted."""

NOTHING = HeldOut(nothing=True)


class InstantTier:
    """The pixel classifier of a live study: `classifier` is fitted to all strokes, `judged` without the held-out ones.

    Both are None until two classes carry strokes. `fits` counts the fits, and `guess` is the event of the last one.
    """

    def __init__(self, study: Study, seed: int = 0) -> None:
        self.classifier: PixelClassifier | None = None
        self.fits = 0
        self.guess: QuickGuess | None = None
        self._study, self._seed = study, seed
        self._source: StrokeRows | None = None
        self._banked: tuple[object, ...] = ()  # what the bank was fitted to
        self._fitted = -1  # revision of the study that the classifier was fitted to
        self._held = NOTHING
        self._rows: Rows | None = None
        self._judged: PixelClassifier | None = None

    def refit(self, held: HeldOut | None = None) -> QuickGuess | None:
        """Fit the classifier if the labels have changed since, and return the event of it; forget it where labels no longer suffice.

        Labels are held out of `judged` as before unless `held` is given.
        """
        held = self._held if held is None else held
        if self._fitted == self._study.revision and self._held is held:
            return None
        start = time.perf_counter()
        self._rows = self._gather(held)
        self._held, self._judged = held, None
        if self._fitted == self._study.revision:
            return None  # only other labels are held out
        self._fitted = self._study.revision
        self.classifier = None if self._rows is None else self._fit(self._rows)
        self.guess = None
        if self.classifier is None or self._rows is None:
            return None
        self.fits += 1
        self.guess = QuickGuess(len(self.classifier.values), len(self._rows.values), time.perf_counter() - start)
        return self.guess

    @property
    def judged(self) -> PixelClassifier | None:
        """The classifier fitted without held-out labels, which is scored and teaches the network; None where a class has no other."""
        if self._judged is None and self._rows is not None:
            self._judged = self._fit(self._rows.training()) if self._rows.held.any() else self.classifier
        return self._judged

    def _gather(self, held: HeldOut) -> Rows | None:
        """Gather the rows, with a new bank where the number of labelled cases has doubled; None without readable images."""
        labelled, waits = self._study.labelled(), self._study.reason_to_wait() is not None
        if not labelled or (waits and self._study.cases[labelled[0]].case.channels > 1):
            return None  # colours are judged by the strokes of several classes
        banked = (len(labelled).bit_length(), self._study.cases[labelled[0]].case.is_volume)
        if self._source is None or banked != self._banked:
            scans = self._scans(labelled)
            if not scans:
                return None
            bank = choose_bank(scans)
            self._source, self._banked = StrokeRows(self._study, CachedBank(bank), self._seed), banked
        rows = self._source.gather(held)  # of a first class alone too: then the second finds the features there
        return None if waits else rows

    def _scans(self, ids: list[str]) -> list[tuple[Scan, np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]]:
        """Read some of the labelled cases, with their label values."""
        scans = []
        for id in ids[:: -(-len(ids) // BANK_SCANS)]:
            member = self._study.cases[id]
            try:
                scan = read_scan(self._study, id)
            except Unreadable:  # reported when the network's training reads it
                continue
            if member.labels is not None:
                scans.append((scan, member.labels.values))
        return scans

    def _fit(self, rows: Rows) -> PixelClassifier | None:
        """Fit a classifier of the classes that have rows; None unless there are two."""
        values = tuple(value for value in self._study.classes.values if (rows.values == value).any())
        if self._source is None or len(values) < 2:
            return None
        background = self._study.classes.values[0]
        return fit_classifier(self._source.bank, rows.features, rows.values, rows.unlabelled, background, self._seed)
