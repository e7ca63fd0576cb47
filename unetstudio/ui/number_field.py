"""A number field: a slider with a spin box beside it."""

from __future__ import annotations

import math

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QDoubleSpinBox, QHBoxLayout, QSizePolicy, QSlider, QSpinBox, QWidget

POSITIONS = 1000  # positions of a slider that does not have one position per step


class NumberField(QWidget):
    """A slider beside a spin box; a range of more than two decades above zero has a logarithmic scale."""

    changed = Signal(object)  # int or float, like the initial value

    def __init__(
        self,
        value: float,
        *,
        minimum: float | None = None,
        maximum: float | None = None,
        step: float | None = None,
        unit: str = "",
        special: str = "",
        name: str = "",
        parent: QWidget | None = None,
    ) -> None:
        """Build the slider and the spin box; `unit` is written after the number; `special` replaces the smallest one, such as "auto" for
        0."""
        super().__init__(parent)
        self._whole = isinstance(value, int)
        ranged = minimum is not None and maximum is not None
        low = float(minimum) if minimum is not None else (-1e9 if not special else 0.0)
        high = float(maximum) if maximum is not None else 1e9
        self._low, self._high = low, high
        self._step = step or (1 if self._whole else _round_step((high - low) / 100 if ranged else 0.1))
        self._logarithmic = ranged and low > 0 and high / low > 100
        self.box = self._make_box(unit, special)
        self.slider = QSlider(Qt.Orientation.Horizontal) if ranged else None
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        if self.slider is not None:
            steps = round((high - low) / self._step)
            self._positions = POSITIONS if self._logarithmic else max(1, min(steps, POSITIONS * 10))
            self.slider.setRange(0, self._positions)
            self.slider.setPageStep(max(1, self._positions // 10))
            self.slider.setMinimumWidth(72)
            self.slider.setAccessibleName(name)
            self.slider.valueChanged.connect(self._slid)
            layout.addWidget(self.slider, 1)
        layout.addWidget(self.box, 0 if ranged else 1)
        self.box.setAccessibleName(name)
        self.box.valueChanged.connect(self._typed)
        self.box.lineEdit().returnPressed.connect(self.box.clearFocus)
        self.setFocusProxy(self.box)
        self.set_value(value)

    @property
    def value(self) -> int | float:
        """The number shown."""
        return int(self.box.value()) if self._whole else float(self.box.value())

    def set_value(self, value: float) -> None:
        """Show another number without emitting `changed`."""
        blockers = [QSignalBlocker(w) for w in (self.box, self.slider) if w is not None]
        self._set_box(value)
        if self.slider is not None:
            self.slider.setValue(self._position(float(value)))
        del blockers

    def _set_box(self, value: float) -> None:
        if isinstance(self.box, QSpinBox):
            self.box.setValue(round(value))
        else:
            self.box.setValue(value)

    def _make_box(self, unit: str, special: str) -> QSpinBox | QDoubleSpinBox:
        box: QSpinBox | QDoubleSpinBox
        if self._whole:
            box = whole = QSpinBox()
            whole.setRange(max(int(self._low), -(2**31)), min(int(self._high), 2**31 - 1))
            whole.setSingleStep(max(1, int(self._step)))
            ends = [whole.textFromValue(int(end)) for end in (self._low, self._high)]
        else:
            box = real = QDoubleSpinBox()
            real.setDecimals(_decimals(self._step))
            real.setRange(self._low, self._high)
            real.setSingleStep(self._step)
            ends = [real.textFromValue(end) for end in (self._low, self._high)]
        box.setKeyboardTracking(False)
        box.setAlignment(Qt.AlignmentFlag.AlignRight)
        box.setProperty("buttons", "none")  # by the style sheet: with NoButtons Qt gives a styled box an edit field of one pixel
        box.setSuffix(f" {unit}" if unit else "")
        box.setSpecialValueText(special)
        box.setMinimumWidth(64)
        if self._high < 1e9:
            texts = [special, *(end + box.suffix() for end in ends)]
            box.setFixedWidth(max(64, *(box.fontMetrics().horizontalAdvance(text) + 26 for text in texts)))
        else:
            box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return box

    def _position(self, value: float) -> int:
        value = min(max(value, self._low), self._high)
        if self._logarithmic:
            share = math.log(value / self._low) / math.log(self._high / self._low)
        else:
            share = (value - self._low) / (self._high - self._low or 1.0)
        return round(share * self._positions)

    def _slid(self, position: int) -> None:
        share = position / self._positions
        if self._logarithmic:
            value = self._low * (self._high / self._low) ** share
        else:
            value = self._low + share * (self._high - self._low)
        value = self._low + round((value - self._low) / self._step) * self._step
        before = self.value
        with QSignalBlocker(self.box):
            self._set_box(value)
        if self.value != before:
            self.changed.emit(self.value)

    def _typed(self, value: float) -> None:
        if self.slider is not None:
            with QSignalBlocker(self.slider):
                self.slider.setValue(self._position(float(value)))
        self.changed.emit(self.value)


def _round_step(step: float) -> float:
    """Return 1, 2 or 5 times a power of ten, not above `step`."""
    power = 10.0 ** math.floor(math.log10(step))
    return next(f * power for f in (5.0, 2.0, 1.0) if f * power <= step * (1 + 1e-9))


def _decimals(step: float) -> int:
    """Return the number of decimals needed to write multiples of `step`."""
    return next((n for n in range(7) if abs(step * 10**n - round(step * 10**n)) < 1e-6), 7)
