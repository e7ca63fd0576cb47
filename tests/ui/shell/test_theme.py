"""The light and the dark theme."""

from __future__ import annotations

import re
from dataclasses import asdict

import pytest
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from unetstudio.ui.preferences import Preferences
from unetstudio.ui.resources import folder
from unetstudio.ui.theme import DARK, LIGHT, Appearance, Tokens, make_sheet, tokens


def contrast(one: str, other: str) -> float:
    """Return the WCAG 2.2 contrast ratio."""

    def light(colour: str) -> float:
        parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in QColor(colour).getRgbF()[:3]]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    high, low = sorted((light(one), light(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("words", ["text", "muted", "accent", "good", "warning", "bad"])
@pytest.mark.parametrize("behind", ["window", "surface", "raised"])
def test_that_words_can_be_read(theme: Tokens, words: str, behind: str) -> None:
    assert contrast(getattr(theme, words), getattr(theme, behind)) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_that_white_words_can_be_read_on_the_accent(theme: Tokens) -> None:
    assert contrast("#ffffff", theme.accent_fill) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_that_the_style_sheet_uses_only_defined_tokens(theme: Tokens) -> None:
    sheet = make_sheet((folder() / "style.qss").read_text(encoding="utf-8"), theme)
    without_comments = re.sub(r"/\*.*?\*/", "", sheet, flags=re.S)
    assert "@" not in without_comments


def test_that_every_token_is_a_colour() -> None:
    assert all(QColor(value).isValid() for theme in (LIGHT, DARK) for value in asdict(theme).values())


def test_that_a_chosen_theme_is_in_force_at_once_and_remembered(appearance: Appearance, preferences: Preferences, qtbot: QtBot) -> None:
    with qtbot.waitSignal(appearance.changed):
        appearance.toggle()
    assert tokens() is DARK
    assert Preferences(preferences.path).get("theme", "") == "dark"


def test_that_an_unknown_remembered_theme_follows_the_system(qapp: QApplication, preferences: Preferences) -> None:
    preferences.put("theme", "mauve")
    assert Appearance(qapp, preferences).choice == "system"
