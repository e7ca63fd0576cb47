"""The choice of overlay: which one, for which class, how strong, filled or outlined."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QSlider, QVBoxLayout, QWidget

from unetstudio.ui.canvas.overlays.overlay import OVERLAYS, Predicted
from unetstudio.ui.panels.segments import Segments
from unetstudio.ui.panels.swatch import swatch
from unetstudio.ui.panels.text import label
from unetstudio.ui.panels.wheel import WheelGuard
from unetstudio.ui.session import Session


class OverlayControls(QWidget):
    """Shows and sets the options of `session.display`."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("overlay_controls")
        self._session = session
        self._display = session.display
        self.mode = self._box("overlay_mode", "What lies over the image")
        self.mode.setToolTip("What lies over the image (hold Tab for the raw image)")
        self.mode.activated.connect(self._choose_mode)
        self.of_class = self._box("overlay_class", "Class whose probability is shown")
        self.of_class.activated.connect(self._choose_class)
        self.legend = label(role="small", name="overlay_legend")
        self.style_choice = Segments(
            ((False, "Filled", "Classes as filled areas"), (True, "Outlined", "Only the borders of classes")), name="overlay_outline"
        )
        self.style_choice.chosen.connect(lambda outline: self._display.show(replace(self._display.options, outline=outline)))
        self.overlay_opacity = self._slider("overlay_opacity", "Opacity of the prediction (Alt+wheel)")
        self.overlay_opacity.valueChanged.connect(self._set_overlay_opacity)
        self.label_opacity = self._slider("label_opacity", "Opacity of your own labels")
        self.label_opacity.valueChanged.connect(self._set_label_opacity)
        self.show_labels = self._check("show_labels", "Show my labels", "Show what you painted, imported or accepted")
        self.show_labels.clicked.connect(lambda on: self._display.show(replace(self._display.options, show_labels=on)))
        self.show_removed = self._check("show_removed", "Show clean-up changes", "Highlight what the steps below took away or added")
        self.show_removed.clicked.connect(lambda on: self._display.show(replace(self._display.options, show_removed=on)))
        self._lay_out()
        WheelGuard(self)
        self._display.changed.connect(lambda _: self._show())
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
        for line, (words, slider) in enumerate((("Prediction", self.overlay_opacity), ("My labels", self.label_opacity))):
            grid.addWidget(label(words, "field"), line, 0)
            grid.addWidget(slider, line, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        for part in (self.mode, self.of_class, self.legend, self.style_choice):
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
        slider.setToolTip(hint)
        return slider

    def _choose_mode(self) -> None:
        options = self._display.options
        if options.probability_class not in self._session.classes:  # the class was removed, or belongs to another project
            options = replace(options, probability_class=self._session.annotation.active_class)
        self._display.show(replace(options, overlay=self.mode.currentData()))

    def _choose_class(self) -> None:
        self._display.show(replace(self._display.options, probability_class=self.of_class.currentData()))

    def _set_overlay_opacity(self, percent: int) -> None:
        self._display.show(replace(self._display.options, overlay_opacity=percent / 100))

    def _set_label_opacity(self, percent: int) -> None:
        self._display.show(replace(self._display.options, label_opacity=percent / 100))

    def _check(self, name: str, words: str, hint: str) -> QCheckBox:
        check = QCheckBox(words)
        check.setObjectName(name)
        check.setToolTip(hint)
        check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return check

    def _show(self) -> None:
        options, overlay, attention = self._display.options, OVERLAYS[self._display.options.overlay], self._session.attention
        self._show_modes()
        self.mode.setCurrentIndex(self.mode.findData(options.overlay))
        legend = overlay.legend(Predicted(self._session.review.prediction, attention=attention.values, attention_limits=attention.limits))
        self.legend.setText(legend)
        self.legend.setVisible(legend != "")
        if [self.of_class.itemData(i, Qt.ItemDataRole.UserRole + 1) for i in range(self.of_class.count())] != list(self._session.classes):
            self._fill_classes()
        self.of_class.setCurrentIndex(self.of_class.findData(options.probability_class))
        self.of_class.setVisible(overlay.of_one_class)
        self.style_choice.choose(options.outline)
        for slider, opacity in ((self.overlay_opacity, options.overlay_opacity), (self.label_opacity, options.label_opacity)):
            with QSignalBlocker(slider):
                slider.setValue(round(opacity * 100))
        self.show_labels.setChecked(options.show_labels)
        self.show_removed.setChecked(options.show_removed)

    def _show_modes(self) -> None:
        """List the overlays that the network in use supports."""
        offered = self._session.overlays
        if [self.mode.itemData(i) for i in range(self.mode.count())] == list(offered):
            return
        self.mode.clear()
        for name in offered:
            self.mode.addItem(OVERLAYS[name].title, name)
        self.mode.setCurrentIndex(self.mode.findData(self._display.options.overlay))

    def _fill_classes(self) -> None:
        self.of_class.clear()
        for entry in self._session.classes:
            self.of_class.addItem(swatch(entry.colour), entry.name, entry.value)
            self.of_class.setItemData(self.of_class.count() - 1, entry, Qt.ItemDataRole.UserRole + 1)
