"""Projects for benchmarks: made of examples, with labels stored as imported, and trained and predicted by the command line."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from stroke_sets import Example

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import Origin
from unetstudio.data.palette import colours
from unetstudio.formats import read_mask_onto
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.workspace.add_images import CaseRead, read_images

Labels = NDArray[np.uint8]


def make_project(
    folder: Path, names: list[str], examples: Sequence[Example], labels: Sequence[Labels] = ()
) -> tuple[ClassTable, list[Case]]:
    """Make a project of examples, store the labels (Z, Y, X) of the first of them, and return its classes and its cases in this order."""
    with Project.create(folder, ClassTable.named(names, colours(len(names)))) as project:
        found = [event.case for event in read_images([example.source for example in examples]) if isinstance(event, CaseRead)]
        if len(found) < len(examples):
            raise SystemExit(f"Only {len(found)} of {len(examples)} images of {examples[0].source.path.parent} can be used.")
        cases = list(project.add_cases(found))
        for case, values in zip(cases, labels, strict=False):
            store = project.store(case)
            stored = store.load(case.shape).labels
            edit = stored.change(values != UNLABELLED, values, Origin.IMPORTED, "import")
            if edit is not None:
                store.append(Kind.EDIT, edit)
        project.save()
        return project.classes, cases


def command(*words: object) -> list[dict[str, object]]:
    """Run a command of the program in its own process and return its events."""
    run = subprocess.run([sys.executable, "-m", "unetstudio", *map(str, words), "--json"], capture_output=True, text=True, check=False)
    if run.returncode:
        raise RuntimeError(f"unetstudio {words[0]}: {run.stderr.strip().splitlines()[-1]}")
    return [json.loads(line) for line in run.stdout.splitlines()]


def predicted(project: Path, examples: Sequence[Example], out: Path) -> list[Labels]:
    """Predict the examples by the command line into the folder `out`, and return the masks (Z, Y, X)."""
    events = command("predict", project, *(example.source.path for example in examples), "--out", out)
    masks = {event["image"]: Path(str(event["path"])) for event in events if event["event"] == "mask"}
    paths = [masks[str(example.source.path)] for example in examples]
    return [read_mask_onto(path, e.scan.shape, e.scan.geometry).astype(np.uint8) for path, e in zip(paths, examples, strict=True)]
