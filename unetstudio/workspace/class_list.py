"""The classes of an open project and the operations on them; each returns the change it made, which undo can take back."""

from __future__ import annotations

from unetstudio.data.classes import ClassTable, Colour, LabelClass
from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.palette import next_colour
from unetstudio.data.scan import Scan
from unetstudio.workspace.project_writer import ProjectWriter
from unetstudio.workspace.thumbnail import picture


class ClassList:
    """The class table of one project and its changes. An operation that changes nothing returns None."""

    def __init__(self, writer: ProjectWriter) -> None:
        self._writer = writer

    @property
    def table(self) -> ClassTable:
        """The current class table."""
        return self._writer.project.classes

    def add(self, name: str = "", scan: Scan | None = None) -> ClassesEdit:
        """Add a class in the colour that stands out most, also against `scan`. UserError when there is no room for another one."""
        sample = None if scan is None else picture(scan)
        colour = next_colour([entry.colour for entry in self.table], sample)
        table = self.table.added(name or f"Structure {len(self.table)}", colour)
        edit = ClassesEdit(None, table.classes[-1], len(self.table))
        self._writer.update(classes=table)
        return edit

    def rename(self, value: int, name: str) -> ClassesEdit | None:
        """Rename a class; a name already in use gets a number."""
        return self._replace(self.table.changed(value, name=name)[value])

    def recolour(self, value: int, colour: Colour) -> ClassesEdit | None:
        """Change the colour of a class."""
        return self._replace(self.table.changed(value, colour=colour)[value])

    def show(self, value: int, visible: bool) -> ClassesEdit | None:
        """Show or hide a class on the canvas."""
        return self._replace(self.table.changed(value, visible=visible)[value])

    def lock(self, value: int, locked: bool) -> ClassesEdit | None:
        """Lock a class, so that no stroke overwrites it, or unlock it."""
        return self._replace(self.table.changed(value, locked=locked)[value])

    def remove(self, value: int) -> ClassesEdit | None:
        """Remove a class unless it is the last; its strokes count as not annotated until undo brings it back."""
        if len(self.table) < 2:
            return None
        return self.apply(ClassesEdit(self.table[value], None, self.table.values.index(value)))

    def apply(self, edit: ClassesEdit) -> ClassesEdit:
        """Make a change, such as the inverse of an earlier one."""
        self._writer.update(classes=edit.applied(self.table))
        return edit

    def _replace(self, after: LabelClass) -> ClassesEdit | None:
        before = self.table[after.value]
        return None if after == before else self.apply(ClassesEdit(before, after, self.table.values.index(after.value)))
