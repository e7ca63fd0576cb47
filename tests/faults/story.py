"""A day with a small project, for a recorder: two cases, strokes, undo, generations, settings, weights, a second session.

The program's promises (a stroke is saved, a list is saved) are marked between the changes of the disk, so that the state after a fault can
be compared with them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case, ReviewState, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.geometry import Geometry
from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.project import durable, prediction_file
from unetstudio.project.case_changes import changed
from unetstudio.project.manifest import Manifest
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.store import LabelStore

CLASSES = ClassTable.named(["Background", "Cell", "Nucleus"], [(0, 0, 0), (200, 30, 30), (30, 30, 200)])
NAME = "study.unetstudio"
Marking = Callable[..., None]


def picture(number: int, shape: tuple[int, int, int] = (1, 30, 40)) -> Case:
    """Make a case whose image would lie beside the project; it is never read."""
    source = Source(Path(f"/images/picture {number}.png"))
    return Case(f"{number:016x}", f"picture {number}", source, f"{number:064x}", shape, 1, "PNG", Geometry())


def dab(labels: LabelMap, number: int, size: int = 9) -> Edit:
    """Paint the n-th stroke, always the same, and return its Edit, already applied."""
    made = begun(labels, number, size)
    edit = made.commit()
    assert edit is not None
    return edit


def begun(labels: LabelMap, number: int, size: int = 9) -> Stroke:
    """Begin the n-th stroke."""
    random = np.random.default_rng(number)
    depth, height, width = labels.shape
    z, y, x = (int(random.integers(length)) for length in (depth, max(1, height - size), max(1, width - size)))
    made = Stroke(labels, number % 3, tool="brush")
    mask = random.random((1, size, size)) < 0.7
    mask[0, 0, 0] = labels.values[z, y, x] != number % 3
    made.paint(Region((z, y, x), (z + 1, y + size, x + size)), mask)
    return made


def state(labels: LabelMap) -> NDArray[np.uint8]:
    """Return values and origins (2, Z, Y, X)."""
    return np.stack([labels.values, labels.origin])


@dataclass
class Story:
    """The expected content of the project: the labels of each case after each record, every saved list, and the weights."""

    cases: dict[str, Case] = field(default_factory=dict)
    labels: dict[str, list[NDArray[np.uint8]]] = field(default_factory=dict)
    manifests: list[Manifest] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)
    prediction: Prediction | None = None


class Painter:
    """A painter on one case, like the window and the disk thread, that marks promises."""

    def __init__(self, story: Story, case: Case, store: LabelStore, mark: Marking) -> None:
        self._story, self._case, self._store, self._mark = story, case, store, mark
        self.labels = store.load(case.shape).labels
        self.history: History[Edit] = History()
        self._states = story.labels.setdefault(case.id, [state(self.labels)])

    def stroke(self, number: int) -> None:
        """Paint a stroke from press to release."""
        edit = dab(self.labels, number)
        self._append(Kind.EDIT, edit)
        self.history.push(edit)

    def long_stroke(self, number: int, *, ends: bool | None) -> None:
        """Save a stroke in three parts; it ends, is cancelled (False), or stays unfinished (None)."""
        stroke = begun(self.labels, number)
        for more in range(3):
            if more:
                _, height, width = self.labels.shape
                mask = np.random.default_rng(number + more).random((1, 4, 4)) < 0.8
                corner = (0, number * more % (height - 4), (number + 9 * more) % (width - 4))
                stroke.paint(Region(corner, (1, corner[1] + 4, corner[2] + 4)), mask)
            if part := stroke.part():
                self._append(Kind.PARTIAL, part)
        if ends:
            edit = stroke.commit()
            assert edit is not None
            self._append(Kind.EDIT, edit)
            self.history.push(edit)
        elif ends is False:
            stroke.rollback()
            self._append(Kind.CANCEL, None)

    def undo(self) -> None:
        change = self.history.undo()
        assert change is not None
        self.labels.apply(change.inverse())
        self._append(Kind.UNDO, change.inverse())

    def redo(self) -> None:
        change = self.history.redo()
        assert change is not None
        self.labels.apply(change)
        self._append(Kind.REDO, change)

    def generation(self) -> None:
        self._store.checkpoint(self.labels)

    def note(self, event: str) -> None:
        self._store.note({"event": event})

    def _append(self, kind: Kind, edit: Edit | None) -> None:
        self._states.append(state(self.labels))
        number = len(self._states) - 1
        self._mark("begin", self._case.id, number)
        self._store.append(kind, edit)
        self._mark("labels", self._case.id, number)


def tell(folder: Path, mark: Marking) -> Story:
    """Live the day in `folder` (which does not exist yet); the second session ends without closing."""
    story = Story()
    project = Project.create(folder, CLASSES)
    story.manifests.append(project.manifest)
    mark("manifest", 0)
    project.hold_reserve()
    first, second = project.add_cases([picture(1), picture(2, (4, 20, 24))])
    _save(project, story, mark)
    story.cases = {first.id: first, second.id: second}
    one = Painter(story, first, project.store(first), mark)
    for number in range(1, 6):
        one.stroke(number)
    one.undo()
    one.undo()
    one.redo()
    one.long_stroke(30, ends=True)
    one.long_stroke(31, ends=False)
    one.generation()
    two = Painter(story, second, project.store(second), mark)
    for number in range(20, 24):
        two.stroke(number)
        two.generation()
    two.undo()
    one.note("accepted")
    project.update(cases=changed(project.cases, first.id, review=ReviewState.ACCEPTED))
    _save(project, story, mark)
    _weights(project, story, 1, mark)
    for number in range(6, 10):
        one.stroke(number)
    one.generation()
    one.stroke(10)
    one.generation()
    project.update(classes=project.classes.added("Wall", (9, 9, 9)), view={"slice": 3})
    _save(project, story, mark)
    _predict(project, story, first, mark)
    _weights(project, story, 2, mark)
    one.stroke(11)
    one.generation()
    project.close()
    project = Project.open(folder)
    project.hold_reserve()
    one = Painter(story, first, project.store(first), mark)
    one.stroke(12)
    two = Painter(story, second, project.store(second), mark)
    two.stroke(24)
    two.stroke(25)
    project.update(cases=changed(project.cases, second.id, review=ReviewState.REJECTED))
    _save(project, story, mark)
    one.long_stroke(33, ends=True)
    one.note("rejected")
    one.stroke(13)
    two.long_stroke(34, ends=None)
    one.long_stroke(35, ends=None)
    return story


def _save(project: Project, story: Story, mark: Marking) -> None:
    story.manifests.append(project.manifest)
    mark("begin manifest", len(story.manifests) - 1)
    project.save()
    mark("manifest", len(story.manifests) - 1)


def _weights(project: Project, story: Story, step: int, mark: Marking) -> None:
    """Write weights and then their card, as `networks.checkpoint` does; without torch, for speed."""
    weights = np.random.default_rng(step).bytes(3000)
    name = hashlib.sha256(weights).hexdigest()
    path = project.checkpoints_folder / f"{name}.safetensors"
    values = {"network": "unet", "step": step, "seconds": 1.0, "score": 0.5, "created": f"2026-01-0{step}T00:00:00+00:00"}
    durable.save(path, weights)
    durable.save(path.with_suffix(".json"), json.dumps({**values, "id": name, "classes": CLASSES.to_json()}).encode())
    story.weights.append(name)
    mark("weights", len(story.weights) - 1)


def _predict(project: Project, story: Story, case: Case, mark: Marking) -> None:
    story.prediction = Prediction(case.shape, (0, 1), "a" * 64)
    story.prediction.probabilities[:] = np.random.default_rng(5).integers(0, 256, (2, *case.shape), np.uint8)
    prediction_file.save(project.folder_of(case), story.prediction)
    mark("prediction")
