"""How patches are varied before the network sees them: a preset, sliders, and samples of the open image that follow them."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np
import qimage2ndarray
from PySide6.QtCore import QSignalBlocker, Qt, QTimer
from PySide6.QtGui import QPixmap, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from unetstudio.augment.presets import AUTO, PRESETS, changes_between, choose_recipe, preset_for
from unetstudio.augment.preview import PreviewPatch, Sample, labelled_place
from unetstudio.augment.recipe import Recipe
from unetstudio.data.labels import UNLABELLED
from unetstudio.ui.forms import Form
from unetstudio.ui.latest import LatestThread
from unetstudio.ui.panels.text import label
from unetstudio.ui.panels.wheel import WheelGuard
from unetstudio.ui.session import Session

ACROSS, DOWN = 4, 3
EDGE = 160
"""Samples in the grid, and their edge in voxels; on the screen they are as large."""

DEBOUNCE = 30
"""Milliseconds from a slider's last move to the new samples."""

TINT = 0.35
"""Opacity of labels over a sample."""


class AugmentationDialog(QDialog):
    """Nothing changes before Apply."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("augmentation_dialog")
        self.setWindowTitle("Augmentation")
        self._session, self._learning = session, session.learning
        self._seed = 0
        self._patch: PreviewPatch | None = None
        self._latest = LatestThread(self)
        self._latest.crashed.connect(session.fault)
        self._due = QTimer(self, singleShot=True, interval=DEBOUNCE)
        self._due.timeout.connect(self._draw)
        self.preset = QComboBox()
        self.preset.setObjectName("augmentation_preset")
        self.preset.setAccessibleName("Kind of images")
        self.reason = label(role="small", name="augmentation_reason")
        self.blocks: list[_Block] = []
        self._blocks = QVBoxLayout()
        self.pictures = [QLabel() for _ in range(ACROSS * DOWN)]
        self.again_button = QPushButton("Other samples")
        self.apply_button = QPushButton("Apply and restart")
        self.apply_button.setObjectName("apply_augmentation")
        self.apply_button.setProperty("role", "primary")
        self.close_button = QPushButton("Close")
        self._lay_out()
        self._fill_presets()
        self.preset.activated.connect(self._choose)
        self.again_button.clicked.connect(self._again)
        self.apply_button.clicked.connect(self._apply)
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(self._latest.finish)
        session.case_opened.connect(self._look)
        settings = self._learning.settings
        self.preset.setCurrentIndex(max(0, self.preset.findData(settings.augmentation)))
        self._show(choose_recipe(session.cases, settings.augmentation, settings.vary)[0])
        self._look()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._latest.start()
        self._draw()

    @property
    def recipe(self) -> Recipe:
        """As the blocks stand."""
        return self._plain.changed(*(block.augmentation for block in self.blocks))

    @property
    def _plain(self) -> Recipe:
        """Of the preset, before any change."""
        return choose_recipe(self._session.cases, self.preset.currentData(), "")[0]

    def _fill_presets(self) -> None:
        found = PRESETS[preset_for(self._session.cases)].title
        self.preset.addItem(f"Automatic: {found}", AUTO)
        for name, preset in PRESETS.items():
            self.preset.addItem(preset.title, name)

    def _lay_out(self) -> None:
        body = QWidget()
        body.setLayout(self._blocks)
        self._blocks.setContentsMargins(0, 0, 8, 0)
        self._blocks.setSpacing(10)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(body)
        left = QVBoxLayout()
        left.addWidget(self.preset)
        left.addWidget(self.reason)
        left.addWidget(scroll, 1)
        side = QWidget()
        side.setLayout(left)
        left.setContentsMargins(0, 0, 0, 0)
        side.setFixedWidth(300)
        grid = QGridLayout()
        grid.setSpacing(4)
        for place, picture in enumerate(self.pictures):
            picture.setFixedSize(EDGE, EDGE)
            picture.setObjectName(f"sample_{place}")
            picture.setAccessibleName("As it is" if place == 0 else f"Sample {place}")
            grid.addWidget(picture, place // ACROSS, place % ACROSS)
        self.caption = label("The first picture is the image as it is; each other one is a sample the network might learn from.", "small")
        right = QVBoxLayout()
        right.addLayout(grid)
        right.addWidget(self.caption)
        right.addStretch(1)
        both = QHBoxLayout()
        both.setSpacing(16)
        both.addWidget(side)
        both.addLayout(right)
        buttons = QHBoxLayout()
        buttons.addWidget(self.again_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.apply_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.addLayout(both, 1)
        column.addLayout(buttons)
        for button in (self.again_button, self.close_button):
            button.setAutoDefault(False)

    # ------------------------------------------------------------------------------------------------------ showing

    def _show(self, recipe: Recipe) -> None:
        """One block for each augmentation."""
        augmentations = (*recipe.geometric, *recipe.photometric)
        if [type(block.augmentation) for block in self.blocks] != [type(a) for a in augmentations]:
            for block in self.blocks:
                block.deleteLater()
            self.blocks = [_Block(a, self._changed) for a in augmentations]
            for block in self.blocks:
                self._blocks.addWidget(block)
            WheelGuard(self)
        else:
            for block, augmentation in zip(self.blocks, augmentations, strict=True):
                block.show_augmentation(augmentation)
        self._changed()

    def _choose(self) -> None:
        self._show(self._plain)

    def _changed(self) -> None:
        wanted = self._wanted
        self.reason.setText(choose_recipe(self._session.cases, self.preset.currentData(), wanted[1])[1].capitalize() + ".")
        settings = self._learning.settings
        self.apply_button.setEnabled(not self._session.read_only and wanted != (settings.augmentation, settings.vary))
        self._due.start()

    @property
    def _wanted(self) -> tuple[str, str]:
        """Preset and changes, as settings hold them."""
        return self.preset.currentData(), changes_between(self._plain, self.recipe)

    def _look(self) -> None:
        """At the slice on screen, near what is labelled there."""
        session = self._session
        if session.scan is None or session.labels is None:
            self._patch = None
            self.caption.setText("Open an image to see samples of it.")
            return
        plane = session.cursor.plane
        z = plane.index if plane.axis == 0 else session.scan.shape[0] // 2
        labels = session.labels.values
        self._patch = PreviewPatch(session.scan, labels, z, labelled_place(labels, z), EDGE)
        self._due.start()

    def _draw(self) -> None:
        """Makes the samples beside the GUI thread."""
        if self._patch is not None and self.isVisible():
            patch, recipe, seed = self._patch, self.recipe, self._seed
            self._latest.ask(lambda: [patch.plain(), *patch.samples(recipe, len(self.pictures) - 1, seed)], self._take)

    def _take(self, samples: list[Sample] | None) -> None:
        for picture, sample in zip(self.pictures, samples or (), strict=False):
            picture.setPixmap(QPixmap.fromImage(qimage2ndarray.array2qimage(self._tinted(sample))))

    def _tinted(self, sample: Sample) -> np.ndarray:
        """A sample with its labels in class colours over it."""
        picture = sample.picture.astype(np.float32)
        for entry in self._session.classes:
            mask = sample.labels == entry.value
            if mask.any() and entry.value != UNLABELLED:
                picture[mask] = (1 - TINT) * picture[mask] + TINT * np.array(entry.colour, np.float32)
        return picture.astype(np.uint8)

    def _again(self) -> None:
        self._seed += 1
        self._draw()

    def _apply(self) -> None:
        preset, changes = self._wanted
        self._learning.set_settings(replace(self._learning.settings, augment=True, augmentation=preset, vary=changes))
        self.accept()


class _Block(QWidget):
    """One augmentation: a switch with its title, and its sliders while it is on."""

    def __init__(self, augmentation: Any, changed: Any) -> None:
        super().__init__()
        self.setObjectName(f"augmentation_{type(augmentation).__name__}")
        self._changed = changed
        self.switch = QCheckBox(augmentation.title)
        self.form = Form(augmentation, only=tuple(f.name for f in fields(augmentation)))
        self.form.changed.connect(lambda _: self._tell())
        self.switch.toggled.connect(self._turn)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.switch)
        column.addWidget(self.form)
        self._usual = augmentation.probability or 0.5
        self.show_augmentation(augmentation)

    @property
    def augmentation(self) -> Any:
        """With its numbers."""
        return self.form.value

    def show_augmentation(self, augmentation: Any) -> None:
        """Shows one of the same kind, silently."""
        self.form.set_value(augmentation)
        self._follow()

    def _turn(self, on: bool) -> None:
        self.form.set_value(replace(self.form.value, probability=self._usual if on else 0.0))
        self._follow()
        self._changed()

    def _tell(self) -> None:
        self._follow()
        self._changed()

    def _follow(self) -> None:
        """The switch is on where it ever happens; then it is remembered how often."""
        on = self.form.value.probability > 0
        self._usual = self.form.value.probability if on else self._usual
        with QSignalBlocker(self.switch):
            self.switch.setChecked(on)
        self.form.setVisible(on)
