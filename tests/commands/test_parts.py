"""Files of several images, and what is left out, on the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from unetstudio.project.project import Project

Command = Callable[..., Any]


@pytest.fixture
def stack(stack_of: Callable[..., Path], tmp_path: Path) -> Path:
    """A file of four images."""
    return stack_of(tmp_path / "in" / "cell.stack", 4)


def test_that_info_names_all_images_of_a_file_and_what_was_said(command: Command, stack: Path) -> None:
    ran = command("info", stack, "--json")
    images = [event for event in ran.events if event["event"] == "image"]
    assert [(image["part"], image["part_name"], image["name"]) for image in images][1] == ("t=1", "time 2", "cell, time 2")
    assert [image["notes"] for image in images] == [["It was made by a test."], [], [], []]
    assert "holds 4 images (time 1 … time 4); all are taken; choose with --parts" in ran.said
    assert any("holds 4 images" in event["text"] for event in ran.events if event["event"] == "notice")


@pytest.mark.parametrize(("choice", "names"), [("first", ["cell, time 1"]), ("2-3", ["cell, time 2", "cell, time 3"])])
def test_that_a_project_is_made_of_the_chosen_images(command: Command, stack: Path, tmp_path: Path, choice: str, names: list[str]) -> None:
    ran = command("new", tmp_path / "p.unetstudio", stack, "--parts", choice)
    assert ran.status == 0
    with Project.open(tmp_path / "p.unetstudio", read_only=True) as project:
        assert [case.name for case in project.cases] == names
    assert f"taken: {choice}" in ran.said


def test_that_a_choice_beyond_the_file_is_refused_before_anything_is_made(command: Command, stack: Path, tmp_path: Path) -> None:
    assert command("new", tmp_path / "p.unetstudio", stack, "--parts", "5").sentence == "cell.stack holds 4 images; --parts names number 5."
    assert not (tmp_path / "p.unetstudio").exists()


def test_that_what_is_left_out_is_said_for_people_and_programs(command: Command, images: Path) -> None:
    (images / "notes.txt").write_text("nothing to see")
    ran = command("info", images, "--json")
    words = "notes.txt was left out: no image of a kind that this program knows."
    assert {"event": "notice", "text": words} in ran.events
    assert words in ran.said


def test_that_one_damaged_image_does_not_keep_info_from_the_others(command: Command, images: Path) -> None:
    (images / "broken.png").write_bytes((images / "disc_0.png").read_bytes()[:60])
    ran = command("info", images, "--json")
    assert ran.status == 0
    assert [event["event"] for event in ran.events] == ["refused", "image", "image"]


def test_that_each_image_of_a_file_gets_a_mask_named_after_its_place(
    command: Command, labelled: Path, small: tuple[str, ...], stack: Path, tmp_path: Path
) -> None:
    assert command("train", labelled, "--steps", "2", *small).status == 0
    out = tmp_path / "out"
    assert command("predict", labelled, stack, "--out", out, "--device", "cpu").status == 0
    masks = sorted(path.name for path in out.glob("*.png"))
    assert masks == [f"cell_t{time}.png" for time in range(4)]
    ran = command("predict", labelled, stack, "--parts", "2", "--out", out, "--device", "cpu", "--json")
    assert [(event["part"], Path(event["path"]).name, event["before"]) for event in ran.events if event["event"] == "mask"] == [
        ("t=1", "cell_t1.png", True)
    ]
