"""The case strip: thumbnails in the user's order, with review state and annotated share."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QAbstractItemView, QLabel, QLineEdit, QListView, QMenu, QVBoxLayout, QWidget

from unetstudio.data.case import ReviewState
from unetstudio.ui.panels.case_delegate import CaseDelegate
from unetstudio.ui.panels.case_model import CASE, CaseModel
from unetstudio.ui.resources import icon
from unetstudio.ui.session import Session

FILTER_FROM = 8  # number of cases from which the filter is shown
LONG = 300  # number of cases from which refreshes are delayed
LATE = 250  # milliseconds of that delay

MARKS = {
    ReviewState.ACCEPTED: "Mark as accepted",
    ReviewState.CORRECTED: "Mark as corrected",
    ReviewState.REJECTED: "Mark as rejected",
    ReviewState.UNREVIEWED: "Mark as unreviewed",
}


class CasesPanel(QWidget):
    """The strip: a list view over a model, without a widget per case, so that ten thousand cases scroll."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("cases")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self._session = session
        self.heading = QLabel()
        self.heading.setProperty("role", "small")
        self.heading.setContentsMargins(12, 8, 8, 6)
        self.heading.setWordWrap(True)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText("Filter")
        self.filter.setToolTip("Part of a name, or a state: accepted, corrected, rejected, unreviewed")
        self.filter.setAccessibleName("Filter the cases")
        self.filter.setClearButtonEnabled(True)
        self.filter.setAcceptDrops(False)  # files dropped on it are handled by the window
        self.filter.textChanged.connect(self._narrow)
        self.filter.returnPressed.connect(self._open_first)
        self.model = CaseModel(session, self)
        self.list = _list(self.model)
        self._following = False  # whether the row is being selected because its case was opened, and not the other way round
        self.list.clicked.connect(self._open)
        self.list.selectionModel().currentChanged.connect(self._move_to)
        self.list.customContextMenuRequested.connect(self._offer)
        held = QVBoxLayout()
        held.setContentsMargins(8, 0, 8, 6)
        held.addWidget(self.filter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.heading)
        layout.addLayout(held)
        layout.addWidget(self.list, 1)
        self._late = QTimer(self)
        self._late.setSingleShot(True)
        self._late.timeout.connect(self._refresh)
        session.cases_changed.connect(self._refresh_soon)
        session.case_failed.connect(lambda *_: self._refresh())
        session.case_opening.connect(self._show_open)
        session.case_opened.connect(self._show_open)
        session.annotation.history_changed.connect(self._refresh_open)
        self._refresh()

    def _refresh_soon(self) -> None:
        """Refresh at once, or a few times a second in a long list, where every new image would cost as much as all before it."""
        if len(self._session.cases) < LONG:
            self._refresh()
        elif not self._late.isActive():
            self._late.start(LATE)

    def _refresh(self) -> None:
        scrolled = self.list.verticalScrollBar().value()
        self.model.refresh()
        self.list.verticalScrollBar().setValue(scrolled)
        total = len(self._session.cases)
        done = sum(case.review is not ReviewState.UNREVIEWED for case in self._session.cases)
        noun = "case" if total == 1 else "cases"
        self.heading.setText(f"{total:,} {noun}, {done:,} reviewed" if done else f"{total:,} {noun}")
        self.filter.setVisible(total >= FILTER_FROM or bool(self.filter.text()))
        if self._session.case is not None:
            self._show_open(self._session.case.id)

    def _refresh_open(self) -> None:
        if self._session.case is not None:
            self.model.refresh_case(self._session.case.id)

    def _narrow(self, text: str) -> None:
        self.model.narrow(text)
        self.list.setDragEnabled(not text)
        if self._session.case is not None:
            self._show_open(self._session.case.id)

    def _show_open(self, case_id: str) -> None:
        index = self.model.index_of(case_id)
        if index.isValid() and index != self.list.currentIndex():
            self._following = True
            self.list.setCurrentIndex(index)
            self._following = False
            self.list.scrollTo(index)

    def _move_to(self, index: QModelIndex) -> None:
        """Open the case reached by an arrow key in the list."""
        if index.isValid() and self.list.hasFocus() and not self._following:
            self._open(index)

    def _open_first(self) -> None:
        """Open the first case that the filter shows, on Enter."""
        if self.model.rowCount():
            self._open(self.model.index(0))
        self.filter.clearFocus()

    def _open(self, index: QModelIndex) -> None:
        case = index.data(CASE)
        if self._session.case is None or self._session.case.id != case.id:
            self._session.case_opener.open(case.id)

    def _mark(self, case_id: str, state: ReviewState) -> None:
        self._session.change(lambda project: project.cases.review(case_id, state))

    def _offer(self, at: QPoint) -> None:
        index = self.list.indexAt(at)
        if index.isValid():
            self.menu_for(index).popup(self.list.viewport().mapToGlobal(at))

    def menu_for(self, index: QModelIndex) -> QMenu:
        """Return the menu of one case."""
        case = index.data(CASE)
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for state, text in MARKS.items():
            if state is not case.review:
                menu.addAction(text, partial(self._mark, case.id, state))
        menu.addSeparator()
        holder = case.source.path if case.source.path.is_dir() else case.source.path.parent
        menu.addAction(icon("folder"), "Open its folder", lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(holder))))
        menu.addAction(
            icon("trash"), "Remove from the project", lambda: self._session.change(lambda project: project.cases.remove(case.id))
        )
        return menu


def _list(model: CaseModel) -> QListView:
    """Make a list that scrolls smoothly and lets its rows be dragged to another place."""
    view = QListView()
    view.setModel(model)
    view.setItemDelegate(CaseDelegate(view))
    view.setUniformItemSizes(True)
    view.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
    view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    view.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
    view.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
    view.setDragEnabled(True)
    view.setAcceptDrops(True)
    view.setDropIndicatorShown(True)
    view.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
    view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
    view.setMouseTracking(True)
    view.setAccessibleName("Cases")
    return view
