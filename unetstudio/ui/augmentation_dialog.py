"""The dialog for augmentation: a preset, sliders for each augmentation, and samples of the open image that follow them."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QPushButton, QScrollArea, QVBoxLayout, QWidget

from unetstudio.augment.augmentation import Augmentation
from unetstudio.augment.presets import AUTO, PRESETS, changes_between, choose_recipe, preset_for
from unetstudio.augment.preview import PreviewPatch, labelled_place
from unetstudio.augment.recipe import Recipe
from unetstudio.ui.augmentation_block import AugmentationBlock
from unetstudio.ui.panels.text import label
from unetstudio.ui.panels.wheel import WheelGuard
from unetstudio.ui.sample_grid import EDGE, SampleGrid
from unetstudio.ui.session import Session


class AugmentationDialog(QDialog):
    """The dialog in which a recipe is chosen. Nothing changes before Apply."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("augmentation_dialog")
        self.setWindowTitle("Augmentation")
        self._session, self._learning = session, session.learning
        self.preset = QComboBox()
        self.preset.setObjectName("augmentation_preset")
        self.preset.setAccessibleName("Kind of images")
        self.reason = label(role="small", name="augmentation_reason")
        self.blocks: list[AugmentationBlock] = []
        self._blocks = QVBoxLayout()
        self.samples = SampleGrid(session.classes)
        self.samples.crashed.connect(session.fault)
        self.caption = label(role="small")
        self.again_button = QPushButton("Other samples")
        self.apply_button = QPushButton("Apply and restart")
        self.apply_button.setObjectName("apply_augmentation")
        self.apply_button.setProperty("role", "primary")
        self.close_button = QPushButton("Close")
        self._lay_out()
        self._fill_presets()
        self.preset.activated.connect(lambda: self._show(self._unchanged))
        self.again_button.clicked.connect(self.samples.draw_others)
        self.apply_button.clicked.connect(self._apply)
        self.close_button.clicked.connect(self.reject)
        self.finished.connect(self.samples.finish)
        session.case_opened.connect(self._choose_patch)
        settings = self._learning.settings
        self.preset.setCurrentIndex(max(0, self.preset.findData(settings.augmentation)))
        self._show(choose_recipe(session.cases, settings.augmentation, settings.vary)[0])
        self._choose_patch()

    @property
    def recipe(self) -> Recipe:
        """The recipe as set by the sliders."""
        return self._unchanged.changed(*(block.augmentation for block in self.blocks))

    @property
    def _unchanged(self) -> Recipe:
        """The recipe of the preset before any change."""
        return choose_recipe(self._session.cases, self.preset.currentData(), "")[0]

    @property
    def _choice(self) -> tuple[str, str]:
        """Preset and changes, in the form that settings hold."""
        return self.preset.currentData(), changes_between(self._unchanged, self.recipe)

    def _fill_presets(self) -> None:
        automatic = PRESETS[preset_for(self._session.cases)].title
        self.preset.addItem(f"Automatic: {automatic}", AUTO)
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
        right = QVBoxLayout()
        right.addWidget(self.samples)
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
        """Show one block for each augmentation of a recipe."""
        augmentations: tuple[Augmentation, ...] = (*recipe.geometric, *recipe.photometric)
        if [type(block.augmentation) for block in self.blocks] != [type(a) for a in augmentations]:
            for block in self.blocks:
                block.deleteLater()
            self.blocks = [AugmentationBlock(augmentation) for augmentation in augmentations]
            for block in self.blocks:
                block.changed.connect(self._show_choice)
                self._blocks.addWidget(block)
            WheelGuard(self)
        else:
            for block, augmentation in zip(self.blocks, augmentations, strict=True):
                block.show_augmentation(augmentation)
        self._show_choice()

    def _show_choice(self) -> None:
        choice, settings = self._choice, self._learning.settings
        self.reason.setText(choose_recipe(self._session.cases, *choice)[1].capitalize() + ".")
        self.apply_button.setEnabled(not self._session.read_only and choice != (settings.augmentation, settings.vary))
        self.samples.set_recipe(self.recipe)

    def _choose_patch(self) -> None:
        """Cut the samples from the slice on screen, near labelled voxels."""
        session = self._session
        if session.scan is None or session.labels is None:
            self.samples.set_patch(None)
            self.caption.setText("Open an image to see samples of it.")
            return
        self.caption.setText("The first picture is the image as it is; each other one is a sample the network might learn from.")
        plane = session.cursor.plane
        z = plane.index if plane.axis == 0 else session.scan.shape[0] // 2
        labels = session.labels.values
        self.samples.set_patch(PreviewPatch(session.scan, labels, z, labelled_place(labels, z), EDGE))

    # ------------------------------------------------------------------------------------------------------- acting

    def _apply(self) -> None:
        preset, changes = self._choice
        self._learning.set_settings(replace(self._learning.settings, augment=True, augmentation=preset, vary=changes))
        self.accept()
