"""Damage that has cost strokes is named by every command; the case is left out, the others go on, and the end says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import pytest

from unetstudio.project.project import Project
from unetstudio.project.store import read_labels

Command = Callable[..., Any]
Unchanged = Callable[[Path], Callable[[], bool]]

LEFT_OUT = "1 of 2 cases could not be read whole and was left out."


@pytest.fixture
def twice(labelled: Path, command: Command, masks: Path, tmp_path: Path) -> tuple[Path, list[Path]]:
    """The project, labelled in two sessions, and the two journals of its first case."""
    mask = cv2.imread(str(masks / "disc_0.png"), cv2.IMREAD_UNCHANGED)
    (tmp_path / "again").mkdir()
    cv2.imwrite(str(tmp_path / "again" / "disc_0.png"), 1 - mask)
    assert command("label", labelled, tmp_path / "again").status == 0
    with Project.open(labelled, read_only=True) as project:
        folder = project.folder_of(project.cases[0])
    journals = [folder / "strokes-0.journal", folder / "strokes-0-1.journal"]
    assert all(path.is_file() for path in journals)
    return labelled, journals


def flip(path: Path) -> None:
    """Flip a bit in the middle of a file."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x10
    path.write_bytes(data)


@pytest.fixture
def damaged(twice: tuple[Path, list[Path]]) -> Path:
    """A bit of the second journal has flipped: the labels of the first session are left."""
    flip(twice[1][1])
    return twice[0]


@pytest.fixture
def headless(twice: tuple[Path, list[Path]]) -> Path:
    """The first of the two journals is gone."""
    twice[1][0].unlink()
    return twice[0]


def arguments(name: str, project: Path, masks: Path, out: Path, small: tuple[str, ...]) -> tuple[object, ...]:
    """The arguments of a command that reads labels."""
    return {
        "info": ("info", project),
        "export": ("export", project, "--format", "png", "--out", out),
        "train": ("train", project, "--steps", "2", *small),
        "label": ("label", project, masks),
    }[name]


@pytest.mark.parametrize("name", ["info", "export", "train", "label"])
def test_that_a_damaged_case_is_named_and_left_out_while_the_others_go_on(
    command: Command, damaged: Path, masks: Path, tmp_path: Path, small: tuple[str, ...], name: str
) -> None:
    ran = command(*arguments(name, damaged, masks, tmp_path / "out", small))
    assert ran.status == 2
    assert ran.said.strip().endswith(LEFT_OUT)
    assert "disc_0" in ran.said and "damaged" in ran.said and "--accept-damage" in ran.said
    if name == "export":
        assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["disc_1.png"]
    if name == "train":
        assert list((damaged / "checkpoints").glob("*.safetensors"))


@pytest.mark.parametrize("name", ["info", "export", "train", "label"])
def test_that_damage_can_be_accepted(
    command: Command, damaged: Path, masks: Path, tmp_path: Path, small: tuple[str, ...], name: str
) -> None:
    ran = command(*arguments(name, damaged, masks, tmp_path / "out", small), "--accept-damage")
    assert ran.status == 0, ran.said
    if name == "export":
        assert len(list((tmp_path / "out").glob("*.png"))) == 2


def test_that_damage_is_not_set_aside_by_a_command_that_only_reads(
    command: Command, damaged: Path, tmp_path: Path, unchanged: Unchanged
) -> None:
    same = unchanged(damaged / "cases")
    command("info", damaged)
    command("export", damaged, "--format", "png", "--out", tmp_path / "out")
    assert same()


@pytest.mark.parametrize("name", ["info", "export", "train"])
def test_that_a_missing_first_journal_costs_one_case_and_not_the_project(
    command: Command, headless: Path, masks: Path, tmp_path: Path, small: tuple[str, ...], name: str
) -> None:
    ran = command(*arguments(name, headless, masks, tmp_path / "out", small))
    assert ran.status == 2
    assert ran.said.strip().endswith(LEFT_OUT), ran.said
    assert "disc_0" in ran.said


def test_that_a_prediction_does_not_pass_over_damaged_strokes(
    command: Command, twice: tuple[Path, list[Path]], tmp_path: Path, small: tuple[str, ...]
) -> None:
    labelled, journals = twice
    assert command("train", labelled, "--steps", "2", *small).status == 0
    flip(journals[1])
    ran = command("predict", labelled, "--out", tmp_path / "out")
    assert ran.status == 2
    assert "1 of 2 image(s) could not be predicted" in ran.said and "--accept-damage" in ran.said
    assert [path.name for path in (tmp_path / "out").glob("*.png")] == ["disc_1.png"]
    assert command("predict", labelled, "--out", tmp_path / "out", "--accept-damage").status == 0
    assert len(list((tmp_path / "out").glob("*.png"))) == 2


def test_that_a_case_without_damage_is_read_as_before(labelled: Path) -> None:
    with Project.open(labelled, read_only=True) as project:
        for case in project.cases:
            assert read_labels(labelled, case)[1] == 1
