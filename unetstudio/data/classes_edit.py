"""Edits of the class table, for undo and redo."""

from __future__ import annotations

from dataclasses import dataclass, replace

from unetstudio.data.classes import ClassTable, LabelClass


@dataclass(frozen=True)
class ClassesEdit:
    """A change of the class table: the class before and after, None where it was absent, and its position."""

    before: LabelClass | None
    after: LabelClass | None
    place: int

    nbytes = 200

    @property
    def concerns_learning(self) -> bool:
        """Whether a class was added, removed or renamed; colour, visibility and lock concern only the window."""
        return self.before is None or self.after is None or self.before.name != self.after.name

    def inverse(self) -> ClassesEdit:
        """Return the change that undoes this one."""
        return replace(self, before=self.after, after=self.before)

    def applied(self, classes: ClassTable) -> ClassTable:
        """Apply the change to a table, which may have other changes by now."""
        if self.after is None:
            return classes if self.before is None else classes.removed(self.before.value)
        if self.before is None:
            return classes.restored(self.after, self.place)
        return replace(classes, classes=tuple(self.after if c.value == self.after.value else c for c in classes))
