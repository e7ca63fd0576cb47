"""Make the golden project of the current version of the program: `python tests/golden/make.py version-2.zip` (README.md beside it)."""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
import zipfile
from pathlib import Path

import cv2
import numpy as np
import torch

from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.history import History
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.stroke import Stroke
from unetstudio.formats import discover, read
from unetstudio.inference.collect import collect
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.networks import checkpoint as checkpoints
from unetstudio.networks.network import create
from unetstudio.project import durable, prediction_file
from unetstudio.project.case_changes import changed
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.workspace.add_images import read_images

SIZE = (40, 56)


def digest(array: np.ndarray) -> str:
    """Return the SHA-256 of the bytes."""
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def picture(path: Path, seed: int) -> None:
    """Make a synthetic picture of blobs on a gradient."""
    random = np.random.default_rng(seed)
    values = np.tile(np.linspace(60, 120, SIZE[1], dtype=np.float32), (SIZE[0], 1)) + random.normal(0, 6, SIZE).astype(np.float32)
    for _ in range(5):
        cv2.circle(values, (int(random.integers(SIZE[1])), int(random.integers(SIZE[0]))), int(random.integers(3, 8)), 210.0, -1)
    cv2.imwrite(str(path), np.clip(values, 0, 255).astype(np.uint8))


def stroke(labels: LabelMap, number: int) -> Edit:
    """Paint the n-th stroke and return its Edit, already applied."""
    random = np.random.default_rng(number)
    y, x = int(random.integers(SIZE[0] - 8)), int(random.integers(SIZE[1] - 8))
    made = Stroke(labels, number % 3, tool="brush")
    made.paint(Region((0, y, x), (1, y + 8, x + 8)), random.random((1, 8, 8)) < 0.8)
    edit = made.commit()
    assert edit is not None
    return edit


def paint(project: Project, case_id: str, first: int, count: int, *, generations: bool) -> LabelMap:
    """Paint strokes with undo and redo between them; the last step is an undo."""
    case = project.case(case_id)
    store = project.store(case)
    loaded = store.load(case.shape)
    labels, history = loaded.labels, History[Edit]()
    for number in range(first, first + count):
        edit = stroke(labels, number)
        history.push(edit)
        store.append(Kind.EDIT, edit)
        if number % 3 == 2 and (undone := history.undo()):
            labels.apply(undone.inverse())
            store.append(Kind.UNDO, undone.inverse())
        if number % 6 == 5 and (again := history.redo()):
            labels.apply(again)
            store.append(Kind.REDO, again)
        if generations and number % 4 == 3:
            store.checkpoint(labels)
    last = history.undo()
    assert last is not None
    labels.apply(last.inverse())
    store.append(Kind.UNDO, last.inverse())
    return labels


def learned(project: Project, scan: Scan) -> tuple[NetworkPredictor, str]:
    """Make a small network with non-trivial weights and save it as a checkpoint."""
    torch.manual_seed(1)
    intensity = Intensity.fit([scan])
    network = create("unet", intensity.channels_out(1), len(project.classes), 2, depth=1, base=4)
    for name, value in network.named_buffers():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2)
    card = checkpoints.Checkpoint(
        "unet",
        network.config.to_json(),
        project.classes,
        intensity.to_json(),
        step=7,
        seconds=1.5,
        score=0.5,
        class_scores={0: 0.75, 1: 0.5, 2: 0.25},
        settings=project.manifest.training.to_json(),
        training_cases=tuple(case.id for case in project.cases),
    )
    moments = {"moments": [torch.ones(3), {"step": 7}]}
    identity, path = checkpoints.save(project.checkpoints_folder, card, network.state_dict(), moments, write=durable.save)
    return NetworkPredictor.load(path, "cpu"), identity


def make(folder: Path) -> None:
    """Make images/, study.unetstudio/ and expected.json in a folder."""
    images = folder / "images"
    images.mkdir()
    for seed, name in enumerate(("left.png", "right.png")):
        picture(images / name, seed)
    classes = ClassTable.named(["background", "cell", "wall"], [(0, 0, 0), (220, 60, 40), (40, 120, 220)])
    with Project.create(folder / "study.unetstudio", classes) as project:
        found = list(read_images(discover([images])))
        project.add_cases([item.case for item in found])
        for item in found:
            durable.save(project.cache / "thumbnails" / f"{item.case.id}.png", item.thumbnail)
        project.save()
        left, right = (case.id for case in project.cases)
        labels = {left: paint(project, left, 1, 15, generations=True), right: paint(project, right, 100, 4, generations=False)}
        labels[right] = paint(project, right, 200, 3, generations=False)  # a second session with its own journal
        table = project.classes.changed(1, name="nucleus", colour=(10, 200, 90), locked=True).added("vessel", (200, 200, 0)).removed(3)
        project.update(classes=table, view={"case": right})
        project.update(cases=changed(project.cases, left, review=type(project.case(left).review)("corrected")))
        project.update(cases=changed(project.cases, right, review=type(project.case(right).review)("accepted")))
        project.save()
        scan = read(project.case(left).source)
        predictor, identity = learned(project, scan)
        kept = prediction_file.Prediction(scan.shape, predictor.values)
        for _ in collect(predictor.predict(scan, PredictionRequest(left)), kept):
            pass
        prediction_file.save(project.folder_of(left), kept)
        durable.save(project.folder / "runs" / "20260101T000000Z.jsonl", b'{"event": "TrainingStarted", "time": 1767225600.0}\n')
        expected = {
            "classes": [[c.value, c.name, list(c.colour), c.locked] for c in project.classes],
            "cases": {
                case.name: {
                    "id": case.id,
                    "review": case.review.value,
                    "values": digest(labels[case.id].values),
                    "origin": digest(labels[case.id].origin),
                }
                for case in project.cases
            },
            "checkpoint": identity,
            "probabilities": digest(kept.probabilities),
            "classes found": np.bincount(kept.probabilities.argmax(0).ravel(), minlength=len(predictor.values)).tolist(),
        }
    (folder / "expected.json").write_text(json.dumps(expected, indent=1))


def main(archive: Path) -> None:
    """Make the project and pack it, with fixed times and no owner."""
    os.environ["LOGNAME"] = "clinician"  # instead of the account's name in the journal
    with tempfile.TemporaryDirectory() as place, zipfile.ZipFile(archive, "x", zipfile.ZIP_DEFLATED) as packed:
        make(Path(place))
        for path in sorted(p for p in Path(place).rglob("*") if p.is_file()):
            packed.writestr(
                zipfile.ZipInfo(path.relative_to(place).as_posix(), (2026, 1, 1, 0, 0, 0)), path.read_bytes(), zipfile.ZIP_DEFLATED
            )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
