"""Fixtures of the workspace tests: two pictures, and a project made of them as the window does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from discs import write_discs

from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.workspace.add_images import CaseRead, open_images
from unetstudio.workspace.open_project import OpenProject
from unetstudio.workspace.user_folders import documents


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Make two grey pictures, 96 x 80, of bright discs on a dark background."""
    return write_discs(tmp_path / "images")


def made_of(paths: list[Path]) -> OpenProject:
    """Read images into a project, made where there is none, and list the cases."""
    project: OpenProject | None = None
    for event in open_images(paths, None, documents()):
        if isinstance(event, OpenProject):
            project = event
        elif isinstance(event, CaseRead) and project is not None:
            project.cases.add(event.case)
    assert project is not None
    project.writer.retry()
    return project


@pytest.fixture
def project(images: list[Path]) -> Iterator[OpenProject]:
    """Make a project of the two images, open for writing."""
    made = made_of(images)
    yield made
    made.close()


@pytest.fixture
def stroke() -> Callable[..., Edit]:
    """Paint a bar of four rows on labels, and return the Edit."""

    def paint(labels: LabelMap, row: int, value: int = 1) -> Edit:
        made = Stroke(labels, value, tool="brush")
        made.paint(Region((0, row, 10), (1, row + 4, 60)), np.ones((1, 4, 50), np.bool_))
        edit = made.commit()
        assert edit is not None
        return edit

    return paint
