"""What a command or a dialog may write over, and what never."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest

from unetstudio.errors import UserError
from unetstudio.project.output_guard import guard_onnx, guard_output
from unetstudio.project.project import Project


@pytest.mark.parametrize("force", [False, True])
def test_that_an_image_is_never_written_over(tmp_path: Path, force: bool) -> None:
    cv2.imwrite(str(tmp_path / "scan.png"), np.zeros((4, 4), np.uint8))
    (tmp_path / "scan.png").rename(tmp_path / "table.csv")  # whatever its name
    with pytest.raises(UserError, match="never written over"):
        guard_output(tmp_path / "table.csv", b"case,", force=force)


@pytest.mark.parametrize("name", ["project.json", "new.csv", "cases/strokes-0.journal"])
def test_that_nothing_is_written_into_a_project(project: Project, name: str) -> None:
    with pytest.raises(UserError, match="holds only the program's own files"):
        guard_output(project.folder / name, b"{", force=True)


def test_that_a_file_of_an_earlier_run_may_be_replaced_and_another_one_only_by_force(tmp_path: Path) -> None:
    path = tmp_path / "scores.csv"
    guard_output(path, b"case,")
    path.write_text("case,dice\n")
    guard_output(path, b"case,")
    path.write_text("patient,age\n")
    with pytest.raises(UserError, match="--force"):
        guard_output(path, b"case,")
    guard_output(path, b"case,", force=True)
    assert path.read_text() == "patient,age\n"


def test_that_links_and_folders_are_not_written_over(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "link.csv").symlink_to(tmp_path / "gone")
    for name in ("folder.csv", "link.csv"):
        with pytest.raises(UserError, match="no ordinary file"):
            guard_output(tmp_path / name, b"case,", force=True)


def test_that_the_cards_beside_a_network_are_guarded_too(tmp_path: Path) -> None:
    (tmp_path / "net.onnx.json").write_text("mine")
    with pytest.raises(UserError, match=r"net\.onnx\.json"):
        guard_onnx(tmp_path / "net")
