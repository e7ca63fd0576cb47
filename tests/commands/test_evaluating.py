"""The command `evaluate` on numbered objects, probabilities and tables."""

from __future__ import annotations

import csv
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

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


DISC = (np.hypot(*np.ogrid[-15:15, -20:20]) < 9).astype(np.uint8)
"""30 x 40."""
CODINGS: dict[str, Callable[[Path], object]] = {
    "0 and 1": lambda path: cv2.imwrite(str(path.with_suffix(".png")), DISC),
    "black and white": lambda path: cv2.imwrite(str(path.with_suffix(".png")), DISC * 255),
    "16 bits": lambda path: cv2.imwrite(str(path.with_suffix(".png")), DISC.astype(np.uint16) * 65_535),
    "colours": lambda path: cv2.imwrite(str(path.with_suffix(".png")), DISC[..., None] * np.uint8([0, 0, 255])),
    "real numbers": lambda path: tifffile.imwrite(path.with_suffix(".tif"), DISC * np.float32(0.99)),
    "not a number outside": lambda path: tifffile.imwrite(
        path.with_suffix(".tif"), np.where(np.arange(40) < 30, DISC.astype(np.float32), np.nan)
    ),
    "0 for white": lambda path: Image.fromarray(DISC > 0).save(path.with_suffix(".tif"), compression="group4", tiffinfo={262: 0}),
    "palette": lambda path: palette(DISC).save(path.with_suffix(".png")),
    "jpeg": lambda path: Image.fromarray(DISC * 255).save(path.with_suffix(".jpg")),
    "white throughout": lambda path: cv2.imwrite(str(path.with_suffix(".png")), np.full_like(DISC, 255)),
}
OVERLAPS = "dice,iou,seg,det,ap50,pq,surface_dice"


def palette(values: np.ndarray) -> Image.Image:
    image = Image.fromarray(values, "P")
    image.putpalette([0, 0, 0, 255, 0, 0])
    return image


def written(folder: Path, coding: str, name: str = "a") -> Path:
    folder.mkdir(exist_ok=True)
    CODINGS[coding](folder / name)
    return folder


@pytest.mark.parametrize("coding", CODINGS)
def test_that_a_mask_is_perfect_by_itself_in_every_metric_whatever_its_coding(command: Command, tmp_path: Path, coding: str) -> None:
    sides = written(tmp_path / "found", coding), written(tmp_path / "true", coding)
    found = command("evaluate", *sides, "--metrics", OVERLAPS, "--json").events[-1]
    assert {name: found[name]["mean"] for name in OVERLAPS.split(",")} == dict.fromkeys(OVERLAPS.split(","), 1)


@pytest.mark.parametrize("coding", ["black and white", "16 bits", "real numbers", "0 for white", "palette", "jpeg"])
def test_that_sides_of_different_codings_are_compared_as_what_they_mean(command: Command, tmp_path: Path, coding: str) -> None:
    sides = written(tmp_path / "found", "0 and 1"), written(tmp_path / "true", coding)
    for both in (sides, sides[::-1]):
        assert command("evaluate", *both, "--metrics", "dice", "--json").events[-1]["dice"]["mean"] == 1


def test_that_it_is_said_what_was_taken_for_what(command: Command, tmp_path: Path) -> None:
    said = command("evaluate", written(tmp_path / "found", "0 and 1"), written(tmp_path / "true", "black and white")).said
    assert "predicted: 0 is class 0, 1 is class 1 (by value)." in said
    assert "truth: 0 is class 0, 255 is class 1 (all masks are black and white)." in said


def test_that_a_white_mask_counts_among_black_and_white_ones(command: Command, tmp_path: Path) -> None:
    for side in ("found", "true"):
        written(tmp_path / side, "black and white")
        written(tmp_path / side, "white throughout", "b")
    scores = command("evaluate", tmp_path / "found", tmp_path / "true", "--metrics", "dice", "--json").events
    assert [event["dice"]["mean"] for event in scores] == [1, 1, 1]


def test_that_colours_are_not_compared_with_numbers_before_it_is_said_what_they_mean(command: Command, tmp_path: Path) -> None:
    sides = written(tmp_path / "found", "0 and 1"), written(tmp_path / "true", "colours")
    assert "--map '#ff0000=CLASS'" in command("evaluate", *sides).sentence
    assert command("evaluate", *sides, "--metrics", "dice", "--map", "#ff0000=1", "--json").events[-1]["dice"]["mean"] == 1


def test_that_classes_are_compared_by_their_names(command: Command, tmp_path: Path) -> None:
    for side, names, mask in (("found", "background\nliver\nspleen", DISC), ("true", "background\nspleen\nliver", DISC * 2)):
        (tmp_path / side).mkdir()
        cv2.imwrite(str(tmp_path / side / "a.png"), mask)
        (tmp_path / side / "labels.txt").write_text(names)
    assert command("evaluate", tmp_path / "found", tmp_path / "true", "--metrics", "dice", "--json").events[-1]["dice"]["mean"] == 1


def test_that_a_class_that_only_the_prediction_knows_is_compared_with_nothing(command: Command, tmp_path: Path) -> None:
    for side, names, mask in (("found", "background\nliver\nspleen", DISC + (DISC > 0)), ("true", "background\nliver", DISC)):
        (tmp_path / side).mkdir()
        cv2.imwrite(str(tmp_path / side / "a.png"), mask)
        (tmp_path / side / "labels.txt").write_text(names)
    assert command("evaluate", tmp_path / "found", tmp_path / "true", "--metrics", "dice", "--json").events[-1]["dice"]["mean"] == 0


def test_that_names_in_either_form_of_unicode_and_with_endings_are_pairs(command: Command, tmp_path: Path) -> None:
    for side, name in (("found", unicodedata.normalize("NFD", "é")), ("true", "é_mask")):
        (tmp_path / side).mkdir()
        Image.fromarray(DISC).save(tmp_path / side / f"{name}.png")
    found = command("evaluate", tmp_path / "found", tmp_path / "true", "--metrics", "dice", "--json").events
    assert [event["case"] for event in found] == ["é", "all"]


def test_that_masks_without_a_partner_and_notes_beside_masks_are_left_out(command: Command, tmp_path: Path) -> None:
    sides = written(tmp_path / "found", "0 and 1"), written(tmp_path / "true", "0 and 1")
    written(sides[0], "0 and 1", "b")
    (sides[1] / "a.json").write_text('{"scanner": "T"}')
    result = command("evaluate", *sides, "--metrics", "dice", "--json")
    assert [event["case"] for event in result.events] == ["a", "all"]
    assert "1 mask without a partner on the other side: b.png." in result.said


def test_that_masks_in_folders_are_pairs_by_folder_and_name(command: Command, tmp_path: Path) -> None:
    for side in ("found", "true"):
        (tmp_path / side).mkdir()
        for folder in ("x", "y"):
            written(tmp_path / side / folder, "0 and 1" if folder == "x" else "palette")
    found = command("evaluate", tmp_path / "found", tmp_path / "true", "--metrics", "dice", "--json").events
    assert [event["case"] for event in found] == ["x/a", "y/a", "all"]
