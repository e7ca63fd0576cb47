"""Where one works: case strip, tool bar over the canvas, and the column of sections on the right."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QPoint, Qt, QTimer
from PySide6.QtGui import QEnterEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QScrollArea,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from unetstudio.data.labels import UNLABELLED
from unetstudio.ui.actions import Actions
from unetstudio.ui.canvas.canvas import Canvas
from unetstudio.ui.panels.cases import CasesPanel
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.read_only_bar import ReadOnlyBar
from unetstudio.ui.resources import icon
from unetstudio.ui.section import Section
from unetstudio.ui.session import Session
from unetstudio.ui.tool_bar import ToolBar
from unetstudio.ui.unsaved_bar import UnsavedBar
from unetstudio.ui.who_popup import WhoPopup

if TYPE_CHECKING:
    from unetstudio.project.audit import AuditLine

STRIP_WIDTH = 156
COLUMN_WIDTH = 316
SETTLE = 60  # ms until a new panel has its size
OPENED_AT_FIRST = ("classes", "learning", "review")


class WorkArea(QWidget):
    """The panels of the right column know neither it nor each other; each is made when its section is first seen."""

    def __init__(self, session: Session, actions: Actions, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("work")
        self._session = session
        self._preferences = preferences
        self._show_history = actions["history"].trigger
        self.canvas = Canvas(session)
        self.cases = CasesPanel(session)
        self.tool_bar = ToolBar(session, actions)
        self.unsaved = UnsavedBar(session.annotation)
        self.read_only = ReadOnlyBar(session, self)
        self.centre = Centre(self.canvas)
        self.sections = self._make_sections()
        self.column = self._make_column()
        self.split = QSplitter(Qt.Orientation.Horizontal)
        for part in (self.cases, self.centre, self.column):
            self.split.addWidget(part)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(1)
        self.cases.setMinimumWidth(120)
        self.centre.setMinimumWidth(320)
        self.split.setSizes(preferences.get("columns", [STRIP_WIDTH, 900, COLUMN_WIDTH]))
        self.split.splitterMoved.connect(lambda *_: preferences.put("columns", self.split.sizes()))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.unsaved)
        layout.addWidget(self.read_only)
        layout.addWidget(self.tool_bar)
        layout.addWidget(self.split, 1)
        actions.listen_on(self.canvas)
        actions.listen_on(self.cases.list, only=("next_case", "previous_case"))
        QApplication.instance().focusChanged.connect(self._catch_focus)
        self.canvas.zoom_changed.connect(self.tool_bar.show_zoom)
        self.canvas.view_changed.connect(session.worker_sync.show_view)
        self.canvas.menu_requested.connect(self._offer)
        self.cases.list.clicked.connect(lambda _: self.canvas.setFocus())
        session.saver.trouble_changed.connect(self.unsaved.show_trouble)
        self.unsaved.try_now_asked.connect(session.saver.save_now)
        self.unsaved.save_elsewhere_asked.connect(actions["save_elsewhere"].trigger)
        session.case_opening.connect(self.centre.say_opening)
        session.case_opened.connect(self._case_opened)
        session.case_failed.connect(self._case_failed)
        session.project_opened.connect(self._project_opened)

    def build_sections(self) -> None:
        """Makes the panels of the open sections, one a turn of the event loop, so that the first image and stroke come first."""
        waiting = [section for section in self.sections.values() if section.opened and section.panel is None]
        if waiting:
            waiting[0].build()
            QTimer.singleShot(0, self.build_sections)

    def show_section(self, name: str) -> None:
        """Opens a section and brings it into sight."""
        section = self.sections[name]
        section.heading.setChecked(True)
        section.build()
        self._bring_into_sight(section)

    def menu_at(self, at: tuple[int, int, int]) -> QMenu:
        """What can be done with the voxel (z, y, x) that was right-clicked."""
        session = self._session
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        found = UNLABELLED if session.review.segmentation is None else int(session.review.segmentation[at])
        if found in session.classes:
            name = session.classes[found].name
            menu.addAction(icon("accept"), f"Accept this object ({name})", lambda: session.review.accept_object(at))
            menu.addAction(icon("accept"), f"Accept all of {name}", lambda: session.review.accept_class(found))
        painted = UNLABELLED if session.labels is None else int(session.labels.values[at])
        for value in dict.fromkeys((painted, found)):
            if value in session.classes:
                pick = lambda value=value: session.annotation.set_active_class(value)  # noqa: E731
                menu.addAction(icon("pick"), f"Paint with {session.classes[value].name}", pick)
        if menu.isEmpty():
            menu.addAction("Nothing is predicted or painted here").setEnabled(False)
        menu.addSeparator()
        menu.addAction(icon("search"), "Who painted this?", lambda: self._ask_who(at, menu.pos()))
        return menu

    def _offer(self, at: tuple[int, int, int], where: QPoint) -> None:
        self.menu_at(at).popup(where)

    def _ask_who(self, at: tuple[int, int, int], where: QPoint) -> None:
        """Answered when what was painted so far is on the disk and was read there."""

        def answer(lines: list[AuditLine]) -> None:
            popup = WhoPopup(lines, self._session.classes, self)
            popup.history_asked.connect(self._show_history)
            popup.open_at(where)

        self._session.history.ask_who(at, answer)

    def _project_opened(self) -> None:
        self.centre.say("" if self._session.cases else "Drop images here, or open them with Ctrl+O.")

    def _catch_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Whoever gives the focus away, as a number field on Enter, gives it to the canvas."""
        if now is None and self.isVisible() and self.isActiveWindow():
            self.canvas.setFocus()

    def _case_opened(self, _case_id: str) -> None:
        self.centre.say("")
        if not isinstance(QApplication.focusWidget(), (QLineEdit, QAbstractSpinBox)):
            self.canvas.setFocus()

    def _case_failed(self, _case_id: str, sentence: str) -> None:
        """The notice says why; where another case stays open it is not covered."""
        self.centre.say(sentence if self._session.case is None else "")

    def _make_sections(self) -> dict[str, Section]:
        opened = self._preferences.get("sections", list(OPENED_AT_FIRST))
        made: dict[str, Section] = {}
        for name, (title, make) in _panels(self._session, self._preferences).items():
            made[name] = Section(title, make, opened=name in opened)
            made[name].folded_or_opened.connect(lambda _: self._remember_sections())
            made[name].heading.clicked.connect(lambda opened, section=made[name]: self._bring_into_sight(section) if opened else None)
        return made

    def _bring_into_sight(self, section: Section) -> None:
        """Scrolls to a section that was opened, its heading at the top at most; a new panel first takes its size."""

        def scroll() -> None:
            bar, top = self.column.verticalScrollBar(), section.y()
            lowest = top + section.height() - self.column.viewport().height()
            bar.setValue(min(max(bar.value(), lowest), top))

        QTimer.singleShot(SETTLE, section, scroll)

    def _remember_sections(self) -> None:
        self._preferences.put("sections", [name for name, section in self.sections.items() if section.opened])

    def _make_column(self) -> QScrollArea:
        inside = QWidget()
        inside.setObjectName("sections")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for section in self.sections.values():
            layout.addWidget(section)
        layout.addStretch(1)
        column = QScrollArea()
        column.setObjectName("column")
        column.setWidgetResizable(True)
        column.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        column.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        column.setWidget(inside)
        column.setMinimumWidth(COLUMN_WIDTH)
        column.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        return column


