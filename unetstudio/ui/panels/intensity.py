"""The image panel: the values shown as black and as white, and the size of the image. It changes the display only."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
from PySide6.QtCore import QSignalBlocker, Qt
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QGridLayout, QHBoxLayout, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from unetstudio.data.display_window import automatic_window
from unetstudio.ui.display import Display, DisplayOptions
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.panels import wording
from unetstudio.ui.panels.histogram import histogram
from unetstudio.ui.panels.range_slider import RangeSlider
from unetstudio.ui.panels.text import heading, label
from unetstudio.ui.panels.wheel import WheelGuard

CT_PRESETS = (("Soft tissue", -160.0, 240.0), ("Lung", -1350.0, 150.0), ("Bone", -450.0, 1050.0), ("Brain", 0.0, 80.0))
"""Usual window settings in HU, low and high."""

MOST_DECIMALS = 12
"""Largest number of decimals shown: activities may be as small as 1e-8."""


class IntensityPanel(QWidget):
    """Sets `window` and `inverted` of the display options; a window of None is automatic."""

    def __init__(self, notifier: Notifier, display: Display, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("intensity_panel")
        self._notifier = notifier
        self._display = display
        self._automatic = (0.0, 1.0)
        self._extremes = (0.0, 1.0)
        self.image_size = label(role="body", name="image_size")
        self.spacing = label(role="small", name="image_spacing")
        self.slider = RangeSlider(name="window_slider")
        self.slider.setToolTip("Drag the ends or the middle; double click for automatic. Right-drag on the image does the same.")
        self.low = self._number("window_low", "Darkest value shown as black")
        self.high = self._number("window_high", "Brightest value shown as white")
        self.automatic_button = self._button("window_auto", "Automatic", "From the image's own values, leaving out the extremes")
        self.full_button = self._button("window_full", "Full range", "From the lowest to the highest value")
        self.presets = QWidget()
        self.invert = QCheckBox("Invert")
        self.invert.setObjectName("window_invert")
        self.invert.setToolTip("Show dark as bright; the values stay as they are")
        self.invert.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._lay_out()
        WheelGuard(self)

        self.slider.changed.connect(lambda low, high: self._set_window((low, high)))
        self.slider.reset.connect(lambda: self._set_window(None))
        self.low.valueChanged.connect(self._typed)
        self.high.valueChanged.connect(self._typed)
        self.automatic_button.clicked.connect(lambda: self._set_window(None))
        self.full_button.clicked.connect(lambda: self._set_window(self._extremes))
        self.invert.clicked.connect(lambda on: self._display.show(replace(self._display.options, inverted=on)))
        self._display.changed.connect(self._options_changed)
        notifier.case_opened.connect(self._show_scan)
        notifier.project_closed.connect(self._show_scan)
        self._show_scan()

    def _lay_out(self) -> None:
        numbers = QHBoxLayout()
        numbers.setSpacing(8)
        numbers.addWidget(self.low, 1)
        numbers.addWidget(label("to", "field"))
        numbers.addWidget(self.high, 1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.automatic_button, 1)
        buttons.addWidget(self.full_button, 1)
        grid = QGridLayout(self.presets)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(8)
        grid.addWidget(heading("CT windows"), 0, 0, 1, 2)
        for place, (words, low, high) in enumerate(CT_PRESETS):
            button = self._button(f"preset_{words.lower().replace(' ', '_')}", words, f"{low:g} to {high:g} HU")
            button.clicked.connect(partial(self._set_window, (low, high)))
            grid.addWidget(button, 1 + place // 2, place % 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.image_size)
        column.addWidget(self.spacing)
        column.addWidget(self.slider)
        column.addLayout(numbers)
        column.addLayout(buttons)
        column.addWidget(self.presets)
        column.addWidget(self.invert)

    def _number(self, name: str, spoken: str) -> QDoubleSpinBox:
        box = QDoubleSpinBox()
        box.setObjectName(name)
        box.setAccessibleName(spoken)
        box.setToolTip(spoken)
        box.setKeyboardTracking(False)
        box.setRange(-1e9, 1e9)
        box.setProperty("buttons", "none")
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        return box

    def _button(self, name: str, words: str, hint: str) -> QPushButton:
        button = QPushButton(words)
        button.setObjectName(name)
        button.setToolTip(hint)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return button

    def _set_window(self, window: tuple[float, float] | None) -> None:
        self._display.show(replace(self._display.options, window=window))

    def _typed(self) -> None:
        low, high = self.low.value(), self.high.value()
        if high > low:
            self._set_window((low, high))
        else:
            self._show_window()  # an empty window cannot be shown: restore the current one

    def _options_changed(self, before: DisplayOptions) -> None:
        now = self._display.options
        if (before.window, before.inverted) != (now.window, now.inverted) and self._notifier.scan is not None:
            self._show_window()

    def _show_scan(self) -> None:
        """Show another image: its size in words, its histogram, its automatic window."""
        scan = self._notifier.scan
        self.setEnabled(scan is not None)
        self.presets.setVisible(scan is not None and scan.unit == "HU")
        if scan is None:
            self.image_size.setText("No image is open.")
            self.spacing.setText("")
            self.slider.show_histogram(np.zeros(0, np.int64), (0.0, 1.0))
            return
        self.image_size.setText(wording.size(scan))
        spacing = wording.spacing(scan.geometry, volume=scan.is_volume)
        self.spacing.setText(" · ".join(filter(None, (scan.kind, spacing))))
        counted = histogram(scan)
        self._extremes = counted.extremes
        self._automatic = scan.window or automatic_window(scan)  # a loaded case has its automatic window already
        width = self._extremes[1] - self._extremes[0]
        digits = 0 if scan.voxels.dtype.kind in "ui" else 3 - int(np.floor(np.log10(width)))
        decimals = max(0, min(MOST_DECIMALS, digits))
        for box in (self.low, self.high):
            with QSignalBlocker(box):
                box.setDecimals(decimals)
                box.setSuffix(f" {scan.unit}" if scan.unit else "")
                box.setSingleStep(max(10.0**-decimals, width / 200))
        self.slider.show_histogram(counted.counts, counted.limits)
        self._show_window()

    def _show_window(self) -> None:
        scan = self._notifier.scan
        options = self._display.options
        low, high = options.window or self._automatic
        dark_high = options.inverted != (scan is not None and scan.inverted)
        self.slider.set_window(low, high, inverted=dark_high)
        for box, value in ((self.low, low), (self.high, high)):
            with QSignalBlocker(box):
                box.setValue(value)
        self.invert.setChecked(options.inverted)
        self.automatic_button.setEnabled(options.window is not None)
