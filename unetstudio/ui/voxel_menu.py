"""The menu of a right click: the operations on the voxel under the pointer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QMenu, QWidget

from unetstudio.data.labels import UNLABELLED
from unetstudio.project.audit import AuditLine
from unetstudio.ui.resources import icon
from unetstudio.ui.session import Session
from unetstudio.ui.who_popup import WhoPopup


def voxel_menu(session: Session, at: tuple[int, int, int], show_history: Callable[[], object], parent: QWidget) -> QMenu:
    """Return a menu for the voxel (z, y, x); `show_history` opens the whole history of the case."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    predicted = UNLABELLED if session.review.segmentation is None else int(session.review.segmentation[at])
    if predicted in session.classes:
        name = session.classes[predicted].name
        menu.addAction(icon("accept"), f"Accept this object ({name})", lambda: session.review.accept_object(at))
        menu.addAction(icon("accept"), f"Accept all of {name}", lambda: session.review.accept_class(predicted))
    painted = UNLABELLED if session.labels is None else int(session.labels.values[at])
    for value in dict.fromkeys((painted, predicted)):
        if value in session.classes:
            pick = partial(session.annotation.set_active_class, value)
            menu.addAction(icon("pick"), f"Paint with {session.classes[value].name}", pick)
    if menu.isEmpty():
        menu.addAction("Nothing is predicted or painted here").setEnabled(False)
    menu.addSeparator()
    menu.addAction(icon("search"), "Who painted this?", lambda: _ask_who(session, at, menu.pos(), show_history, parent))
    return menu


def _ask_who(session: Session, at: tuple[int, int, int], where: QPoint, show_history: Callable[[], object], parent: QWidget) -> None:
    """Show who painted a voxel, once everything painted so far is on the disk and was read there."""

    def answer(lines: list[AuditLine]) -> None:
        popup = WhoPopup(lines, session.classes, parent)
        popup.history_requested.connect(show_history)
        popup.open_at(where)

    session.history.ask_who(at, answer)
