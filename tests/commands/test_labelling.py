"""Masks from other programs as labels: the meaning of their values, and refused masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from unetstudio.data.labels import UNLABELLED
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels

Command = Callable[..., Any]


def labels_of(project: Path, number: int = 0) -> np.ndarray:
    with Project.open(project, read_only=True) as opened:
        return read_labels(project, opened.cases[number])[0].values[0]


def write(folder: Path, mask: np.ndarray, name: str = "disc_0.png") -> Path:
    folder.mkdir(exist_ok=True)
    cv2.imwrite(str(folder / name), mask)
    return folder


def steps() -> np.ndarray:
    """40 x 48, columns of 8 with the values 0 to 5."""
    return np.repeat(np.arange(6, dtype=np.uint8), 8)[None].repeat(40, axis=0)


def test_that_a_black_and_white_mask_means_first_and_second_class(command: Command, project: Path, tmp_path: Path) -> None:
    assert command("label", project, write(tmp_path / "m", (steps() > 2).astype(np.uint8) * 255)).status == 0
    assert np.array_equal(labels_of(project), steps() > 2)
    assert (labels_of(project, 1) == UNLABELLED).all()


def test_that_one_value_can_mean_not_annotated(command: Command, project: Path, tmp_path: Path) -> None:
    assert command("label", project, write(tmp_path / "m", steps() % 3), "--unlabelled", 2).status == 0
    assert np.array_equal(labels_of(project), np.where(steps() % 3 == 2, UNLABELLED, steps() % 3))


def test_that_values_ranges_and_all_above_are_mapped_to_classes_by_name_or_number(command: Command, project: Path, tmp_path: Path) -> None:
    maps = ("--map", "0=disc", "--map", "1-3=background", "--map", "4+=1")
    assert command("label", project, write(tmp_path / "m", steps()), *maps).status == 0
    assert np.array_equal(labels_of(project), np.array([1, 0, 0, 0, 1, 1])[steps()])


def test_that_numbered_objects_of_16_bits_become_one_class(command: Command, project: Path, tmp_path: Path) -> None:
    assert command("label", project, write(tmp_path / "m", steps().astype(np.uint16) * 400), "--map", "1+=disc").status == 0
    assert np.array_equal(labels_of(project), steps() > 0)


def test_that_a_value_beyond_the_classes_is_named_and_nothing_is_labelled(
    command: Command, project: Path, tmp_path: Path, unchanged: Callable[..., Any]
) -> None:
    same = unchanged(project)
    sentence = command("label", project, write(tmp_path / "m", steps())).sentence
    assert sentence.startswith("disc_0.png: the value 2, 3, 4, 5 has no class")
    assert "--map" in sentence
    assert same()


def test_that_a_mask_of_another_size_is_refused_and_the_good_one_beside_it_not_taken(
    command: Command, project: Path, masks: Path, unchanged: Callable[..., Any]
) -> None:
    write(masks, np.zeros((12, 10), np.uint8), "disc_1.png")
    same = unchanged(project)
    sentence = command("label", project, masks).sentence
    assert "disc_1.png" in sentence
    assert "10 x 12" in sentence
    assert "40 x 40" in sentence
    assert same()


def test_that_masks_of_no_image_are_refused(command: Command, project: Path, tmp_path: Path, unchanged: Callable[..., Any]) -> None:
    same = unchanged(project)
    assert "name masks as their images" in command("label", project, write(tmp_path / "m", steps(), "other.png")).sentence
    assert "there is no such file" in command("label", project, tmp_path / "nowhere").sentence
    assert same()


def test_that_two_masks_of_one_image_are_refused(command: Command, project: Path, tmp_path: Path, unchanged: Callable[..., Any]) -> None:
    write(tmp_path / "m", steps() % 2)
    write(tmp_path / "m", steps() % 2, "disc_0.tif")
    same = unchanged(project)
    assert "give only one of them" in command("label", project, tmp_path / "m").sentence
    assert same()


def test_that_a_mask_for_two_images_of_one_name_is_refused(command: Command, images: Path, masks: Path, tmp_path: Path) -> None:
    write(tmp_path / "more", np.random.default_rng(3).integers(0, 255, (40, 48), np.uint8))
    project = tmp_path / "two.unetstudio"
    assert command("new", project, images, tmp_path / "more").status == 0
    assert "2 images of the project are named disc_0" in command("label", project, masks).sentence


def test_that_a_map_to_no_class_or_without_sense_is_refused(command: Command, project: Path, masks: Path) -> None:
    assert "There is no class 'cow'. The classes are background, disc." in command("label", project, masks, "--map", "1=cow").sentence
    assert "write VALUE=CLASS" in command("label", project, masks, "--map", "one=disc").sentence


def test_that_labelling_twice_changes_nothing_the_second_time(
    command: Command, labelled: Path, masks: Path, unchanged: Callable[..., Any]
) -> None:
    same = unchanged(labelled)
    assert "0 of 2 mask(s) changed" in command("label", labelled, masks).said
    assert same()


def test_that_colours_are_refused_with_the_options_and_taken_with_them(
    command: Command, project: Path, tmp_path: Path, unchanged: Callable[..., Any]
) -> None:
    same = unchanged(project)
    red = np.where(steps()[..., None] > 2, np.uint8([0, 0, 255]), np.uint8(0))  # OpenCV writes blue first
    folder = write(tmp_path / "m", red)
    assert "--map '#ff0000=CLASS'" in command("label", project, folder).sentence
    assert same()
    said = command("label", project, folder, "--map", "#ff0000=disc").said
    assert "#000000 is background (black is taken as the background)." in said
    assert "#ff0000 is disc (as you said)." in said
    assert np.array_equal(labels_of(project), steps() > 2)


def test_that_masks_with_endings_and_a_legend_are_taken_by_their_names(command: Command, project: Path, tmp_path: Path) -> None:
    folder = write(tmp_path / "m", np.where(steps() > 2, 0, 7).astype(np.uint8), "disc_0_mask.png")
    (folder / "labels.txt").write_text("0 disc\n7 background\n")
    said = command("label", project, folder).said
    assert "disc_0_mask.png for disc_0.png" in said
    assert "0 (disc) is disc, 7 (background) is background (by the names in the list of names)." in said
    assert np.array_equal(labels_of(project), steps() > 2)


def test_that_an_own_export_is_taken_back_voxel_for_voxel(command: Command, project: Path, tmp_path: Path) -> None:
    write(tmp_path / "m", np.where(steps() > 2, 0, 255).astype(np.uint8))
    write(tmp_path / "m", np.ones((40, 40), np.uint8), "disc_1.png")
    assert command("label", project, tmp_path / "m").status == 0
    for kind in ("png", "tiff", "nifti"):
        out = tmp_path / kind
        assert command("export", project, "--format", kind, "--out", out).status == 0
        again = tmp_path / f"{kind}.unetstudio"
        images = [tmp_path / "images" / name for name in ("disc_0.png", "disc_1.png")]
        assert command("new", again, *images, "--classes", "background,disc").status == 0
        assert command("label", again, next(out.glob("disc_0*"))).status == 0
        assert np.array_equal(labels_of(again), np.where(steps() > 2, 0, UNLABELLED)), kind
