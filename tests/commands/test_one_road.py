"""Every way to a segmentation gives the same one: by command or in the window, of a case or of its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.formats import read_mask
from unetstudio.inference import network_predictor
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.worker.file_messages import AverageCases, PredictFolder
from unetstudio.worker.jobs import average_cases, predict_folder
from unetstudio.worker.messages import OpenStudy
from unetstudio.workspace.export import ExportChoice, export, stored

Command = Callable[..., Any]
NAMES = ("disc_0.png", "disc_1.png")


def painted(project: Path) -> None:
    """Three rows of the first case painted as disc."""
    with Project.open(project) as opened:
        case = opened.cases[0]
        store = opened.store(case)
        stroke = Stroke(store.load(case.shape).labels, 1, tool="brush")
        stroke.paint(Region((0, 0, 0), (1, 3, 48)), np.ones((1, 3, 48), np.bool_))
        edit = stroke.commit()
        assert edit is not None
        store.append(Kind.EDIT, edit)


def masks(folder: Path) -> list[NDArray[Any]]:
    return [read_mask(folder / name)[0] for name in NAMES]


def in_the_window(project: Path, images: Path, out: Path) -> tuple[Path, Path]:
    """Masks of a folder, and an export averaged over mirrored images, by the jobs of the window."""
    with Project.open(project) as opened:
        study = OpenStudy(opened.folder, opened.classes, opened.cases)
        list(predict_folder(PredictFolder(1, images=(images,), out=out / "folder"), study))
        list(average_cases(AverageCases(1, cases=tuple(case.id for case in opened.cases)), study))
        list(export(stored(opened, averaged=True), opened.cases, opened.classes, out / "export", ExportChoice("segmentation")))
    return out / "folder", out / "export"


@pytest.mark.parametrize("options", [("norm=batch", "augment=yes"), ("norm=group",)])
def test_that_every_way_to_a_segmentation_gives_the_same_mask(
    command: Command,
    labelled: Path,
    images: Path,
    tmp_path: Path,
    small: tuple[str, ...],
    options: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of several tiles: exact and averaged over mirrored images, or blended."""
    monkeypatch.setattr(network_predictor, "TILE_VALUES", 2**14)
    painted(labelled)
    assert command("train", labelled, "--steps", 4, *small, *(word for option in options for word in ("--set", option))).status == 0
    assert command("predict", labelled, "--out", tmp_path / "cases").status == 0
    assert command("predict", labelled, images, "--out", tmp_path / "files").status == 0
    assert command("export", labelled, "--format", "png", "--out", tmp_path / "exported", "--what", "segmentation").status == 0
    expected = masks(tmp_path / "cases")
    assert (expected[0][0, :3] == 1).all()
    for folder in (tmp_path / "files", tmp_path / "exported", *in_the_window(labelled, images, tmp_path)):
        assert all(np.array_equal(mask, wanted) for mask, wanted in zip(masks(folder), expected, strict=True)), folder
