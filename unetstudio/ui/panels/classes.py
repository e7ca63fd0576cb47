"""The classes panel: the structures to find, with colour, name, visibility, lock and painted amount."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPushButton, QToolButton, QVBoxLayout, QWidget

from unetstudio.data.classes import LabelClass
from unetstudio.ui.panels import text
from unetstudio.ui.panels.class_delegate import Part
from unetstudio.ui.panels.class_list import ClassList
from unetstudio.ui.panels.class_model import ROW, ClassModel
from unetstudio.ui.panels.colour_popup import ColourPopup
from unetstudio.ui.resources import icon
from unetstudio.ui.session import Session


class ClassesPanel(QWidget):
    """The list of classes with its buttons. A click on a row makes its class active, a double click renames it."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("classes_panel")
        self._session = session
        self.model = ClassModel(session, self)
        self.list = ClassList(self.model)
        self.list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.list.customContextMenuRequested.connect(self._menu_at)
        self.list.part_clicked.connect(self._part)
        self.list.selectionModel().currentChanged.connect(self._activate)
        delete = QShortcut(QKeySequence.StandardKey.Delete, self.list)
        delete.setContext(Qt.ShortcutContext.WidgetShortcut)
        delete.activated.connect(self._remove)

        self.add_button = QPushButton(icon("plus"), "Add class")
        self.add_button.setObjectName("add_class")
        self.add_button.setToolTip("Add a class; it gets the next number key")
        self.add_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.add_button.clicked.connect(self._add)
        self.remove_button = QToolButton()
        self.remove_button.setIcon(icon("trash"))
        self.remove_button.setObjectName("remove_class")
        self.remove_button.setAccessibleName("Remove the active class")
        self.remove_button.setToolTip("Remove the active class (Ctrl+Z brings it back)")
        self.remove_button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.remove_button.clicked.connect(self._remove)
        self.annotated = text.label(role="small", name="annotated")

        buttons = QHBoxLayout()
        buttons.setSpacing(4)
        buttons.addWidget(self.add_button)
        buttons.addStretch(1)
        buttons.addWidget(self.remove_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.list)
        column.addWidget(self.annotated)
        column.addLayout(buttons)

        session.classes_changed.connect(self._show)
        session.case_opened.connect(self._show)
        session.project_opened.connect(self._show)
        session.project_closed.connect(self._show)
        session.annotation.active_class_changed.connect(self._show)
        session.annotation.labels_edited.connect(self._show_annotated)
        self._show()

    def _show(self) -> None:
        editable = not self._session.read_only
        self.add_button.setEnabled(editable)
        self.remove_button.setEnabled(editable and len(self._session.classes) > 1)
        row = self.model.row_of(self._session.annotation.active_class)
        if row >= 0 and row != self.list.currentIndex().row():
            self.list.setCurrentIndex(self.model.index(row))
        self._show_annotated()

    def _show_annotated(self) -> None:
        """Show in one line how much of the open case is labelled."""
        labels = self._session.labels
        if labels is None:
            self.annotated.setText("Open an image to begin.")
            return
        share = labels.annotated / labels.values.size
        percent = "Nothing" if not share else "Under 0.1 %" if share < 1e-3 else f"{share:.1%}".replace("%", " %")
        self.annotated.setText(
            f"{percent} of this {'volume' if labels.shape[0] > 1 else 'image'} is labelled." if share < 1 else "All labelled."
        )

    def _activate(self) -> None:
        index = self.list.currentIndex()
        if index.isValid():
            self._session.annotation.set_active_class(index.data(ROW).label.value)

    def _part(self, value: int, part: Part) -> None:
        """Act on a click on the eye, the lock or the colour of a row."""
        label = self._session.classes[value]
        match part:
            case Part.EYE:
                self._session.change(lambda project: project.classes.show(value, not label.visible))
            case Part.LOCK:
                self._session.change(lambda project: project.classes.lock(value, not label.locked))
            case Part.SWATCH:
                self._choose_colour(value)

    def _choose_colour(self, value: int) -> None:
        popup = ColourPopup(self._session.classes[value].colour, self)
        popup.picked.connect(lambda colour: self._session.change(lambda project: project.classes.recolour(value, colour)))
        rect = self.list.visualRect(self.model.index(self.model.row_of(value)))
        popup.open_at(self.list.viewport().mapToGlobal(rect.bottomLeft()))

    def _add(self) -> None:
        before = len(self._session.classes)
        self._session.add_class()
        if len(self._session.classes) > before:  # the new class is active now: its name can be typed at once
            self.list.edit(self.model.index(self.model.row_of(self._session.annotation.active_class)))

    def _remove(self) -> None:
        value = self._session.annotation.active_class
        if self.remove_button.isEnabled() and value in self._session.classes:
            self._session.change(lambda project: project.classes.remove(value))

    def _menu_at(self, point: QPoint) -> None:
        index = self.list.indexAt(point)
        if index.isValid():
            menu = self.menu(index.row())
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            menu.popup(self.list.viewport().mapToGlobal(point))

    def menu(self, row: int) -> QMenu:
        """Return the menu of the class in a row."""
        session, index = self._session, self.model.index(row)
        label: LabelClass = index.data(ROW).label
        menu = QMenu(self)
        menu.addAction("Rename", lambda: self.list.edit(index))
        menu.addAction("Change colour …", lambda: self._choose_colour(label.value))
        menu.addSeparator()
        eye, lock = ("eye-off", "Hide") if label.visible else ("eye", "Show"), ("unlock", "Unlock") if label.locked else ("lock", "Lock")
        menu.addAction(icon(eye[0]), eye[1], lambda: session.change(lambda project: project.classes.show(label.value, not label.visible)))
        menu.addAction("Show only this", lambda: self._show_only(label.value))
        menu.addAction("Show all", lambda: self._show_only(None))
        menu.addAction(icon(lock[0]), lock[1], lambda: session.change(lambda project: project.classes.lock(label.value, not label.locked)))
        menu.addSeparator()
        remove = menu.addAction(icon("trash"), "Remove", lambda: session.change(lambda project: project.classes.remove(label.value)))
        remove.setEnabled(len(session.classes) > 1)
        if session.read_only:
            menu.setEnabled(False)
        return menu

    def _show_only(self, value: int | None) -> None:
        """Hide every class but one; None shows all."""
        for label in self._session.classes:
            self._show_one(label.value, value in (None, label.value))

    def _show_one(self, value: int, visible: bool) -> None:
        self._session.change(lambda project: project.classes.show(value, visible))
