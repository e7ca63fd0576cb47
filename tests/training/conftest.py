"""Fixtures of the training tests: a bright disc on a dark background, painted or fully labelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.settings import TrainingSettings


def disc_of(seed: int, shape: tuple[int, int, int] = (1, 64, 64)) -> tuple[Scan, np.ndarray]:
    """Make a picture or volume (uint8, noisy) and its truth."""
    rng = np.random.default_rng(seed)
    z, y, x = np.indices(shape)
    middle = np.array(shape) / 2 + rng.uniform(-6, 6, 3) * (np.array(shape) > 1)
    truth = ((z - middle[0]) ** 2 + (y - middle[1]) ** 2 + (x - middle[2]) ** 2 < 15**2).astype(np.uint8)
    voxels = np.clip(60 + 90 * truth + rng.normal(0, 15, shape), 0, 255).astype(np.uint8)
    return Scan(voxels[None]), truth


def strokes(truth: np.ndarray, spare: int = 9) -> np.ndarray:
    """Keep only every n-th row of the truth; the rest is not annotated."""
    painted = np.full(truth.shape, UNLABELLED, np.uint8)
    painted[:, ::spare] = truth[:, ::spare]
    return painted


def paint(region: Region, value: int, origin: int = Origin.PAINTED) -> Edit:
    """Make an Edit that paints a whole unannotated box."""
    n = region.size
    before, none = np.full(n, UNLABELLED, np.uint8), np.zeros(n, np.uint8)
    mask = np.ones(region.shape, np.bool_)
    return Edit.of(region, mask, before, np.full(n, value, np.uint8), none, np.full(n, origin, np.uint8), tool="brush", value=value)


def table(n: int = 2) -> ClassTable:
    return ClassTable.named([f"class {i}" for i in range(n)], [(0, 0, 0)] * n)


@pytest.fixture
def disc() -> Callable[..., tuple[Scan, np.ndarray]]:
    """Return `disc(seed, shape=...)`, which makes a scan and its truth."""
    return disc_of


@pytest.fixture
def edit_of() -> Callable[..., Edit]:
    """Return `edit_of(region, value, origin=...)`."""
    return paint


@pytest.fixture
def make_study() -> Callable[..., Study]:
    """Return `make_study(cases=1, shape=..., dense=False, classes=2)`."""

    def make(cases: int = 1, shape: tuple[int, int, int] = (1, 64, 64), dense: bool = False, classes: int = 2) -> Study:
        members = []
        for n in range(cases):
            scan, truth = disc_of(n, shape)
            case = Case(f"case{n}", f"case{n}", Source(Path(f"{n}.png")), "", shape, 1)
            members.append(StudyCase(case, lambda scan=scan: scan, LabelMap(truth.copy() if dense else strokes(truth))))
        return Study(table(classes), members)

    return make


@pytest.fixture
def small() -> TrainingSettings:
    """Return settings of a network that learns a disc in seconds."""
    return TrainingSettings(steps=6, depth=2, base=4, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.2, learning_rate=1e-2)
