"""Icons and other files that come with the program."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from PySide6.QtCore import QSize
from PySide6.QtGui import QIcon, QImage
from pytestqt.qtbot import QtBot

from unetstudio.ui import resources

NAMES = sorted(path.stem for path in (resources.folder() / "icons").glob("*.svg"))


@pytest.mark.parametrize("name", NAMES)
def test_that_every_icon_draws_something(name: str, qtbot: QtBot) -> None:
    image = resources.picture(name, 24).toImage().convertToFormat(QImage.Format.Format_ARGB32)
    assert any(image.pixelColor(x, y).alpha() > 100 for x in range(24) for y in range(24))


@pytest.mark.parametrize("name", NAMES)
def test_that_every_icon_is_a_well_formed_drawing(name: str) -> None:
    assert ElementTree.parse(resources.icon_path(name)).getroot().tag.endswith("svg")


def test_that_a_disabled_icon_is_paler(qtbot: QtBot) -> None:
    icon = resources.icon("accept")
    normal = icon.pixmap(QSize(24, 24)).toImage()
    disabled = icon.pixmap(QSize(24, 24), QIcon.Mode.Disabled).toImage()
    assert normal != disabled


def test_that_an_unknown_icon_is_named() -> None:
    with pytest.raises(FileNotFoundError, match="nonsense"):
        resources.icon("nonsense")
