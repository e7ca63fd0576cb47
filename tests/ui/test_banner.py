"""Notices."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from unetstudio.ui.banner import WIDEST, Banner


@pytest.fixture
def banner(qtbot: QtBot) -> Iterator[Banner]:
    page = QWidget()
    page.resize(800, 600)
    qtbot.addWidget(page)
    page.show()
    yield Banner(page)


def test_that_errors_come_before_warnings_and_push_pleasant_news_aside(banner: Banner) -> None:
    for sentence, level in (("done", "info"), ("odd", "warning"), ("broken", "error")):
        banner.show_notice(sentence, level)
    assert banner.waiting == (("broken", "error"), ("odd", "warning"))
    assert banner.sentence.text() == "broken"


def test_that_dismissing_shows_the_next_and_then_nothing(banner: Banner, qtbot: QtBot) -> None:
    banner.show_notice("odd", "warning")
    banner.show_notice("broken", "error")
    banner.close_button.click()
    second = banner.sentence.text()
    banner.close_button.click()
    assert second == "odd"
    assert not banner.isVisible()


def test_that_the_same_sentence_is_not_shown_twice(banner: Banner) -> None:
    banner.show_notice("odd", "warning")
    banner.show_notice("odd", "warning")
    assert len(banner.waiting) == 1


def test_that_a_long_sentence_gets_the_lines_it_needs(banner: Banner) -> None:
    banner.show_notice("short", "error")
    low = banner.height()
    banner.clear()
    banner.show_notice("a sentence that goes on " * 12, "error")
    assert banner.height() > low
    assert banner.width() <= WIDEST


def test_that_it_stays_in_the_middle_when_the_window_grows(banner: Banner) -> None:
    banner.show_notice("odd", "warning")
    banner.parentWidget().resize(1000, 600)
    assert abs(banner.geometry().center().x() - 500) <= 1


def test_that_all_lines_of_a_notice_have_room(banner: Banner) -> None:
    banner.show_notice("a sentence that goes on " * 5, "warning")
    assert banner.sentence.height() >= banner.sentence.heightForWidth(banner.sentence.width())
