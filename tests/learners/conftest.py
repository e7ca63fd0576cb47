"""A study of one painted disc, and a project's folder without anything learnt."""

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
    """One picture with strokes of two classes."""
    scan, truth = disc_of(0)
    case = Case("case0", "case0", Source(Path("0.png")), "", scan.shape, 1)
    return Study(table(2), [StudyCase(case, lambda: scan, LabelMap(strokes(truth)))])


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project."""
    folder = tmp_path / "disc.unetstudio"
    (folder / "cases").mkdir(parents=True)
    return folder


@pytest.fixture
def endless() -> TrainingSettings:
    """A small learner without a budget, which ends a round every few steps."""
    return TrainingSettings(depth=2, base=4, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.05, learning_rate=1e-2)
