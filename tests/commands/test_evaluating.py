"""The command `evaluate` on numbered objects, probabilities and tables."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

Command = Callable[..., Any]


@pytest.fixture
def cells(tmp_path: Path) -> tuple[Path, Path]:
    """Two touching cells found as one, and the truth with a number for each, above 255."""
    true = np.zeros((30, 40), np.uint16)
    true[5:15, 5:15], true[5:15, 15:21] = 1000, 2000
    for folder, mask in (("found", (true > 0).astype(np.uint8)), ("true", true)):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "a.png"), mask)
    return tmp_path / "found", tmp_path / "true"


def test_that_numbered_objects_are_scored_as_objects_and_as_a_class(command: Command, cells: tuple[Path, Path]) -> None:
    found = command("evaluate", *cells, "--metrics", "seg,ap50,dice", "--map", "1+=1", "--json").events[-1]
    assert found["seg"]["mean"] == pytest.approx((100 / 160 + 60 / 160) / 2)
    assert found["ap50"]["mean"] == pytest.approx(1 / 2)
    assert found["dice"]["mean"] == 1


def test_that_numbers_taken_for_classes_are_refused_with_both_ways_out(command: Command, cells: tuple[Path, Path]) -> None:
    sentence = command("evaluate", *cells).sentence
    assert "--map 1+=1" in sentence
    assert "--metrics seg" in sentence


def test_that_the_table_is_written_for_spreadsheets(command: Command, cells: tuple[Path, Path], tmp_path: Path) -> None:
    assert command("evaluate", *cells, "--metrics", "seg,hd95", "--map", "1+=1", "--csv", tmp_path / "scores.csv").status == 0
    rows = list(csv.reader((tmp_path / "scores.csv").read_text().splitlines()))
    assert rows[0] == ["case", "seg", "hd95 (mm)"]
    assert rows[1][0] == "a"
    assert rows[-1] == ["all", "0.5000", "0.0000"]


def test_that_probabilities_beside_the_masks_are_tried_at_every_threshold(command: Command, tmp_path: Path) -> None:
    wall = np.zeros((21, 21), np.uint8)
    wall[10] = 1
    for folder, mask in (("found", np.zeros_like(wall)), ("true", wall)):
        (tmp_path / folder).mkdir()
        cv2.imwrite(str(tmp_path / folder / "a.png"), mask)
    sides = tmp_path / "found", tmp_path / "true"
    assert command("evaluate", *sides, "--metrics", "v_rand", "--json").events[-1]["v_rand"]["mean"] < 0.9
    shares = np.stack([255 - wall * 80, wall * 80])[:, None].astype(np.uint8)
    np.savez_compressed(tmp_path / "found" / "a_probabilities.npz", probabilities=shares, values=np.array([0, 1], np.uint8))
    assert command("evaluate", *sides, "--metrics", "v_rand", "--json").events[-1]["v_rand"]["mean"] == pytest.approx(1)
    (tmp_path / "found" / "a_probabilities.npz").write_bytes(b"nothing")
    assert "predict with --probabilities again" in command("evaluate", *sides, "--metrics", "v_rand").sentence
