"""What the user does to the class table: add, rename, recolour, show, lock, remove; undo takes each of them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtCore import SignalInstance

from unetstudio.data.classes import ClassTable, Colour
from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.palette import next_colour
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.ui.annotation import Annotation
from unetstudio.ui.review import Review
from unetstudio.ui.saving import Saver
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import ClassesChanged
from unetstudio.workspace.intake import picture


class ClassCommands:
    """The part of `Session` that changes classes."""

    if TYPE_CHECKING:
        classes: ClassTable
        scan: Scan | None
        read_only: bool
        annotation: Annotation
        review: Review
        saver: Saver
        worker: WorkerThread
        classes_changed: SignalInstance
        notice: SignalInstance

    def add_class(self, name: str = "") -> None:
        """One more class, in the colour that stands out most, and active at once."""
        sample = picture(self.scan) if self.scan is not None else None
        try:
            table = self.classes.added(name or f"Structure {len(self.classes)}", next_colour([c.colour for c in self.classes], sample))
        except UserError as error:
            self.notice.emit(str(error), "warning")
            return
        new = table.classes[-1]
        if self._change(table, ClassesEdit(None, new, len(table) - 1)):
            self.annotation.set_active_class(new.value)

    def rename_class(self, value: int, name: str) -> None:
        """Another name; one that is taken gets a number."""
        self._alter(value, name=name)

    def recolour_class(self, value: int, colour: Colour) -> None:
        """Another colour."""
        self._alter(value, colour=colour)

    def set_class_visible(self, value: int, visible: bool) -> None:
        """Shows or hides a class on the canvas."""
        self._alter(value, visible=visible)

    def set_class_locked(self, value: int, locked: bool) -> None:
        """No stroke may overwrite a locked class."""
        self._alter(value, locked=locked)

    def remove_class(self, value: int) -> None:
        """Its strokes count as not annotated until undo brings it back."""
        if len(self.classes) > 1:
            place = self.classes.values.index(value)
            self._change(self.classes.removed(value), ClassesEdit(self.classes[value], None, place))

    def _alter(self, value: int, **fields: Any) -> None:
        before, table = self.classes[value], self.classes.changed(value, **fields)
        if table[value] != before:
            self._change(table, ClassesEdit(before, table[value], table.values.index(value)))

    def _undo_classes(self, change: ClassesEdit) -> None:
        self._set_classes(change.applied(self.classes))

    def _change(self, table: ClassTable, change: ClassesEdit) -> bool:
        if self.read_only:
            self.notice.emit("This project is open read-only; nothing is changed.", "info")
            return False
        self._set_classes(table)
        self.annotation.keep_classes(change)
        return True

    def _set_classes(self, table: ClassTable) -> None:
        learned = [(c.value, c.name) for c in table] != [(c.value, c.name) for c in self.classes]
        self.classes = table
        self.annotation.set_classes(table)
        self.saver.keep(classes=table)
        if learned:
            self.worker.ask(ClassesChanged(table))
            self.review.classes_changed()
        self.classes_changed.emit()
