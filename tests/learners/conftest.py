"""Fixtures of the learner tests: a study of one painted disc, and an untrained project's folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from training.conftest import disc_of, strokes, table

from unetstudio.data.case import Case, Source
from unetstudio.data.labels import LabelMap
from unetstudio.data.study import Study, StudyCase
from unetstudio.settings import TrainingSettings


@pytest.fixture
def study() -> Study:
    """Make a study of one picture with strokes of two classes."""
    scan, truth = disc_of(0)
    case = Case("case0", "case0", Source(Path("0.png")), "", scan.shape, 1)
    return Study(table(2), [StudyCase(case, lambda: scan, LabelMap(strokes(truth)))])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Make the folder of a project."""
    folder = tmp_path / "disc.unetstudio"
    (folder / "cases").mkdir(parents=True)
    return folder


@pytest.fixture
def endless() -> TrainingSettings:
    """Return settings of a small training without a budget, whose rounds take a few steps."""
    return TrainingSettings(depth=2, base=4, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.05, learning_rate=1e-2)
