"""A state machine of user actions, process ends and disk failures in any order, checked against a plain model of the project."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from faults.failing import MODES, Failing, failing
from faults.judge import bury
from faults.story import CLASSES, NAME, picture, state
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from numpy.typing import NDArray

from unetstudio.data.case import ReviewState
from unetstudio.data.edit import Edit
from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.stroke import Stroke
from unetstudio.errors import UserError
from unetstudio.project import store as stores
from unetstudio.project.case_changes import changed
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.store import read_labels
from unetstudio.workspace.project_writer import ProjectWriter

PLACE = Path("/dev/shm") if Path("/dev/shm").is_dir() else Path(tempfile.gettempdir())
SHAPES = ((1, 24, 30), (3, 12, 14))
State = NDArray[np.uint8]  # values and origins (2, Z, Y, X)


class Dead(BaseException):
    """Raised by the disk when the process has ended."""


class Deadly:
    """An `os` on which the n-th call and all later ones are not made."""

    def __init__(self, calls: int) -> None:
        self.left = calls

    def __getattr__(self, name: str) -> Any:
        real = getattr(os, name)
        if not callable(real) or isinstance(real, type) or name in ("strerror", "fspath"):
            return real

        def call(*args: Any, **options: Any) -> Any:
            self.left -= 1
            if self.left < 0:
                raise Dead
            return real(*args, **options)

        return call


@dataclass
class Model:
    """A case as plain arrays: its state, and the states of undo and redo."""

    now: State
    done: list[State] = field(default_factory=list)  # the states before each change
    undone: list[State] = field(default_factory=list)  # the states before each undo

    def change(self, after: State) -> None:
        self.done.append(self.now)
        self.undone.clear()
        self.now = after


boxes = st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(0, 25), st.integers(1, 9), st.integers(0, 2**16))


class Life(RuleBasedStateMachine):
    """The state machine; `steps` counts the actions of all runs."""

    steps: ClassVar[int] = 0

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp(prefix="unetstudio-life-", dir=PLACE))
        self.often, stores.STROKES = stores.STROKES, 4
        self.folder = self.root / NAME
        self.cases = tuple(picture(number, shape) for number, shape in enumerate(SHAPES, 1))
        self.model = {case.id: Model(state(LabelMap.unlabelled(case.shape))) for case in self.cases}
        self.classes, self.reviews = CLASSES, dict.fromkeys(self.model, ReviewState.UNREVIEWED)
        self.open = self.cases[0]

    @initialize()
    def begins(self) -> None:
        self.writer = ProjectWriter(Project.create(self.folder, CLASSES), self.root / "documents")
        self.writer.update(cases=self.cases)
        self.writer.retry()
        self._show(self.open)

    def teardown(self) -> None:
        if hasattr(self, "writer"):
            self.writer.close()
        stores.STROKES = self.often
        shutil.rmtree(self.root)

    # ------------------------------------------------------------------------------------------------------ the user

    @rule(box=boxes, value=st.integers(0, 4))
    def paint(self, box: tuple[int, ...], value: int) -> None:
        if edit := self._stroke(box, value).commit():
            self._change(Kind.EDIT, edit)

    @rule(boxes=st.lists(boxes, min_size=1, max_size=4), value=st.integers(0, 4), ends=st.sampled_from(["release", "escape", "kill"]))
    def paint_in_parts(self, boxes: list[tuple[int, ...]], value: int, ends: str) -> None:
        stroke = Stroke(self.labels, value, tool="brush")
        kept = False
        for box in boxes:
            self._dab(stroke, box)
            if part := stroke.part():
                self.writer.append(self.open.id, Kind.PARTIAL, part)
                kept = True
        if ends == "release":
            if edit := stroke.commit():
                self._change(Kind.EDIT, edit)
        elif ends == "escape":
            stroke.rollback()
            self.writer.append(self.open.id, Kind.CANCEL, None)
        else:
            if kept:
                self.model[self.open.id].change(state(self.labels))
            self._die()
        self._step()

    @rule()
    @precondition(lambda self: self.history.can_undo)
    def undo(self) -> None:
        change = self.history.undo()
        assert change is not None
        model = self.model[self.open.id]
        self._apply(Kind.UNDO, change.inverse())
        model.undone.append(model.now)
        model.now = model.done.pop()
        self._step()

    @rule()
    @precondition(lambda self: self.history.can_redo)
    def redo(self) -> None:
        change = self.history.redo()
        assert change is not None
        model = self.model[self.open.id]
        self._apply(Kind.REDO, change)
        model.done.append(model.now)
        model.now = model.undone.pop()
        self._step()

    @rule(which=st.integers(0, 1))
    def switch(self, which: int) -> None:
        self._show(self.cases[which])
        self._step()

    @rule(box=boxes, origin=st.sampled_from([Origin.IMPORTED, Origin.ACCEPTED]), which=st.integers(0, 1))
    def take_in(self, box: tuple[int, ...], origin: Origin, which: int) -> None:
        """Take a mask from a file or a prediction into the open case or another."""
        case = self.cases[which]
        labels = self.labels if case is self.open else LabelMap(*(part.copy() for part in self.model[case.id].now))
        random = np.random.default_rng(box[4])
        edit = labels.change(random.random(case.shape) < 0.3, random.integers(0, 3, case.shape).astype(np.uint8), origin, "import")
        if edit is None:
            return
        labels.apply(edit)
        if case is self.open:
            self._change(Kind.EDIT, edit)
        else:
            self.writer.change_closed_case(case, lambda _: edit)
            self.model[case.id].change(state(labels))
        self.writer.note(case, {"event": "imported"})
        self._step()

    @rule(name=st.text(max_size=5))
    def add_class(self, name: str) -> None:
        self.classes = self.classes.added(name, (1, 2, 3))
        self._settings(classes=self.classes)

    @rule()
    @precondition(lambda self: len(self.classes) > 1)
    def remove_class(self) -> None:
        self.classes = self.classes.removed(self.classes.values[-1])
        self._settings(classes=self.classes)

    @rule(which=st.integers(0, 1), review=st.sampled_from(ReviewState))
    def judge(self, which: int, review: ReviewState) -> None:
        case = self.cases[which]
        self.reviews[case.id] = review
        self.writer.project.update(cases=changed(self.writer.project.cases, case.id, review=review))
        self.writer.note(case, {"event": str(review)})
        self._step()

    # ------------------------------------------------------------------------------------------------------ what happens

    @rule()
    def reopen(self) -> None:
        self.writer.close()
        self._reopen()

    @rule()
    def kill(self) -> None:
        self._die()

    @rule(box=boxes, value=st.integers(0, 4), calls=st.integers(0, 40))
    def kill_in_a_stroke(self, box: tuple[int, ...], value: int, calls: int) -> None:
        """End the process at some call to the disk: the stroke is saved or not, nothing else has changed."""
        if edit := self._stroke(box, value).commit():
            after = state(self.labels)
            with failing(Deadly(calls)):
                try:
                    self.writer.append(self.open.id, Kind.EDIT, edit)
                    promised = True
                except Dead:
                    promised = False
            self._die(lambda found: promised or np.array_equal(found, after), after)

    @rule(box=boxes, value=st.integers(0, 4), number=st.integers(1, 30), mode=st.sampled_from(list(MODES)))
    def refuse(self, box: tuple[int, ...], value: int, number: int, mode: str) -> None:
        """Let the disk refuse a call while a stroke is saved; the stroke is saved when the disk works again."""
        if edit := self._stroke(box, value).commit():
            with failing(Failing(number, mode)):
                try:
                    self.writer.append(self.open.id, Kind.EDIT, edit)
                except UserError as error:
                    assert str(error).endswith(".")
            self.writer.retry()
            self.model[self.open.id].change(state(self.labels))
            self.history.push(edit)
        self._step()

    # ------------------------------------------------------------------------------------------------------ what must be

    def _step(self) -> None:
        """Check after each step that another program that reads the open case sees the same labels."""
        type(self).steps += 1
        now = self.model[self.open.id].now
        assert np.array_equal(state(self.labels), now)
        assert np.array_equal(state(read_labels(self.folder, self.open)[0]), now)

    def _show(self, case: Any) -> None:
        """Open a case and compare it with the model, including its undo history as far as the disk keeps it."""
        self.open = case
        opened = self.writer.open_case(case, Scan(np.zeros((1, *case.shape), np.uint8)))
        self.labels: LabelMap = opened.labels
        self.history: History[Edit] = opened.history
        self.recovered = opened.recovered
        assert "damaged" not in opened.recovered, opened.recovered

    def _fits(self) -> None:
        model = self.model[self.open.id]
        assert np.array_equal(state(self.labels), model.now)
        if len(self.history) != len(model.done):
            assert len(self.history) < len(model.done) and (self.folder / "cases" / self.open.id / "past").is_dir()
            model.done = model.done[len(model.done) - len(self.history) :]
        assert self.history.can_redo == bool(model.undone)

    def _reopen(self) -> None:
        project = Project.open(self.folder)
        assert not project.read_only and project.notices == ()
        assert project.classes == self.classes and {case.id: case.review for case in project.cases} == self.reviews
        self.writer = ProjectWriter(project, self.root / "documents")
        for case in (*(c for c in self.cases if c is not self.open), self.open):
            self._show(case)
            self._fits()
        self._step()

    def _die(self, there: Callable[[State], bool] = lambda _: False, after: State | None = None) -> None:
        """End the process abruptly and start a new one. A last change that was being saved counts if it is `there`."""
        bury(self.folder)
        if after is not None and there(state(read_labels(self.folder, self.open)[0])):
            self.model[self.open.id].change(after)
        self._reopen()

    # ------------------------------------------------------------------------------------------------------ how it is done

    def _stroke(self, box: tuple[int, ...], value: int) -> Stroke:
        stroke = Stroke(self.labels, value, tool="brush")
        self._dab(stroke, box)
        return stroke

    def _dab(self, stroke: Stroke, box: tuple[int, ...]) -> None:
        z, y, x, size, seed = box
        stroke.paint(Region((z, y, x), (z + 1, y + size, x + size)), np.random.default_rng(seed).random((1, size, size)) < 0.8)

    def _change(self, kind: Kind, edit: Edit) -> None:
        """Save a change that is in the labels already."""
        self.writer.append(self.open.id, kind, edit)
        self.model[self.open.id].change(state(self.labels))
        self.history.push(edit)
        self._step()

    def _apply(self, kind: Kind, edit: Edit) -> None:
        self.labels.apply(edit)
        self.writer.append(self.open.id, kind, edit)

    def _settings(self, **fields: Any) -> None:
        self.writer.update(**fields)
        self.writer.retry()
        self._step()
