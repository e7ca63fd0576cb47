"""Labels of the panels."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from unetstudio.ui.panels.text import label

LONG = "Right-click an object in the image to accept it alone. What you painted always stays."


def test_that_wrapped_words_are_as_tall_as_they_need_at_each_width(qtbot: QtBot) -> None:
    made = label(LONG, "small")
    qtbot.addWidget(made)
    assert made.sizePolicy().hasHeightForWidth()
    assert made.heightForWidth(120) > made.heightForWidth(280) > made.fontMetrics().height()


def test_that_words_never_widen_their_column(qtbot: QtBot) -> None:
    column = QWidget()
    qtbot.addWidget(column)
    QVBoxLayout(column).addWidget(label(LONG, "sentence"))
    assert column.minimumSizeHint().width() < 150


def test_that_markup_in_a_name_is_shown_as_it_is_written(qtbot: QtBot) -> None:
    made = label("<b>nucleus</b>")
    qtbot.addWidget(made)
    assert made.textFormat() == Qt.TextFormat.PlainText
