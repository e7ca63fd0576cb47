"""The form of the training settings that a user may change; 0 and "auto" are shown as Automatic."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QDoubleSpinBox, QFormLayout, QSpinBox, QWidget

from unetstudio.data.normalisation import NORMALISATIONS
from unetstudio.settings import TrainingSettings
from unetstudio.ui.panels.wheel import WheelGuard
from unetstudio.worker.messages import NetworkChoice

AUTOMATIC = "Automatic"
DIMENSIONS = ((AUTOMATIC, 0), ("2D, slice by slice", 2), ("3D", 3))
NORMS = ((AUTOMATIC, "auto"), ("Group", "group"), ("Batch", "batch"), ("Instance", "instance"), ("None", "none"))
DEVICES = ((AUTOMATIC, "auto"), ("Processor (CPU)", "cpu"), ("NVIDIA GPU (CUDA)", "cuda"), ("Apple GPU (MPS)", "mps"))
PRECISIONS = ((AUTOMATIC, "auto"), ("Single (float32)", "float32"), ("Half (bf16)", "bf16"))
SCALES = ((AUTOMATIC, "auto"), *((words, name) for name, words in NORMALISATIONS.items()))
RESAMPLINGS = ((AUTOMATIC, "auto"), ("One for all", "on"), ("As each image has it", "off"))
SUPERVISIONS = ((AUTOMATIC, "auto"), ("On", "on"), ("Off", "off"))
BORDERS = ((AUTOMATIC, "auto"), ("Off", "off"), ("As published (10)", "10"))
CROPS = ((AUTOMATIC, "auto"), ("Round each class alike", "1"), ("Half and half", "0.5"), ("Round any label", "0"))
HELD_OUT = ((AUTOMATIC, "auto"), ("Nothing", "off"))
WHOLE_NUMBERS = (  # field, label, largest, step, suffix, tooltip
    ("depth", "Depth", 7, 1, "", "How often the U-Net halves its resolution: deeper sees further"),
    ("base", "Base width", 128, 4, "", "Channels of the first level: wider learns more and is slower"),
    ("patch", "Patch", 1024, 16, " px", "Edge of the window cut round the strokes for one training sample"),
    ("batch", "Batch", 64, 1, "", "Patches a training step"),
    ("threads", "Threads", 256, 1, "", "Processor threads for training; automatic leaves one for the window"),
)


class TrainingForm(QWidget):
    """The fields of one TrainingSettings; `changed` after every change by the user."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("training_form")
        self._settings = TrainingSettings()
        self._networks: tuple[NetworkChoice, ...] = ()
        self._form = QFormLayout(self)
        self._form.setContentsMargins(0, 0, 0, 0)
        self._form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._form.setRowWrapPolicy(QFormLayout.RowWrapPolicy.DontWrapRows)
        self._form.setHorizontalSpacing(12)
        self._form.setVerticalSpacing(6)
        self.network = self._choice("network", "Network", (("U-Net", "unet"),), "The network that learns")
        self.network.activated.connect(self._forget_preset)
        self.dims = self._choice("dims", "Works in", DIMENSIONS, "Whether it looks at slices or at the volume")
        self.normalisation = self._choice(
            "normalisation", "Grey values", SCALES, "How they are brought to one scale: MR volumes one by one, CT by its units"
        )
        self.resample = self._choice(
            "resample", "Voxel size", RESAMPLINGS, "Whether images are resampled to one voxel size, where theirs are known and differ"
        )
        self.spins = {
            field: self._whole_number(field, text, most, step, suffix, hint) for field, text, most, step, suffix, hint in WHOLE_NUMBERS
        }
        self.crop = self._choice(
            "crop", "Crops", CROPS, "Round which voxels patches are cut: each class as often, or as often as it is labelled"
        )
        self.norm = self._choice("norm", "Norm", NORMS, "How activations are normalised")
        self.deep_supervision = self._choice(
            "deep_supervision", "Deep supervision", SUPERVISIONS, "Whether the coarser levels are taught as well, where the network can"
        )
        self.learning_rate = self._number("learning_rate", "Learning rate", (1e-6, 1.0, 5e-4), 6, "", "Size of a training step")
        self.seconds = self._number(
            "seconds",
            "Stop after",
            (0.0, 86400.0, 60.0),
            0,
            " s",
            "A time to learn in: the network is as large as it pays for, and steps grow smaller",
        )
        self.seconds.setSpecialValueText("Never")
        self.round_seconds = self._number(
            "round_seconds", "Round", (1.0, 120.0, 1.0), 1, " s", "After each round the score and the prediction are refreshed"
        )
        self.device = self._choice("device", "Device", DEVICES, "Where it computes")
        self.precision = self._choice(
            "precision", "Numbers", PRECISIONS, "How exactly it computes: half is quicker where the processor can"
        )
        self.augment = QCheckBox("Vary the patches")
        self._add(
            "augment", "Augment", self.augment, "Flip, rotate, zoom, brighten, blur and bend the patches, so that few strokes go further"
        )
        self.augment.clicked.connect(self.changed)
        self.quick_guess = QCheckBox("Answer strokes at once")
        self._add(
            "quick_guess",
            "Quick guess",
            self.quick_guess,
            "Guess the rest from each pixel and its surroundings within a second of a stroke, until the network knows better",
        )
        self.quick_guess.clicked.connect(self.changed)
        self.border_weight = self._choice(
            "border_weight", "Borders", BORDERS, "How much more voxels between two objects that nearly touch count"
        )
        self.hold_out = self._choice(
            "hold_out", "Held out", HELD_OUT, "Labels kept apart to score it, about one in six; with nothing it learns from all, unscored"
        )
        WheelGuard(self)

    def offer_networks(self, networks: tuple[NetworkChoice, ...]) -> None:
        """List the networks that the worker knows."""
        if networks and networks != self._networks:
            self._networks = networks
            current = self.network.currentData()
            self.network.clear()
            for choice in networks:
                self.network.addItem(choice.title, choice.name)
                self.network.setItemData(self.network.count() - 1, choice.description, Qt.ItemDataRole.ToolTipRole)
            self._pick(self.network, current)

    def show_settings(self, settings: TrainingSettings) -> None:
        """Fill the fields, without `changed`."""
        self._settings = settings
        with QSignalBlocker(self):
            for field, box in self._boxes().items():
                self._pick(box, getattr(settings, field))
            for field, spin in self.spins.items():
                spin.setValue(getattr(settings, field))
            self.learning_rate.setValue(settings.learning_rate)
            self.round_seconds.setValue(settings.round_seconds)
            self.seconds.setValue(settings.seconds)
            self.augment.setChecked(settings.augment)
            self.quick_guess.setChecked(settings.quick_guess)

    def settings(self) -> TrainingSettings:
        """Return the settings as entered; those without a field stay as they were."""
        values: dict[str, Any] = {field: box.currentData() for field, box in self._boxes().items()}
        values |= {field: spin.value() for field, spin in self.spins.items()}
        return replace(
            self._settings,
            **values,
            learning_rate=round(self.learning_rate.value(), 6),
            round_seconds=self.round_seconds.value(),
            seconds=self.seconds.value(),
            augment=self.augment.isChecked(),
            quick_guess=self.quick_guess.isChecked(),
        )

    @staticmethod
    def _pick(box: QComboBox, value: Any) -> None:
        """Choose a value; one that is not offered, such as "cuda:1" from the command line, is added."""
        if box.findData(value) < 0:
            box.addItem(str(value), value)
        box.setCurrentIndex(box.findData(value))

    def _boxes(self) -> dict[str, QComboBox]:
        names = ("network", "dims", "norm", "deep_supervision", "normalisation", "resample", "device", "precision")
        return {name: getattr(self, name) for name in (*names, "crop", "border_weight", "hold_out")}

    def _add(self, field: str, text: str, widget: QWidget, hint: str) -> None:
        widget.setObjectName(f"training_{field}")
        widget.setAccessibleName(text)
        widget.setToolTip(hint)
        widget.setMinimumWidth(60)
        self._form.addRow(text, widget)

    def _choice(self, field: str, text: str, choices: tuple[tuple[str, Any], ...], hint: str) -> QComboBox:
        box = QComboBox()
        for words, value in choices:
            box.addItem(words, value)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(6)
        box.activated.connect(self.changed)
        self._add(field, text, box, hint)
        return box

    def _whole_number(self, field: str, text: str, most: int, step: int, suffix: str, hint: str) -> QSpinBox:
        spin = QSpinBox()
        spin.setRange(0, most)
        spin.setSingleStep(step)
        spin.setSuffix(suffix)
        spin.setSpecialValueText(AUTOMATIC)
        spin.setKeyboardTracking(False)
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        spin.valueChanged.connect(self._spun)
        self._add(field, text, spin, hint)
        return spin

    def _number(self, field: str, text: str, limits: tuple[float, float, float], decimals: int, suffix: str, hint: str) -> QDoubleSpinBox:
        spin = QDoubleSpinBox()
        spin.setDecimals(decimals)
        spin.setRange(limits[0], limits[1])
        spin.setSingleStep(limits[2])
        spin.setSuffix(suffix)
        spin.setKeyboardTracking(False)
        spin.setAlignment(Qt.AlignmentFlag.AlignRight)
        spin.valueChanged.connect(self._spun)
        self._add(field, text, spin, hint)
        return spin

    def _forget_preset(self) -> None:
        """Clear the preset when another network is picked: presets belong to one network."""
        if self.network.currentData() != self._settings.network:
            self._settings = replace(self._settings, preset="")

    def _spun(self) -> None:
        self.changed.emit()
