"""Painting on the open case: the active class, the current stroke, undo and redo."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal

from unetstudio.data.classes import ClassTable
from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.edit import Edit
from unetstudio.data.history import CaseHistories, History
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.region import Index
from unetstudio.data.stroke import Stroke
from unetstudio.data.stroke_tally import StrokeTally, next_is_held_out
from unetstudio.project.record import Kind
from unetstudio.tools.active_stroke import ActiveStroke
from unetstudio.tools.image_plane import ImagePlane
from unetstudio.tools.tool import Pointer, Tool, ToolContext, Touched
from unetstudio.ui.tool_choice import ToolChoice
from unetstudio.workspace.open_case import OpenCase

PART_EVERY = 600
"""Milliseconds between writes of the unfinished stroke to the disk, so that a crash loses less than a second of it."""
NEXT_PART = 20
"""Milliseconds between the parts of one sweep that is too large for a single one."""


Change = Edit | ClassesEdit


class Annotation(QObject):
    """Tools working on one label map. Every finished change is emitted as `labels_edited`, and for disk and worker as `journalled`."""

    labels_touched = Signal(object)  # Region: voxels changed by the current stroke; repaint now
    labels_edited = Signal(object)  # Edit applied to the open case's labels (stroke, undo, redo, accept, import)
    journalled = Signal(object)  # LabelChange to store: one of those, a part of the current stroke, or its cancellation
    classes_undone = Signal(object)  # ClassesEdit to apply to the project's table
    outline_changed = Signal(object)  # tuple of (row, column): the unfinished lasso or polygon; () when there is none
    history_changed = Signal()
    active_class_changed = Signal(int)
    refused = Signal(str)  # one sentence: why a press did nothing

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tools = ToolChoice(self)
        self.tools.chosen.connect(self.cancel)
        self.active_class = 1
        self.classes = ClassTable()
        self.read_only = False
        self._case: OpenCase | None = None
        self._image: ImagePlane | None = None  # the slice that was painted on last
        self._histories: CaseHistories[Change] = CaseHistories()
        self._stroke: ActiveStroke | None = None
        self._tallies: dict[str, StrokeTally] = {}  # by case that was opened; they decide which strokes are held out
        self._in_parts = False  # whether parts of the current stroke were sent to the disk
        self._part_timer = QTimer(self, singleShot=True)
        self._part_timer.timeout.connect(self._keep_part)

    # ------------------------------------------------------------------------------------------------- the open case

    @property
    def labels(self) -> LabelMap | None:
        """The labels of the open case."""
        return None if self._case is None else self._case.labels

    def open(self, case: OpenCase, history: History[Change], *, changed: bool = False) -> None:
        """Paint on this case; undo continues where it was left, or with `history` if labels `changed` since."""
        self.cancel()
        self._case, self._image = case, None
        self._histories.open(case.id, history, changed=changed)
        if changed or case.id not in self._tallies:
            self._tallies[case.id] = StrokeTally(history)
        self.tools.fit(min(case.labels.shape[1:]))
        self.history_changed.emit()

    def close(self) -> None:
        """Stop painting: no case is open."""
        self.cancel()
        self._case = self._image = None
        self._histories.close()
        self.history_changed.emit()

    def forget(self) -> None:
        """Forget undo and stroke counts, as when the project is closed."""
        self.close()
        self._histories.clear()
        self._tallies.clear()

    # -------------------------------------------------------------------------------------------------------- class

    def set_active_class(self, value: int) -> None:
        """Set the class that strokes paint."""
        if value != self.active_class and value in self.classes:
            self.active_class = value
            self.active_class_changed.emit(value)

    def pick(self, voxel: Index) -> None:
        """Make the class painted at a voxel of the open case the active one."""
        if self.labels is not None:
            self.set_active_class(int(self.labels.values[voxel]))

    def set_classes(self, classes: ClassTable) -> None:
        """Set the project's classes; the active one stays if it still exists."""
        self.classes = classes
        if self.active_class not in classes and len(classes):
            self.active_class = classes.values[-1]
            self.active_class_changed.emit(self.active_class)

    # ---------------------------------------------------------------------------------------------------- strokes

    @property
    def stroke_active(self) -> bool:
        """Whether a stroke has begun and is not finished."""
        return self._stroke is not None

    @property
    def awaits_click(self) -> bool:
        """Whether the current stroke continues with the next click, the button being up."""
        return self._stroke is not None and self._stroke.clicks

    def press(self, at: Pointer) -> None:
        """Begin a stroke, or set the next corner of one that takes several clicks."""
        tool = self.tools.tool
        if self._stroke is not None:
            self.move(at)
            return
        if self._case is None or tool is None:
            return
        reason = self._reason_not_to_paint(tool)
        if reason:
            self.refused.emit(reason)
            return
        value = UNLABELLED if tool.erases else self.active_class
        stroke = Stroke(self._case.labels, value, tool=self.tools.name, origin=self._origin(value), locked=self.classes.locked)
        if self._image is None or self._image.plane != at.plane:
            self._image = ImagePlane(self._case.scan.voxels, at.plane)
        self._stroke = ActiveStroke(tool, ToolContext(stroke, at, self._image))
        self._in_parts = False
        self._part_timer.start(PART_EVERY)
        self._show(self._stroke.first)

    def move(self, at: Pointer) -> None:
        """Send a pointer movement to the current stroke."""
        if self._stroke is not None:
            self._show(self._stroke.move(at))

    def release(self) -> None:
        """End the stroke, unless its tool takes several clicks."""
        if self._stroke is not None and not self._stroke.clicks:
            self.finish()

    def finish(self) -> None:
        """End the current stroke and keep it; a tool of several clicks fills its outline first."""
        if self._stroke is None:
            return
        self._repaint(self._stroke.close())
        edit = self._stroke.commit()
        self._put_down()
        if edit is not None:
            self.keep(edit)

    def cancel(self) -> None:
        """Cancel the current stroke and undo what it painted."""
        if self._stroke is None:
            return
        region = self._stroke.roll_back()
        self._put_down()
        if self._in_parts:
            self._journal(Kind.CANCEL, None)
        self.labels_touched.emit(region)

    def end(self) -> None:
        """Keep the current stroke before its case is closed; an unfinished outline is dropped."""
        self.release()
        self.cancel()

    def _put_down(self) -> None:
        self._stroke = None
        self._part_timer.stop()
        self.outline_changed.emit(())

    def _keep_part(self) -> None:
        """Send the voxels painted since the last part to the disk; the finished stroke is stored whole all the same."""
        if self._stroke is None:
            return
        part = self._stroke.part()
        if part is not None:
            self._in_parts = True
            self._journal(Kind.PARTIAL, part)
        self._part_timer.start(PART_EVERY if part is None else NEXT_PART)  # a long sweep has more: handle pointer events in between

    def _show(self, touched: Touched) -> None:
        """Show the tool's last change, and end the stroke if its tool has finished by itself."""
        self._repaint(touched)
        if touched.done:
            self.finish()
        else:
            self.outline_changed.emit(touched.outline)

    def _repaint(self, touched: Touched) -> None:
        if touched.region is not None and not touched.region.empty:
            self.labels_touched.emit(touched.region)

    def _reason_not_to_paint(self, tool: Tool) -> str:
        if self.read_only:
            return "This project is open read-only; nothing is changed."
        if tool.erases:
            return ""
        if self.active_class not in self.classes:
            return "Add a class first, then paint it."
        if self.classes[self.active_class].locked:
            return f"The class “{self.classes[self.active_class].name}” is locked; unlock it to paint it."
        return ""

    def _origin(self, value: int) -> int:
        """Return the origin "painted", with the held-out bit on the third stroke of a class and on one in six after it."""
        return int(Origin.PAINTED) | (HELD_OUT if next_is_held_out(self._tallies.values(), value) else 0)

    # --------------------------------------------------------------------------------------------------- history

    def change(self, make: Callable[[LabelMap], Edit | None]) -> bool:
        """Make, apply and keep an edit of the open case's labels; returns whether there was one.

        The current stroke ends first: rolling it back later would overwrite the edit with old values.
        """
        if self.labels is None:
            return False
        self.release()
        edit = make(self.labels)
        if edit is None:
            return False
        self.labels.apply(edit)
        self.keep(edit)
        return True

    def keep(self, edit: Edit) -> None:
        """Record an edit already applied to the open case, so that it can be undone, and send it to disk and worker."""
        self._histories.current.push(edit)
        if self._case is not None:
            self._tallies[self._case.id].add(edit)
        self._journal(Kind.EDIT, edit)
        self.labels_edited.emit(edit)
        self.history_changed.emit()

    def keep_classes(self, change: ClassesEdit) -> None:
        """Record a change already made to the class table, so that it can be undone."""
        self._histories.current.push(change)
        self.history_changed.emit()

    @property
    def can_undo(self) -> bool:
        """Whether the open case has a change to undo."""
        return self._histories.current.can_undo and not self.read_only

    @property
    def can_redo(self) -> bool:
        """Whether the open case has a change to redo."""
        return self._histories.current.can_redo and not self.read_only

    def undo(self) -> None:
        """Undo the current stroke, or else the newest change of the open case."""
        if self._stroke is not None:
            self.cancel()
            return
        change = None if self.read_only else self._histories.current.undo()
        if change is not None:
            self._replay(Kind.UNDO, change.inverse())

    def redo(self) -> None:
        """Redo the change that was undone last."""
        change = None if self.read_only or self._stroke is not None else self._histories.current.redo()
        if change is not None:
            self._replay(Kind.REDO, change)

    def _replay(self, kind: Kind, change: Change) -> None:
        if isinstance(change, ClassesEdit):
            self.classes_undone.emit(change)
        elif self._case is not None:
            self._case.labels.apply(change)
            tally = self._tallies[self._case.id]
            if kind is Kind.UNDO:
                tally.remove(change.inverse())
            else:
                tally.add(change)
            self._journal(kind, change)
            self.labels_edited.emit(change)
        self.history_changed.emit()

    def _journal(self, kind: Kind, edit: Edit | None) -> None:
        if self._case is not None:
            self.journalled.emit(self._case.changed(kind, edit))
