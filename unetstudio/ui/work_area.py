"""The page for painting: case strip, tool bar over the canvas, and the column of sections on the right."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QMenu, QSplitter, QVBoxLayout, QWidget

from unetstudio.ui import section_column
from unetstudio.ui.actions import Actions
from unetstudio.ui.canvas.canvas import Canvas
from unetstudio.ui.centre import Centre
from unetstudio.ui.focus import is_typing
from unetstudio.ui.panels.cases import CasesPanel
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.read_only_bar import ReadOnlyBar
from unetstudio.ui.section_column import SectionColumn
from unetstudio.ui.session import Session
from unetstudio.ui.tool_bar import ToolBar
from unetstudio.ui.unsaved_bar import UnsavedBar
from unetstudio.ui.voxel_menu import voxel_menu

STRIP_WIDTH = 156


class WorkArea(QWidget):
    """A page of the window that is made with the first project and stays."""

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
        self.column = SectionColumn(session, preferences)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        for part in (self.cases, self.centre, self.column):
            self.split.addWidget(part)
        self.split.setStretchFactor(1, 1)
        self.split.setChildrenCollapsible(False)
        self.split.setHandleWidth(1)
        self.cases.setMinimumWidth(120)
        self.centre.setMinimumWidth(320)
        self.split.setSizes(preferences.get("columns", [STRIP_WIDTH, 900, section_column.WIDTH]))
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
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._catch_focus)
        self.canvas.zoom_changed.connect(self.tool_bar.show_zoom)
        self.canvas.view_changed.connect(session.worker_sync.show_view)
        self.canvas.menu_requested.connect(self._offer)
        self.cases.list.clicked.connect(lambda _: self.canvas.setFocus())
        session.saver.trouble_changed.connect(self.unsaved.show_trouble)
        self.unsaved.try_now_requested.connect(session.saver.save_now)
        self.unsaved.save_elsewhere_requested.connect(actions["save_elsewhere"].trigger)
        session.case_opening.connect(self.centre.say_opening)
        session.case_opened.connect(self._case_opened)
        session.case_failed.connect(self._case_failed)
        session.project_opened.connect(self._project_opened)

    def menu_at(self, at: tuple[int, int, int]) -> QMenu:
        """Return the menu for the voxel (z, y, x) that was right-clicked."""
        return voxel_menu(self._session, at, self._show_history, self)

    def _offer(self, at: tuple[int, int, int], where: QPoint) -> None:
        self.menu_at(at).popup(where)

    def _project_opened(self) -> None:
        self.centre.say("" if self._session.cases else "Drop images here, or open them with Ctrl+O.")

    def _catch_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        """Give the canvas the focus that a widget has given away, as a number field does on Enter."""
        if now is None and self.isVisible() and self.isActiveWindow():
            self.canvas.setFocus()

    def _case_opened(self, _case_id: str) -> None:
        self.centre.say("")
        if not is_typing():
            self.canvas.setFocus()

    def _case_failed(self, _case_id: str, sentence: str) -> None:
        """Show the reason in place of the image, unless another case stays open; a notice shows it too."""
        self.centre.say(sentence if self._session.case is None else "")
