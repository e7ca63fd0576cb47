"""Notices over the canvas: one sentence that can be read or dismissed and never interrupts the work."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from unetstudio.ui.resources import icon
from unetstudio.ui.sign import Sign

LEVELS = ("info", "warning", "error")
INFO_SECONDS = 7
WIDEST = 720


class Banner(QFrame):
    """The notices at the top of a page. Those of level "info" disappear by themselves; warnings and errors wait until they are
    dismissed."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._page = parent
        self._waiting: list[tuple[str, str]] = []  # sentence, level; the first is shown
        self._sign = Sign("", 18)
        self.sentence = QLabel()
        self.sentence.setWordWrap(True)
        self.sentence.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.sentence.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self._more = QLabel()
        self._more.setProperty("role", "small")
        self.close_button = QToolButton()
        self.close_button.setIcon(icon("reject"))
        self.close_button.setIconSize(QSize(14, 14))
        self.close_button.setToolTip("Dismiss")
        self.close_button.setAccessibleName("Dismiss the notice")
        self.close_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.close_button.clicked.connect(self.dismiss)
        self._layout = layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 6, 6)
        layout.setSpacing(10)
        layout.addWidget(self._sign)
        layout.addWidget(self.sentence, 1)
        layout.addWidget(self._more)
        layout.addWidget(self.close_button)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.dismiss)
        parent.installEventFilter(self)
        self.hide()

    def hang_on(self, parent: QWidget) -> None:
        """Move to another page, with all notices."""
        self._page.removeEventFilter(self)
        self._page = parent
        self.setParent(parent)
        parent.installEventFilter(self)
        self._show_first()

    @property
    def waiting(self) -> tuple[tuple[str, str], ...]:
        """Sentences and levels not yet dismissed, the one shown first."""
        return tuple(self._waiting)

    def show_notice(self, sentence: str, level: str) -> None:
        """Show a sentence; graver ones come first, and the same one is not shown twice."""
        level = level if level in LEVELS else "info"
        if (sentence, level) in self._waiting:
            return
        self._waiting = [entry for entry in self._waiting if entry[1] != "info"]
        self._waiting.append((sentence, level))
        self._waiting.sort(key=lambda entry: -LEVELS.index(entry[1]))
        self._show_first()

    def dismiss(self) -> None:
        """Remove the shown notice; the next one appears."""
        self._waiting = self._waiting[1:]
        self._show_first()

    def clear(self) -> None:
        """Remove all notices, as when the project is closed."""
        self._waiting = []
        self._show_first()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self._page and event.type() == QEvent.Type.Resize:
            self._place()
        return False

    def _show_first(self) -> None:
        self._timer.stop()
        self.setVisible(bool(self._waiting))
        if not self._waiting:
            return
        sentence, level = self._waiting[0]
        self._sign.show_sign(level, {"info": "accent", "warning": "warning", "error": "bad"}[level])
        self.sentence.setText(sentence)
        others = len(self._waiting) - 1
        self._more.setText(f"{others} more" if others else "")
        self.setProperty("level", level)
        self.style().unpolish(self)
        self.style().polish(self)
        if level == "info":
            self._timer.start(INFO_SECONDS * 1000)
        self._place()
        self.raise_()

    def _place(self) -> None:
        if self.isHidden():
            return
        width = min(WIDEST, self._page.width() - 24)
        self.setFixedWidth(width)
        self.ensurePolished()
        self._layout.activate()
        self.resize(width, self._layout.totalHeightForWidth(width) if self._layout.hasHeightForWidth() else self.sizeHint().height())
        self.move((self._page.width() - width) // 2, 12)
