"""A small training study: pictures of a noisy disc with strokes of both classes."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.settings import TrainingSettings

SMALL = TrainingSettings(steps=30, depth=2, base=4, patch=32, batch=2, device="cpu", threads=1, learning_rate=1e-2)


def disc(seed: int, edge: int = 64) -> tuple[np.ndarray, np.ndarray]:
    """Make a picture (1, 1, Y, X) float32 and its truth (1, Y, X)."""
    rng = np.random.default_rng(seed)
    _, y, x = np.indices((1, edge, edge))
    truth = ((y - edge / 2) ** 2 + (x - edge / 2) ** 2 < (edge / 4) ** 2).astype(np.uint8)
    return (60 + 90 * truth + rng.normal(0, 15, truth.shape)).astype(np.float32)[None], truth


def study_of(*pictures: np.ndarray, edge: int = 64) -> Study:
    """Make a study with a case for each picture (1, 1, Y, X), every ninth row labelled."""
    members = []
    for n, voxels in enumerate(pictures):
        painted = np.full((1, edge, edge), UNLABELLED, np.uint8)
        painted[:, ::9] = disc(n, edge)[1][:, ::9]
        case = Case(f"case{n}", f"case{n}", Source(Path(f"{n}.png")), "", (1, edge, edge), 1)
        members.append(StudyCase(case, lambda voxels=voxels: Scan(voxels), LabelMap(painted)))
    return Study(ClassTable.named(["ground", "disc"], [(0, 0, 0), (9, 9, 9)]), members)
