"""The popup of class colours: those of the palette at once, any other behind a button."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, QSize, Qt, Signal
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QColorDialog, QFrame, QGridLayout, QPushButton, QToolButton, QVBoxLayout, QWidget

from unetstudio.data.classes import Colour
from unetstudio.data.palette import colours
from unetstudio.ui.panels.swatch import swatch
from unetstudio.ui.popup import open_at

OFFERED = 18
COLUMNS = 6


class ColourPopup(QFrame):
    """A popup that closes itself once a colour is chosen."""

    picked = Signal(object)  # (red, green, blue)

    def __init__(self, current: Colour, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        self.setObjectName("colour_popup")
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._current = current
        grid = QGridLayout()
        grid.setSpacing(4)
        for place, colour in enumerate(colours(OFFERED)):
            button = QToolButton()
            button.setAutoRaise(True)
            button.setIcon(swatch(colour, 24, current=colour == current))
            button.setIconSize(QSize(24, 24))
            button.setAccessibleName("Colour {:d}, {:d}, {:d}".format(*colour))
            button.clicked.connect(partial(self._pick, colour))
            grid.addWidget(button, place // COLUMNS, place % COLUMNS)
        other = QPushButton("Other colour …")
        other.setObjectName("other_colour")
        other.clicked.connect(self._ask)
        column = QVBoxLayout(self)
        column.setSizeConstraint(QVBoxLayout.SizeConstraint.SetNoConstraint)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addLayout(grid)
        column.addWidget(other)

    def open_at(self, corner: QPoint) -> None:
        """Show it with its top left at a point of the screen."""
        open_at(self, corner)

    def _pick(self, colour: Colour) -> None:
        self.picked.emit(colour)
        self.close()

    def _ask(self) -> None:
        dialog = QColorDialog(QColor(*self._current), self.parentWidget())
        dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        picked = self.picked
        dialog.colorSelected.connect(lambda colour: picked.emit((colour.red(), colour.green(), colour.blue())))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
        dialog.destroyed.connect(self.deleteLater)  # the popup carries the signal until the dialog is gone
        self.close()
        dialog.show()
