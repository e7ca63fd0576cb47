"""A section of the right column: a heading that folds its panel away."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import QFrame, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from unetstudio.ui.resources import icon


class Section(QWidget):
    """Holds a panel that `make` builds when the section is first opened, so that the window need not wait for it."""

    folded_or_opened = Signal(bool)  # open

    def __init__(self, title: str, make: Callable[[], QWidget], *, opened: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._make = make
        self.panel: QWidget | None = None
        self.heading = QToolButton()
        self.heading.setText(title)
        self.heading.setProperty("role", "section")
        self.heading.setCheckable(True)
        self.heading.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.heading.setIconSize(QSize(14, 14))
        self.heading.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.heading.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._body = QWidget()
        self._inside = QVBoxLayout(self._body)
        self._inside.setContentsMargins(12, 0, 12, 12)
        line = QFrame()
        line.setProperty("role", "line")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.heading)
        layout.addWidget(self._body)
        layout.addWidget(line)
        self.heading.setChecked(opened)
        self.heading.toggled.connect(self._show)
        self._show(opened, quietly=True)

    @property
    def opened(self) -> bool:
        """Whether the panel is unfolded."""
        return self.heading.isChecked()

    def build(self) -> QWidget:
        """Return the panel, built now if it was not yet."""
        if self.panel is None:
            self.panel = self._make()
            self._inside.addWidget(self.panel)
        return self.panel

    def _show(self, opened: bool, quietly: bool = False) -> None:
        self.heading.setIcon(icon("chevron-down" if opened else "chevron-right", lights_up=False))
        if opened and not quietly:
            self.build()
        self._body.setVisible(opened)
        if not quietly:
            self.folded_or_opened.emit(opened)
