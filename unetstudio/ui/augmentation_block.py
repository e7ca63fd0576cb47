"""One augmentation in the dialog: a switch with its title, and its sliders while it is on."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from unetstudio.augment.augmentation import Augmentation
from unetstudio.ui.forms import Form

USUAL = 0.5
"""Probability given to an augmentation that is switched on for the first time."""


class AugmentationBlock(QWidget):
    """The controls of one augmentation; `changed` after every change by the user."""

    changed = Signal()

    def __init__(self, augmentation: Augmentation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"augmentation_{type(augmentation).__name__}")
        self.switch = QCheckBox(augmentation.title)
        self.form = Form(augmentation)
        self._usual = self._probability or USUAL
        self.form.changed.connect(self._slide)
        self.switch.toggled.connect(self._switch)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.switch)
        column.addWidget(self.form)
        self.show_augmentation(augmentation)

    @property
    def augmentation(self) -> Augmentation:
        """The augmentation as set by the sliders."""
        augmentation: Augmentation = self.form.value
        return augmentation

    @property
    def _probability(self) -> float:
        return float(self.form.value.probability)

    def show_augmentation(self, augmentation: Augmentation) -> None:
        """Show another augmentation of the same kind, without `changed`."""
        self.form.set_value(augmentation)
        self._show_switch()

    def _switch(self, on: bool) -> None:
        self.form.set_value(replace(self.form.value, probability=self._usual if on else 0.0))
        self._slide()

    def _slide(self) -> None:
        self._show_switch()
        self.changed.emit()

    def _show_switch(self) -> None:
        """Show the switch as on if the probability is above zero, and remember that probability."""
        on = self._probability > 0
        self._usual = self._probability if on else self._usual
        with QSignalBlocker(self.switch):
            self.switch.setChecked(on)
        self.form.setVisible(on)