class Centre(QWidget):
    """The canvas, with a sentence in its place while there is nothing to see. The pointer brings the keys with it."""

    def __init__(self, canvas: Canvas, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("centre")
        self._canvas = canvas
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(canvas)
        self._sentence = QLabel(self)
        self._sentence.setProperty("role", "over")
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._sentence.setWordWrap(True)
        self._sentence.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._sentence.hide()
        self._slow = QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.timeout.connect(lambda: self._show("Opening …"))

    @property
    def sentence(self) -> str:
        """What stands over the canvas now."""
        return "" if self._sentence.isHidden() else self._sentence.text()

    def say(self, sentence: str) -> None:
        """Words over the canvas; "" takes them away."""
        self._slow.stop()
        self._show(sentence)

    def say_opening(self) -> None:
        """Only when reading takes long enough to be noticed."""
        self._slow.start(250)

    def enterEvent(self, event: QEnterEvent) -> None:
        if not isinstance(QApplication.focusWidget(), (QLineEdit, QAbstractSpinBox)):
            self._canvas.setFocus(Qt.FocusReason.MouseFocusReason)
        super().enterEvent(event)

    def resizeEvent(self, event: QEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _show(self, sentence: str) -> None:
        self._sentence.setText(sentence)
        self._sentence.setVisible(bool(sentence))
        self._place()
        self._sentence.raise_()

    def _place(self) -> None:
        width = min(460, self.width() - 48)
        height = max(self._sentence.heightForWidth(width), 48)
        self._sentence.setGeometry((self.width() - width) // 2, (self.height() - height) // 2, width, height)


def _panels(session: Session, preferences: Preferences) -> dict[str, tuple[str, Callable[[], QWidget]]]:
    """Title and maker of each section; a panel's module loads when it is made."""

    def classes() -> QWidget:
        from unetstudio.ui.panels.classes import ClassesPanel

        return ClassesPanel(session)

    def learning() -> QWidget:
        from unetstudio.ui.panels.learning import LearningPanel

        return LearningPanel(session)

    def review() -> QWidget:
        from unetstudio.ui.panels.review import ReviewPanel

        return ReviewPanel(session)

    def image() -> QWidget:
        from unetstudio.ui.panels.intensity import IntensityPanel

        return IntensityPanel(session)

    def export() -> QWidget:
        from unetstudio.ui.panels.export import ExportPanel

        return ExportPanel(session, preferences)

    return {
        "classes": ("Classes", classes),
        "learning": ("Learning", learning),
        "review": ("Review", review),
        "image": ("Image", image),
        "export": ("Export", export),
    }
