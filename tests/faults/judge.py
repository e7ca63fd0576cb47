"""The judge of a project after a fault: it opens the project as the program does and reports broken promises in words."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from faults.story import Story, dab, state
from faults.trace import Mark, Operation

from unetstudio.data.labels import LabelMap
from unetstudio.errors import UserError
from unetstudio.project import checkpoints, prediction_file
from unetstudio.project.audit import audit_trail
from unetstudio.project.manifest_file import is_project
from unetstudio.project.project import Project
from unetstudio.project.record import Kind

NOBODY = 2**31 - 2
"""A process id that no system uses."""


class Promises:
    """The promises that the story had made by the last of these operations."""

    def __init__(self, operations: Iterable[Operation]) -> None:
        self.labels: dict[str, int] = {}
        self.begun: dict[str, int] = {}
        self.manifest = self.begun_manifest = self.weights = -1
        for operation in operations:
            if isinstance(operation, Mark):
                self.note(*operation.what)

    def note(self, what: str, *more: object) -> None:
        """Record a promise, or one that is about to be made."""
        match what, *more:
            case "begin", str(case), int(number):
                self.begun[case] = number
            case "labels", str(case), int(number):
                self.labels[case] = number
            case "begin manifest", int(number):
                self.begun_manifest = number
            case "manifest", int(number):
                self.manifest = self.begun_manifest = number
            case "weights", int(number):
                self.weights = number


def bury(folder: Path) -> None:
    """Change the lock to that of a dead process, as after a kill or a power cut."""
    for lock in (folder / "lock", *folder.glob(".lock.*")):  # and the claim of who was taking it over
        if lock.exists():
            lock.write_bytes(re.sub(rb'"pid": \d+', b'"pid": %d' % NOBODY, lock.read_bytes()))


def fault(folder: Path, story: Story, promised: Promises, *, goes_on: bool = True, lists: bool = True) -> str:
    """Return the fault of the project of `folder`, or "": it must open, hold everything promised, and take further strokes.

    Without `lists` the list of cases may be any one that was saved.
    """
    bury(folder)
    try:
        if not is_project(folder):
            return "" if promised.manifest < 0 else "the project is gone"
        with Project.open(folder) as project:
            return (
                (_list_fault(project, story, promised) if lists else "")
                or next((f for case in project.cases if (f := _case_fault(project, case.id, story, promised, goes_on))), "")
                or _weights_fault(project, story, promised)
            )
    except UserError as error:
        return f"refused: {error}"


def _list_fault(project: Project, story: Story, promised: Promises) -> str:
    if project.read_only or project.notices:
        return f"opened with {project.notices}"
    manifest = project.manifest
    for number in range(max(0, promised.manifest), max(0, promised.begun_manifest) + 1):
        expected = story.manifests[number]
        if (manifest.classes, manifest.view) == (expected.classes, expected.view) and _alike(manifest.cases, expected.cases):
            return ""
    return "another list than the saved one"


def _alike(cases: Iterable[object], others: Iterable[object]) -> bool:
    def key(case: object) -> tuple[object, ...]:
        return (case.id, case.review, case.shape, case.name)  # type: ignore[attr-defined]

    return [key(case) for case in cases] == [key(case) for case in others]


def _case_fault(project: Project, case_id: str, story: Story, promised: Promises, goes_on: bool) -> str:
    case = story.cases[case_id]
    store = project.store(case)
    loaded = store.load(case.shape)
    wrong = labels_fault(loaded.labels, story, promised, case_id)
    if wrong or (loaded.recovered and "damaged" in loaded.recovered):
        return wrong or f"{case.name}: {loaded.recovered}"
    prediction = prediction_file.load(project.folder_of(case), case.shape)
    if prediction and (story.prediction is None or not np.array_equal(prediction.probabilities, story.prediction.probabilities)):
        return f"{case.name}: another prediction than the saved one"
    if goes_on:
        store.append(Kind.EDIT, dab(loaded.labels, 99))
        again = project.store(case).load(case.shape)
        if not np.array_equal(state(again.labels), state(loaded.labels)) or again.recovered:
            return f"{case.name}: a stroke after the fault is not there on the next opening ({again.recovered})"
        if not all(line.chain_ok for line in audit_trail(project.folder_of(case))):
            return f"{case.name}: the record of who painted what is said to be broken"
    return ""


def labels_fault(labels: LabelMap, story: Story, promised: Promises, case_id: str) -> str:
    """Check that labels are those of the last promised record, or of the record that was being written."""
    states = story.labels.get(case_id)
    if not states:
        return ""
    first = promised.labels.get(case_id, 0)
    last = max(first, promised.begun.get(case_id, 0))
    found = state(labels)
    if any(np.array_equal(found, states[number]) for number in range(first, last + 1)):
        return ""
    which = next((number for number, known in enumerate(states) if np.array_equal(found, known)), None)
    return f"{case_id}: labels of record {which}, promised were those of {first}" if which is not None else f"{case_id}: unknown labels"


def _weights_fault(project: Project, story: Story, promised: Promises) -> str:
    if promised.weights < 0:
        return ""
    newest = checkpoints.newest(project.checkpoints_folder)
    if newest is None or newest.id not in story.weights[promised.weights :]:
        return "the newest weights are not there"
    return "" if hashlib.sha256(newest.path.read_bytes()).hexdigest() == newest.id else "the newest weights are damaged"
