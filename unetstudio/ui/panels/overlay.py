"""What lies over the image and how strongly: the segmentation, one class's probability, uncertainty or nothing."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSlider, QVBoxLayout, QWidget

from unetstudio.ui.display import Overlay
from unetstudio.ui.panels.segments import Segments
from unetstudio.ui.panels.swatch import swatch
from unetstudio.ui.panels.text import label
from unetstudio.ui.panels.wheel import WheelGuard
from unetstudio.ui.session import Session

MODES = (
    (Overlay.CLASSES, "Segmentation"),
    (Overlay.PROBABILITY, "Probability of one class"),
    (Overlay.UNCERTAINTY, "Uncertainty"),
    (Overlay.ATTENTION, "Attention of the network"),
    (Overlay.NONE, "No overlay"),
)


class OverlayControls(QWidget):
    """Shows and sets `session.display`."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlay_controls")
        self._session = session
        self._display = session.display
        self.mode = self._box("overlay_mode", "What lies over the image")
        self.mode.setToolTip("What lies over the image (hold Tab for the raw image)")
        self.mode.activated.connect(self._choose_mode)
        self.of_class = self._box("overlay_class", "Class whose probability is shown")
        self.of_class.activated.connect(lambda: self._display.set(probability_class=self.of_class.currentData()))
        self.about_attention = label(role="small", name="overlay_attention")
        self.style_choice = Segments(
            ((False, "Filled", "Classes as filled areas"), (True, "Outlined", "Only the borders of classes")), name="overlay_outline"
        )
        self.style_choice.chosen.connect(lambda outline: self._display.set(outline=outline))
        self.sliders = {
            "overlay_opacity": self._slider("overlay_opacity", "Opacity of the prediction (Alt+wheel)"),
            "label_opacity": self._slider("label_opacity", "Opacity of your own labels"),
        }
        self.show_labels = self._check("show_labels", "Show my labels", "Show what you painted, imported or accepted")
        self.show_removed = self._check("show_removed", "Show clean-up changes", "Highlight what the steps below took away or added")
        self._lay_out()
        WheelGuard(self)
        self._display.changed.connect(self._show)
        session.classes_changed.connect(self._show)
        session.project_opened.connect(self._show)
        session.learning.changed.connect(self._show_modes)
        session.attention.changed.connect(lambda _: self._show())
        self._show()

    def _lay_out(self) -> None:
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for line, (name, words) in enumerate((("overlay_opacity", "Prediction"), ("label_opacity", "My labels"))):
            grid.addWidget(label(words, "field"), line, 0)
            grid.addWidget(self.sliders[name], line, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.mode, self.of_class, self.about_attention, self.style_choice):
            column.addWidget(part)
        column.addLayout(grid)
        column.addWidget(self.show_labels)
        column.addWidget(self.show_removed)

    def _box(self, name: str, spoken: str) -> QComboBox:
        box = QComboBox()
        box.setObjectName(name)
        box.setAccessibleName(spoken)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(8)
        return box

    def _slider(self, name: str, hint: str) -> QSlider:
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setObjectName(name)
        slider.setAccessibleName(hint)
        slider.setRange(0, 100)
        slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        slider.valueChanged.connect(lambda percent: self._slid(name, percent))
        slider.setToolTip(hint)
        return slider

    def _choose_mode(self) -> None:
        if self._display.probability_class not in self._session.classes:  # it was removed, or belongs to another project
            self._display.set(probability_class=self._session.annotation.active_class)
        self._display.set(overlay=Overlay(self.mode.currentData()))  # Qt gives the plain string back

    def _slid(self, name: str, percent: int) -> None:
        self._display.set(**{name: percent / 100})

    def _check(self, name: str, words: str, hint: str) -> QCheckBox:
        check = QCheckBox(words)
        check.setObjectName(name)
        check.setToolTip(hint)
        check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        check.clicked.connect(lambda on: self._display.set(**{name: on}))
        return check

    def _show(self) -> None:
        display = self._display
        self._show_modes()
        self.mode.setCurrentIndex(self.mode.findData(display.overlay))
        self.about_attention.setText(self._session.attention.sentence)
        self.about_attention.setVisible(display.overlay == Overlay.ATTENTION)
        if [self.of_class.itemData(i, Qt.ItemDataRole.UserRole + 1) for i in range(self.of_class.count())] != list(self._session.classes):
            self._fill_classes()
        self.of_class.setCurrentIndex(self.of_class.findData(display.probability_class))
        self.of_class.setVisible(display.overlay == Overlay.PROBABILITY)
        self.style_choice.choose(display.outline)
        for name, slider in self.sliders.items():
            with QSignalBlocker(slider):
                slider.setValue(round(getattr(display, name) * 100))
        self.show_labels.setChecked(display.show_labels)
        self.show_removed.setChecked(display.show_removed)

    def _show_modes(self) -> None:
        """Attention is offered where the network has it."""
        offered = self._session.overlays
        if [self.mode.itemData(i) for i in range(self.mode.count())] == list(offered):
            return
        self.mode.clear()
        for value, words in MODES:
            if value in offered:
                self.mode.addItem(words, value)
        self.mode.setCurrentIndex(self.mode.findData(self._display.overlay))

    def _fill_classes(self) -> None:
        self.of_class.clear()
        for found in self._session.classes:
            self.of_class.addItem(swatch(found.colour), found.name, found.value)
            self.of_class.setItemData(self.of_class.count() - 1, found, Qt.ItemDataRole.UserRole + 1)
