"""Painting on the open case: tool, active class, the stroke in hand, undo and redo."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal

from unetstudio.data.classes import ClassTable
from unetstudio.data.classes_edit import ClassesEdit
from unetstudio.data.edit import Edit
from unetstudio.data.history import BYTES, History
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.stroke import Stroke
from unetstudio.tools.tool import TOOLS, Drag, Pointer, Tool, Touched

HELD_OUT_EVERY = 6
"""One painted stroke in this many, per class, is kept out of training and scores it."""

PART_EVERY = 600
"""Milliseconds after which what the stroke in hand has painted goes to the disk, so that a crash takes less than a second of it."""
NEXT_PART = 20
"""Milliseconds between the parts of one sweep that is too large for a single one."""


Change = Edit | ClassesEdit


class Annotation(QObject):
    """Tools at work on one label map; every finished change leaves as `labels_edited(edit)`, and `journalled` says what kind it was."""

    labels_touched = Signal(object)  # Region: voxels changed by the stroke in hand; repaint now
    labels_edited = Signal(object)  # Edit applied to the open case's labels (stroke, undo, redo, accept, import)
    journalled = Signal(str, object)  # "edit", "undo", "redo" or "partial" and the Edit to store; "cancel" and None: its parts are void
    classes_undone = Signal(object)  # ClassesEdit to apply to the project's table
    outline_changed = Signal(object)  # tuple of (row, column): lasso or polygon in hand; () when there is none
    history_changed = Signal()
    tool_changed = Signal(str)
    options_changed = Signal(str)
    active_class_changed = Signal(int)
    refused = Signal(str)  # one sentence: why a press did nothing

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.tools: dict[str, Tool] = {name: kind() for name, kind in TOOLS.items()}
        self.tool_name = self.previous_tool = "brush"
        self.active_class = 1
        self.classes = ClassTable()
        self.labels: LabelMap | None = None
        self.read_only = False
        self._histories: dict[str, History[Change]] = {}
        self._case = ""
        self._stroke: Stroke | None = None
        self._drag: Drag | None = None
        self._painted: dict[int, int] = {}  # strokes per class, for the one in six that is held out
        self._in_parts = False  # whether parts of the stroke in hand are on their way to the disk
        self._part_timer = QTimer(self, singleShot=True)
        self._part_timer.timeout.connect(self._keep_part)

    # ------------------------------------------------------------------------------------------------- the open case

    def open(self, case: str, labels: LabelMap, history: History[Change], *, changed: bool = False) -> None:
        """Paint on this case from now on; its undo goes on where it was left, or anew where the labels `changed` meanwhile."""
        self.cancel()
        self._case, self.labels = case, labels
        kept = self._histories.pop(case, history)
        self._histories[case] = history if changed else kept  # the last one is of the case opened last
        self._let_go()
        self._fit_tools(min(labels.shape[1:]))
        self.history_changed.emit()

    def _fit_tools(self, side: int) -> None:
        """A brush that would cover most of a small image at a touch becomes smaller; `side` in voxels."""
        for name, tool in self.tools.items():
            if getattr(tool, "size", 0) > max(3, side // 4):
                self.set_options(name, size=max(3, side // 16))

    def _let_go(self) -> None:
        """Forgets the undo of cases opened long ago when all take too much memory: opened again, they have it from the disk."""
        total = sum(kept.nbytes for kept in self._histories.values())
        for case in list(self._histories)[:-1]:
            if total <= BYTES:
                return
            total -= self._histories.pop(case).nbytes

    def close(self) -> None:
        """No case is open."""
        self.cancel()
        self._case, self.labels = "", None
        self.history_changed.emit()

    def forget(self) -> None:
        """Another project: undo and stroke counts begin anew."""
        self.close()
        self._histories.clear()
        self._painted.clear()

    @property
    def _history(self) -> History[Change]:
        return self._histories.setdefault(self._case, History())

    # --------------------------------------------------------------------------------------------- tool and class

    @property
    def tool(self) -> Tool:
        """The tool in hand."""
        return self.tools[self.tool_name]

    def set_tool(self, name: str) -> None:
        """Takes another tool; a stroke in hand is taken back."""
        if name == self.tool_name:
            return
        self.cancel()
        self.previous_tool, self.tool_name = self.tool_name, name
        self.tool_changed.emit(name)

    def set_options(self, name: str, **options: Any) -> None:
        """Changes a tool's options, such as its size."""
        self.tools[name] = replace(self.tools[name], **options)
        self.options_changed.emit(name)

    def set_active_class(self, value: int) -> None:
        """The class that strokes paint from now on."""
        if value != self.active_class and value in self.classes:
            self.active_class = value
            self.active_class_changed.emit(value)

    def set_classes(self, classes: ClassTable) -> None:
        """The project's classes; the active one stays if it still exists."""
        self.classes = classes
        if self.active_class not in classes and len(classes):
            self.active_class = classes.values[-1]
            self.active_class_changed.emit(self.active_class)

    # ---------------------------------------------------------------------------------------------------- strokes

    @property
    def stroke_in_hand(self) -> bool:
        """Whether a stroke has begun and is not finished."""
        return self._drag is not None

    def press(self, at: Pointer) -> None:
        """Begins a stroke, or sets the next corner of one that takes several clicks."""
        if self._drag is not None:
            self._send(at)
            return
        if self.labels is None:
            return
        if self.tool.moves_view:
            return
        if self.tool.picks:
            self._pick(at)
            return
        reason = self._reason_not_to_paint()
        if reason:
            self.refused.emit(reason)
            return
        value = UNLABELLED if self.tool.erases else self.active_class
        self._stroke = Stroke(self.labels, value, tool=self.tool_name, origin=self._origin(value), locked=self.classes.locked)
        self._drag = self.tool.drag(self._stroke, at)
        self._in_parts = False
        self._part_timer.start(PART_EVERY)
        self._take(next(self._drag))

    def move(self, at: Pointer) -> None:
        """The pointer moved while a stroke is in hand."""
        if self._drag is not None:
            self._send(at)

    def release(self) -> None:
        """Ends the stroke, unless the tool lives through several clicks."""
        if self._drag is not None and not self.tool.clicks:
            self.finish()

    def finish(self) -> None:
        """Ends the stroke in hand and keeps it; a tool of several clicks fills its outline first."""
        if self._drag is None or self._stroke is None:
            return
        if self.tool.clicks:
            with contextlib.suppress(StopIteration):
                self._take(self._drag.send(None), closing=True)
        self._drag.close()
        stroke, self._drag, self._stroke = self._stroke, None, None
        self._part_timer.stop()
        self.outline_changed.emit(())
        edit = stroke.commit()
        if edit is not None:
            if edit.value != UNLABELLED:
                self._painted[edit.value] = self._painted.get(edit.value, 0) + 1
            self.keep(edit)

    def cancel(self) -> None:
        """Takes the stroke in hand back, as if it had never begun."""
        if self._drag is None or self._stroke is None:
            return
        self._drag.close()
        region = self._stroke.rollback()
        self._drag = self._stroke = None
        self._part_timer.stop()
        if self._in_parts:
            self.journalled.emit("cancel", None)
        self.outline_changed.emit(())
        self.labels_touched.emit(region)

    def end(self) -> None:
        """Keeps what the stroke in hand has painted, before its case goes away; an outline that encloses nothing yet is dropped."""
        if self._drag is not None and not self.tool.clicks:
            self.finish()
        self.cancel()

    def _keep_part(self) -> None:
        """What the stroke in hand has painted since the last part is made safe; the finished stroke is stored whole all the same."""
        if self._stroke is None:
            return
        part = self._stroke.part()
        if part is not None:
            self._in_parts = True
            self.journalled.emit("partial", part)
        self._part_timer.start(PART_EVERY if part is None else NEXT_PART)  # a far sweep has more: between two parts the pointer is heard

    def _send(self, at: Pointer) -> None:
        assert self._drag is not None
        try:
            self._take(self._drag.send(at))
        except StopIteration:
            self.finish()

    def _take(self, touched: Touched, *, closing: bool = False) -> None:
        if touched.region is not None and not touched.region.empty:
            self.labels_touched.emit(touched.region)
        self.outline_changed.emit(touched.outline)
        if touched.done and not closing:
            self._finish_done()

    def _finish_done(self) -> None:
        """A tool said by itself that it is finished: nothing more is sent to it."""
        assert self._drag is not None
        self._drag.close()
        self._drag = iter_nothing()
        self.finish()

    def _pick(self, at: Pointer) -> None:
        assert self.labels is not None
        index = [round(at.row), round(at.column)]
        index.insert(at.axis, at.index)
        if all(0 <= i < n for i, n in zip(index, self.labels.shape, strict=True)):
            self.set_active_class(int(self.labels.values[tuple(index)]))

    def _reason_not_to_paint(self) -> str:
        if self.read_only:
            return "This project is open read-only; nothing is changed."
        if self.tool.erases:
            return ""
        if self.active_class not in self.classes:
            return "Add a class first, then paint it."
        if self.classes[self.active_class].locked:
            return f"The class “{self.classes[self.active_class].name}” is locked; unlock it to paint it."
        return ""

    def _origin(self, value: int) -> int:
        """Painted by hand, with the held-out bit on one stroke in six of a class; never on its first three."""
        held = self._painted.get(value, 0) % HELD_OUT_EVERY == HELD_OUT_EVERY // 2
        return int(Origin.PAINTED) | (HELD_OUT if held else 0)

    # --------------------------------------------------------------------------------------------------- history

    def change(self, make: Callable[[LabelMap], Edit | None]) -> bool:
        """Applies and keeps an edit made from the open case's labels, and says whether there was one.

        A stroke in hand ends first: the old values that it would put back know nothing of the edit.
        """
        if self.labels is None:
            return False
        if self._drag is not None and not self.tool.clicks:
            self.finish()
        edit = make(self.labels)
        if edit is None:
            return False
        self.labels.apply(edit)
        self.keep(edit)
        return True

    def keep(self, edit: Edit) -> None:
        """An edit already applied to the open case: undo can take it back, and it goes to disk and worker."""
        self._history.push(edit)
        self.journalled.emit("edit", edit)
        self.labels_edited.emit(edit)
        self.history_changed.emit()

    def keep_classes(self, change: ClassesEdit) -> None:
        """A change of the class table already made: undo can take it back."""
        self._history.push(change)
        self.history_changed.emit()

    @property
    def can_undo(self) -> bool:
        """Whether the open case has anything to take back."""
        return self._history.can_undo and not self.read_only

    @property
    def can_redo(self) -> bool:
        """Whether anything taken back can be done again."""
        return self._history.can_redo and not self.read_only

    def undo(self) -> None:
        """Takes back the stroke in hand, or else the newest change of the open case."""
        if self._drag is not None:
            self.cancel()
            return
        change = None if self.read_only else self._history.undo()
        if change is not None:
            self._replay("undo", change.inverse())

    def redo(self) -> None:
        """Does the newest change that was taken back again."""
        change = None if self.read_only or self._drag is not None else self._history.redo()
        if change is not None:
            self._replay("redo", change)

    def _replay(self, kind: str, change: Change) -> None:
        if isinstance(change, ClassesEdit):
            self.classes_undone.emit(change)
        elif self.labels is not None:
            self.labels.apply(change)
            self.journalled.emit(kind, change)
            self.labels_edited.emit(change)
        self.history_changed.emit()


def iter_nothing() -> Drag:
    """A drag that has nothing left to say."""
    yield from ()
