"""The large buttons of the start page: a tile with a sign and words, and a card with a project's thumbnail."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPixmap
from PySide6.QtWidgets import QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from unetstudio.ui.sign import Sign
from unetstudio.ui.thumbnail import draw_thumbnail


class Tile(QPushButton):
    """A button with a sign, a title and a sentence."""

    def __init__(self, sign: str, title: str, words: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "tile")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(title)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._sign = Sign(sign, 30, "accent")
        self._title = QLabel(title)
        self._title.setProperty("role", "heading")
        self._words = QLabel(words)
        self._words.setProperty("role", "muted")
        self._words.setWordWrap(True)
        self._words.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 18, 20, 16)
        layout.setSpacing(4)
        layout.addWidget(self._sign)
        layout.addSpacing(8)
        layout.addWidget(self._title)
        layout.addWidget(self._words, 1)
        for part in (self._sign, self._title, self._words):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def say(self, words: str) -> None:
        """Show another sentence below the title."""
        self._words.setText(words)
        self.setAccessibleDescription(words)


class RecentCard(QPushButton):
    """A project's thumbnail, name and last day."""

    def __init__(self, name: str, words: str, thumbnail: bytes | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "recent")
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAccessibleName(f"{name}, {words}")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._picture = QPixmap()
        if thumbnail is not None:
            self._picture.loadFromData(thumbnail)
        title = QLabel()
        title.setText(title.fontMetrics().elidedText(name, Qt.TextElideMode.ElideMiddle, 190))
        below = QLabel(words)
        below.setProperty("role", "small")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 10)
        layout.setSpacing(0)
        layout.addStretch(1)
        layout.addWidget(title)
        layout.addWidget(below)
        for part in (title, below):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHints(QPainter.RenderHint.Antialiasing | QPainter.RenderHint.SmoothPixmapTransform)
        draw_thumbnail(painter, QRectF(8, 8, self.width() - 16, 112), self._picture, radius=6, sign=28)
