"""`python -m faults.crowded FOLDER HOW`: paint in FOLDER until its disk is really full, check that this is reported, make room, go on.

HOW: "disk" (a small file system), "reserve" (one that has room for the reserve), "size" (the system allows no larger files). It prints
its observations as JSON; those that are wrong are under "faults".
"""

from __future__ import annotations

import json
import os
import resource
import sys
from pathlib import Path

import numpy as np
from faults.story import CLASSES, NAME, picture, state

from unetstudio.data.labels import LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.scan import Scan
from unetstudio.errors import UserError
from unetstudio.project import store as stores
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.workspace.project_writer import ProjectWriter

SHAPE = (1, 900, 900)
MOST = 400


def paint(labels: LabelMap, number: int) -> object:
    """Paint noise over the whole picture: a stroke of about 300 kB that cannot be compressed."""
    values = np.random.default_rng(number).integers(0, 3, SHAPE).astype(np.uint8)
    edit = labels.change(np.ones(SHAPE, bool), values, Origin.PAINTED, "brush")
    labels.apply(edit)  # type: ignore[arg-type]
    return edit


def fill(place: Path) -> int:
    """Fill the disk and return the bytes that were free."""
    taken = 0
    with place.open("wb", buffering=0) as file:
        for size in (2**20, 4096, 1):
            while True:
                try:
                    taken += file.write(b"x" * size)
                except OSError:
                    break
    return taken


def main(root: Path, how: str) -> dict[str, object]:
    """Run the test and return its observations."""
    stores.STROKES = 10  # a new generation after so many
    seen: dict[str, object] = {"faults": []}
    faults: list[str] = []
    case = picture(1, SHAPE)
    writer = ProjectWriter(Project.create(root / NAME, CLASSES), root / "documents")
    seen["reserve"] = (root / NAME / ".reserve").exists()
    writer.update(cases=(case,))
    writer.retry()
    labels = writer.open_case(case, Scan(np.zeros((1, *SHAPE), np.uint8))).labels
    handles = len(os.listdir("/proc/self/fd"))  # noqa: PTH208
    if how == "reserve":
        writer.append(case.id, Kind.EDIT, paint(labels, 0))  # type: ignore[arg-type]
        seen["filled"] = fill(root / "filler")
    kept, sentence = state(labels), ""
    for number in range(1, MOST):
        if how == "size" and number == 4:
            resource.setrlimit(resource.RLIMIT_FSIZE, (10**5, resource.RLIM_INFINITY))
        edit = paint(labels, number)
        try:
            writer.append(case.id, Kind.EDIT, edit)  # type: ignore[arg-type]
        except UserError as error:
            sentence = str(error)
            break
        kept = state(labels)
        seen["saved"] = number
    seen["said"] = sentence
    with Project.open(root / NAME, read_only=True) as other:
        found = state(other.store(case).load(SHAPE).labels)
        stored = np.array_equal(found, state(labels))  # the next generation, or its journal's move, was refused
        if not (stored or np.array_equal(found, kept)):
            faults.append("what was saved is not there while the disk is full")
    for _ in range(3):
        try:
            writer.retry()
        except UserError:
            continue
        if not stored:
            faults.append("a full disk took a stroke")
    if len(os.listdir("/proc/self/fd")) > handles:  # noqa: PTH208
        faults.append("descriptors are left open")
    if left := [path.name for path in (root / NAME).rglob("*.tmp")]:
        faults.append(f"temporary files are left: {left}")
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    (root / "filler").unlink(missing_ok=True)
    if how == "disk":
        for past in (root / NAME / "cases" / case.id / "past").glob("*"):
            past.unlink()
    writer.beat()
    seen["reserve again"] = (root / NAME / ".reserve").exists()
    writer.append(case.id, Kind.EDIT, paint(labels, MOST))  # type: ignore[arg-type]
    writer.close()
    with Project.open(root / NAME) as again:
        if not np.array_equal(state(again.store(case).load(SHAPE).labels), state(labels)):
            faults.append("after room was made, not all strokes are there")
    seen["faults"] = faults
    return seen


if __name__ == "__main__":
    sys.stdout.write(json.dumps(main(Path(sys.argv[1]), sys.argv[2])))
