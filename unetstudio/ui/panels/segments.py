"""A row of buttons of which one is chosen."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QSizePolicy, QWidget


class Segments(QWidget):
    """Adjoining buttons, one per choice; `chosen(value)` on a click by the user, not on `choose`.

    With `clearable` a click on the chosen one clears the choice and emits None.
    """

    chosen = Signal(object)

    def __init__(
        self, choices: Sequence[tuple[Any, str, str]], *, name: str, clearable: bool = False, parent: QWidget | None = None
    ) -> None:
        """Make a button for each of `choices`: (value, text, tooltip)."""
        super().__init__(parent)
        self.setObjectName(name)
        self._clearable = clearable
        self._chosen: Any = None
        self.buttons: dict[Any, QPushButton] = {}
        self._group = QButtonGroup(self)
        self._group.setExclusive(False)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        for place, (value, text, hint) in enumerate(choices):
            button = QPushButton(text)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setToolTip(hint)
            button.setObjectName(f"{name}_{value}")
            button.setProperty("segment", "first" if place == 0 else "last" if place == len(choices) - 1 else "middle")
            button.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
            button.clicked.connect(lambda _checked, value=value: self._click(value))
            self._group.addButton(button)
            self.buttons[value] = button
            row.addWidget(button)

    @property
    def value(self) -> Any:
        """The chosen value, or None."""
        return self._chosen

    def choose(self, value: Any) -> None:
        """Show a choice made elsewhere; a value that is none of the choices shows none."""
        self._chosen = value if value in self.buttons else None
        for other, button in self.buttons.items():
            button.setChecked(other == self._chosen)

    def _click(self, value: Any) -> None:
        self.choose(None if self._clearable and value == self._chosen else value)
        self.chosen.emit(self._chosen)
