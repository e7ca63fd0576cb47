"""Names in the strip of cases, shortened so that images of one file can be told apart."""

from __future__ import annotations

from PySide6.QtGui import QFont, QFontMetrics
from pytestqt.qtbot import QtBot

from unetstudio.ui.panels.case_delegate import shortened


def test_that_images_of_one_file_differ_when_their_names_are_too_wide(qtbot: QtBot) -> None:
    metrics = QFontMetrics(QFont())
    names = [f"CellDivision_T3_Z5_comp, echo {n}, magnitude" for n in (1, 2)]
    for letters in (18, 22, 26, 30):
        width = metrics.horizontalAdvance("m" * letters) // 2 + metrics.horizontalAdvance(", echo 1, magnitude") // 2
        shown = [shortened(name, metrics, width) for name in names]
        assert shown[0] != shown[1] and all(metrics.horizontalAdvance(text) <= width for text in shown)
        assert all("echo" in text and text.endswith("magnitude") for text in shown)


def test_that_a_name_is_whole_where_it_has_room_and_a_lone_file_keeps_both_ends(qtbot: QtBot) -> None:
    metrics = QFontMetrics(QFont())
    assert shortened("a, time 1", metrics, 1000) == "a, time 1"
    short = shortened("abdomen_of_the_first_visit", metrics, metrics.horizontalAdvance("abdomen_of_the"))
    assert short.startswith("ab") and short.endswith("t") and "…" in short
