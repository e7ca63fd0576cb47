"""The window: start page or work area, menus, notices, drag and drop. It holds none of the work's own state."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QByteArray, QMimeData, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDragLeaveEvent, QDropEvent, QShowEvent
from PySide6.QtWidgets import QMainWindow, QStackedWidget, QVBoxLayout, QWidget

from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.ui.actions import Actions
from unetstudio.ui.banner import Banner
from unetstudio.ui.canvas.canvas import Canvas
from unetstudio.ui.commands.window import Dialog
from unetstudio.ui.dialogs import Dialogs
from unetstudio.ui.dropped_files import take_dropped
from unetstudio.ui.file_chooser import FileChooser
from unetstudio.ui.menu_corner import MenuCorner
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.resources import app_icon
from unetstudio.ui.session import Session
from unetstudio.ui.start_page import StartPage
from unetstudio.ui.status_bar import StatusBar
from unetstudio.ui.theme import Appearance
from unetstudio.ui.work_area import WorkArea


class MainWindow(QMainWindow):
    """The main window. It closes without asking when everything is saved, as it nearly always is."""

    closing = Signal()  # before the session ends

    def __init__(self, session: Session, appearance: Appearance, preferences: Preferences) -> None:
        super().__init__()
        self.session = session
        self.appearance = appearance
        self._preferences = preferences
        self.setWindowTitle("U-Net Studio")
        self.setWindowIcon(app_icon())
        self.setAcceptDrops(True)
        self.setMinimumSize(960, 600)
        self.files = FileChooser(self, session, preferences)
        self._dialogs = Dialogs(self, session, preferences, self.files)
        self.action_table = Actions(self, self)
        self.action_table.fill(self.menuBar())
        self.menuBar().setCornerWidget(MenuCorner(self.action_table, self.menuBar()))
        self._pages = QStackedWidget()
        self.start = StartPage(session)
        self.start.open_images_requested.connect(self.action_table["open_images"].trigger)
        self._pages.addWidget(self.start)
        middle = QWidget()
        layout = QVBoxLayout(middle)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._pages)
        self.setCentralWidget(middle)
        self._work: WorkArea | None = None
        self._leaving = self._in_close_event = False
        self.status = StatusBar(session)
        self.setStatusBar(self.status)
        self.status.hide()
        self.banner = Banner(self._pages)
        self._wire()
        self._place()

    @property
    def work(self) -> WorkArea:
        """The work area, made on first use."""
        if self._work is None:
            self._work = WorkArea(self.session, self.action_table, self._preferences)
            self._work.canvas.pointer_moved.connect(self.status.show_pointer)
            self._pages.addWidget(self._work)
        return self._work

    @property
    def canvas(self) -> Canvas:
        """The canvas, for commands."""
        return self.work.canvas

    @property
    def is_working(self) -> bool:
        """Whether the work area is shown instead of the start page."""
        return self._work is not None and self._pages.currentWidget() is self._work

    def show_work(self) -> None:
        """Show the work area, also before its project is read (a start with a path)."""
        self._pages.setCurrentWidget(self.work)
        self.status.show()
        self.banner.hang_on(self.work.centre)
        QTimer.singleShot(0, self.work.column.build_open_sections)

    def show_start(self) -> None:
        """Show the start page."""
        self.start.refresh()
        self._pages.setCurrentWidget(self.start)
        self.start.setFocus()
        self.status.hide()
        self.banner.hang_on(self._pages)

    def show_section(self, name: str) -> None:
        """Open a section of the right column and scroll to it."""
        self.work.column.show_section(name)

    def show_dialog(self, name: Dialog) -> None:
        """Open a dialog beside the work."""
        self._dialogs.open(name)

    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""
        self.setWindowState(self.windowState() ^ Qt.WindowState.WindowFullScreen)

    def _wire(self) -> None:
        session = self.session
        session.notice.connect(self.banner.show_notice)
        session.notice.connect(lambda *_: self.start.say())
        session.notice.connect(self._leave_empty_work)
        session.gate.asked.connect(self._ask_to_stay)
        session.mask_import.asked.connect(self._dialogs.ask_about_masks)
        session.image_import.choose_parts = self._choose_parts
        session.project_opened.connect(self._project_opened)
        session.project_closed.connect(self._project_closed)
        for signal in (session.case_opened, session.cases_changed, session.annotation.history_changed):
            signal.connect(self.action_table.refresh)

    def _project_opened(self) -> None:
        if (project := self.session.project) is None:
            return
        read_only = " (read-only)" if project.read_only else ""
        self.setWindowTitle(f"{project.name}{read_only} — U-Net Studio")
        self.action_table.refresh()
        self.show_work()

    def _leave_empty_work(self, _sentence: str, level: str) -> None:
        """Return to the start page when the paths of the command line cannot be opened."""
        if level == "error" and self.is_working and self.session.project is None:
            self.show_start()

    def _choose_parts(self, images: Sequence[FoundImage], choose: Callable[[Sequence[FoundImage]], None]) -> None:
        """Ask which images of a file are to be opened; return to the start page when the user wants none and nothing is open."""

        def go_on(chosen: Sequence[FoundImage]) -> None:
            choose(chosen)
            if not chosen and self.is_working and self.session.project is None:
                self.show_start()

        self._dialogs.choose_parts(images, go_on)

    def _project_closed(self) -> None:
        self.setWindowTitle("U-Net Studio")
        self.action_table.refresh()
        self.banner.clear()
        self.show_start()

    # ------------------------------------------------------------------------------------------------ drag and drop

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _paths(event.mimeData()):
            event.acceptProposedAction()
            self.start.show_dragging(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        self.start.show_dragging(False)

    def dropEvent(self, event: QDropEvent) -> None:
        self.start.show_dragging(False)
        event.acceptProposedAction()
        take_dropped(_paths(event.mimeData()), self.session, self)

    # ----------------------------------------------------------------------------------------------- place on screen

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.action_table.refresh()
        (self.work.canvas if self.is_working else self.start).setFocus()
        QTimer.singleShot(0, self.activateWindow)  # so that keys work at once, also without a window manager

    def closeEvent(self, event: QCloseEvent) -> None:
        self._in_close_event = True
        if not self._leaving:
            self.session.gate.leave(self._leave)
        self._in_close_event = False
        if not self._leaving:  # something is not saved
            event.ignore()
            return
        self.closing.emit()
        self._preferences.put("window", bytes(self.saveGeometry().toBase64().data()).decode())
        self.session.shut_down()
        event.accept()

    def close_in_a_hurry(self) -> None:
        """Close without a question, as the system demands: save for a few seconds, and keep elsewhere what cannot be saved."""
        self.session.gate.hurry()
        self._leaving = True
        self.close()

    def _leave(self) -> None:
        self._leaving = True
        if not self._in_close_event:  # Qt would take a second close for none
            self.close()

    def _ask_to_stay(self) -> None:
        from unetstudio.ui.closing_dialog import ClosingDialog

        dialog = ClosingDialog(self.session.gate, self.session.saver, self)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.save_elsewhere_requested.connect(self.action_table["save_elsewhere"].trigger)
        dialog.finished.connect(self.activateWindow)
        dialog.open()

    def _place(self) -> None:
        """Restore the last place; the first time make it large, but never larger than the screen."""
        geometry = self._preferences.get("window", "")
        if geometry and self.restoreGeometry(QByteArray.fromBase64(geometry.encode())):
            return
        room = self.screen().availableGeometry()
        self.resize(min(1600, room.width()), min(1000, room.height()))
        self.move(room.center() - self.rect().center())


def _paths(dragged: QMimeData) -> list[Path]:
    """Return the dragged files and folders of this computer."""
    return [Path(url.toLocalFile()) for url in dragged.urls() if url.isLocalFile()]
