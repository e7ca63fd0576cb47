"""A grid of pictures: a part of the image, and samples of it varied by an augmentation recipe."""

from __future__ import annotations

import numpy as np
import qimage2ndarray
from numpy.typing import NDArray
from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QPixmap, QShowEvent
from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from unetstudio.augment.preview import PreviewPatch, Sample
from unetstudio.augment.recipe import Recipe
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.ui.latest import LatestThread

ACROSS, DOWN = 4, 3
EDGE = 160
"""Samples in the grid, and their edge in voxels, which is also their edge on the screen in pixels."""

DEBOUNCE = 30
"""Milliseconds from a slider's last move to the new samples."""

TINT = 0.35
"""Opacity of labels over a sample."""


class SampleGrid(QWidget):
    """Shows samples that are computed beside the GUI thread while the grid is on screen; `finish` ends that thread."""

    crashed = Signal(str)  # traceback of a bug in an augmentation

    def __init__(self, classes: ClassTable, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._classes = classes
        self._patch: PreviewPatch | None = None
        self._recipe = Recipe()
        self._seed = 0
        self._latest = LatestThread(self)
        self._latest.crashed.connect(self.crashed)
        self._due = QTimer(self, singleShot=True, interval=DEBOUNCE)
        self._due.timeout.connect(self._draw)
        self.pictures = [QLabel() for _ in range(ACROSS * DOWN)]
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(4)
        for place, picture in enumerate(self.pictures):
            picture.setFixedSize(EDGE, EDGE)
            picture.setObjectName(f"sample_{place}")
            picture.setAccessibleName("As it is" if place == 0 else f"Sample {place}")
            grid.addWidget(picture, place // ACROSS, place % ACROSS)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._latest.start()
        self._draw()

    def finish(self) -> None:
        """End the thread."""
        self._latest.finish()

    def set_patch(self, patch: PreviewPatch | None) -> None:
        """Cut the samples from another place; without one nothing new is drawn."""
        self._patch = patch
        self._due.start()

    def set_recipe(self, recipe: Recipe) -> None:
        """Vary the samples by another recipe."""
        self._recipe = recipe
        self._due.start()

    def draw_others(self) -> None:
        """Draw other random values."""
        self._seed += 1
        self._draw()

    def _draw(self) -> None:
        if self._patch is not None and self.isVisible():
            patch, recipe, seed = self._patch, self._recipe, self._seed
            self._latest.ask(lambda: [patch.plain(), *patch.samples(recipe, len(self.pictures) - 1, seed)], self._show_samples)

    def _show_samples(self, samples: list[Sample] | None) -> None:
        for picture, sample in zip(self.pictures, samples or (), strict=False):
            picture.setPixmap(QPixmap.fromImage(qimage2ndarray.array2qimage(self._tinted(sample))))

    def _tinted(self, sample: Sample) -> NDArray[np.uint8]:
        """Return a sample with the labels in class colours over it: (edge, edge, 3) uint8."""
        picture = sample.picture.astype(np.float32)
        for entry in self._classes:
            mask = sample.labels == entry.value
            if mask.any() and entry.value != UNLABELLED:
                picture[mask] = (1 - TINT) * picture[mask] + TINT * np.array(entry.colour, np.float32)
        return picture.astype(np.uint8)
