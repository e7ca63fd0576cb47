"""Files that come with the program, and icons in the colours of the theme."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QGuiApplication, QIcon, QIconEngine, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer


def folder() -> Path:
    """Return the resources folder, inside the installed package or beside it in a source checkout."""
    package = Path(str(files("unetstudio")))
    installed = package / "resources"
    return installed if installed.is_dir() else package.parent / "resources"


def icon_path(name: str) -> Path:
    """Return the file of an icon; FileNotFoundError when there is none."""
    path = folder() / "icons" / f"{name}.svg"
    if not path.is_file():
        raise FileNotFoundError(path)
    return path


def icon(name: str, colour: str | QColor | None = None, *, lights_up: bool = True) -> QIcon:
    """Return an icon that follows the theme, or has one fixed `colour`; if it `lights_up` it takes the accent on a checked button."""
    drawing = icon_path(name).read_text(encoding="utf-8")
    return QIcon(SvgIcon(drawing, None if colour is None else QColor(colour), lights_up=lights_up))


def app_icon() -> QIcon:
    """Return the program's own icon, in its own colours."""
    mark = QIcon()
    for edge in (16, 24, 32, 48, 64, 128, 256):
        mark.addPixmap(picture("app", edge))
    return mark


def picture(name: str, edge: int, colour: QColor | None = None, ratio: float = 1.0) -> QPixmap:
    """Return an icon as a square pixmap of `edge` logical pixels on a screen of `ratio` device pixels each."""
    pixels = round(edge * ratio)
    pixmap = QPixmap(pixels, pixels)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    _draw(icon_path(name).read_text(encoding="utf-8"), painter, QRect(0, 0, pixels, pixels), colour or QColor("black"))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


class SvgIcon(QIconEngine):
    """Draws an SVG whose `currentColor` is the palette's text colour at the moment of drawing."""

    def __init__(self, drawing: str, colour: QColor | None = None, *, lights_up: bool = True) -> None:
        super().__init__()
        self._drawing = drawing
        self._colour = colour
        self._lights_up = lights_up
        self._pixmaps: dict[tuple[int, int, str], QPixmap] = {}

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        _draw(self._drawing, painter, rect, self._now(mode, state))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        if size.isEmpty():  # a button squeezed to nothing while its panel folds
            return QPixmap()
        colour = self._now(mode, state)
        key = (size.width(), size.height(), colour.name(QColor.NameFormat.HexArgb))
        if key not in self._pixmaps:
            pixmap = QPixmap(size)
            pixmap.fill(Qt.GlobalColor.transparent)
            painter = QPainter(pixmap)
            _draw(self._drawing, painter, QRect(0, 0, size.width(), size.height()), colour)
            painter.end()
            self._pixmaps[key] = pixmap
        return self._pixmaps[key]

    def clone(self) -> QIconEngine:
        return SvgIcon(self._drawing, self._colour, lights_up=self._lights_up)

    def _now(self, mode: QIcon.Mode, state: QIcon.State) -> QColor:
        """Return the colour for a mode: the accent while switched on, pale while disabled."""
        palette = QGuiApplication.palette()
        if mode == QIcon.Mode.Disabled:
            return palette.color(QPalette.ColorGroup.Disabled, QPalette.ColorRole.WindowText)
        if self._colour is not None:
            return self._colour
        if state == QIcon.State.On and self._lights_up:
            return palette.color(QPalette.ColorRole.Accent)
        return palette.color(QPalette.ColorRole.WindowText)


def _draw(drawing: str, painter: QPainter, rect: QRect, colour: QColor) -> None:
    """Draw the SVG text into `rect`, `currentColor` being `colour`."""
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour.name()).encode()))
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setOpacity(painter.opacity() * colour.alphaF())
    edge = min(rect.width(), rect.height())
    square = QRectF(0, 0, edge, edge)
    square.moveCenter(QRectF(rect).center())
    renderer.render(painter, square)
