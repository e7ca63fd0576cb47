"""Refused commands: one sentence, exit 2, nothing changed."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from unetstudio.formats import FORMATS
from unetstudio.project import durable
from unetstudio.project.project import Project

Command = Callable[..., Any]
Unchanged = Callable[[Path], Callable[[], bool]]


def test_that_training_without_any_label_is_refused(command: Command, project: Path, small: tuple[str, ...], unchanged: Unchanged) -> None:
    same = unchanged(project)
    assert command("train", project, "--steps", 2, *small).sentence == "Paint a stroke of each class to begin."
    assert same()


def test_that_training_with_labels_of_one_class_is_refused(
    command: Command, project: Path, masks: Path, small: tuple[str, ...], unchanged: Unchanged
) -> None:
    for mask in masks.iterdir():
        cv2.imwrite(str(mask), np.ones_like(cv2.imread(str(mask), cv2.IMREAD_UNCHANGED)))
    assert command("label", project, masks).status == 0
    same = unchanged(project)
    assert command("train", project, "--steps", 2, *small).sentence == "Paint a second class to begin."
    assert same()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--steps", "-2"], "steps cannot be -2"),
        (["--seconds", "nan"], "seconds cannot be nan"),
        (["--set", "base=x"], "'x' is not a whole number"),
        (["--set", "bse=4"], "write KEY=VALUE with a KEY of network, preset, dims"),
        (["--set", "depth=9"], "0 to 8 poolings"),
        (["--set", "norm=cow"], "There is no norm named 'cow'"),
        (["--set", "base=512", "--set", "depth=8"], "lower its depth or its channels"),
        (["--network", "resnet"], "There is no network named 'resnet'"),
        (["--device", "tpu"], "choose auto, cpu, cuda"),
        (["--init", "nowhere.safetensors"], "nowhere.safetensors cannot be read"),
    ],
)
def test_that_training_options_without_sense_are_refused(
    command: Command, labelled: Path, small: tuple[str, ...], unchanged: Unchanged, options: list[str], words: str
) -> None:
    same = unchanged(labelled)
    assert words in command("train", labelled, "--steps", 2, *small, *options).sentence
    assert same()


def test_that_predicting_or_exporting_segmentations_before_training_is_refused(
    command: Command, labelled: Path, tmp_path: Path, unchanged: Unchanged
) -> None:
    same = unchanged(labelled)
    assert "train first" in command("predict", labelled, "--out", tmp_path / "out").sentence
    assert "train first" in command("export", labelled, "--format", "png", "--what", "segmentation", "--out", tmp_path / "out").sentence
    assert same()
    assert not (tmp_path / "out").exists()


def test_that_masks_are_never_predicted_over_their_images(command: Command, trained: Path, images: Path, unchanged: Unchanged) -> None:
    same = unchanged(images)
    assert "is one of the images; choose another folder" in command("predict", trained, "--out", images).sentence
    assert same()


def test_that_masks_are_never_predicted_over_files_of_somebody_else_but_over_our_own(
    command: Command, trained: Path, masks: Path, tmp_path: Path, unchanged: Unchanged
) -> None:
    same = unchanged(masks)
    assert "not as this program wrote it" in command("predict", trained, "--out", masks).sentence
    assert same()
    for _ in range(2):
        assert command("predict", trained, "--out", tmp_path / "out").status == 0


def test_that_two_images_of_one_name_get_a_mask_each(command: Command, trained: Path, images: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cv2.imwrite(str(tmp_path / "other" / "disc_0.png"), np.full((10, 12), 50, np.uint8))
    paths = (images / "disc_0.png", tmp_path / "other" / "disc_0.png")
    written = command("predict", trained, *paths, "--out", tmp_path / "out", "--json").events
    written = [event for event in written if event["event"] == "mask"]
    assert [Path(e["path"]).name for e in written] == ["disc_0.png", "disc_0-2.png"]
    assert cv2.imread(written[1]["path"], cv2.IMREAD_UNCHANGED).shape == (10, 12)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--cases", "disc_7"], "no case 'disc_7'"),
        (["--post", "cow=1"], "NAME of fill_holes"),
        (["--post", "threshold=cow"], "'cow' is not a number"),
        (["--device", "tpu"], "choose auto, cpu, cuda"),
    ],
)
def test_that_prediction_options_without_sense_are_refused(
    command: Command, trained: Path, tmp_path: Path, options: list[str], words: str
) -> None:
    assert words in command("predict", trained, "--out", tmp_path / "out", *options).sentence
    assert not (tmp_path / "out").exists()


def test_that_a_damaged_checkpoint_is_refused_by_name(command: Command, trained: Path, tmp_path: Path) -> None:
    weights = next((trained / "checkpoints").glob("*.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-40])
    sentence = command("predict", trained, "--checkpoint", weights, "--out", tmp_path / "out").sentence
    assert weights.name in sentence
    assert "damaged" in sentence


def test_that_a_file_in_the_place_of_the_folder_is_refused(command: Command, trained: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("mine")
    assert "a file of this name is in the way" in command("predict", trained, "--out", tmp_path / "out").sentence
    assert "a file of this name is in the way" in command("export", trained, "--format", "png", "--out", tmp_path / "out").sentence
    assert (tmp_path / "out").read_text() == "mine"


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="/proc is a folder that not even root may write to")
def test_that_an_unwritable_folder_is_refused(command: Command, trained: Path, images: Path) -> None:
    for arguments in (("predict", trained), ("export", trained, "--format", "png")):
        sentence = command(*arguments, "--out", "/proc/unetstudio-masks").sentence
        assert "cannot be made" in sentence
        assert "choose another one" in sentence
    assert "could not be made" in command("new", "/proc/p.unetstudio", images).sentence


def test_that_a_format_that_cannot_hold_masks_is_refused(command: Command, labelled: Path, tmp_path: Path) -> None:
    sentence = command("export", labelled, "--format", "dicom", "--out", tmp_path / "out").sentence
    assert "'dicom' cannot be written; choose " in sentence
    assert set(sentence.partition("choose ")[2].rstrip(".").split(", ")) == {
        name for name, found in FORMATS.items() if found.writes or found.collects
    }


def test_that_a_folder_that_is_not_empty_is_never_made_a_project(command: Command, images: Path, masks: Path, unchanged: Unchanged) -> None:
    same = unchanged(masks)
    assert "is not empty" in command("new", masks, images).sentence
    assert same()


@pytest.mark.parametrize("names", ["one", "one,one", ""])
def test_that_fewer_than_two_classes_are_refused(command: Command, images: Path, tmp_path: Path, names: str) -> None:
    assert "at least two different names" in command("new", tmp_path / "p.unetstudio", images, "--classes", names).sentence
    assert not (tmp_path / "p.unetstudio").exists()


def test_that_a_folder_that_is_no_project_is_refused_by_every_command(
    command: Command, images: Path, masks: Path, tmp_path: Path, unchanged: Unchanged
) -> None:
    same = unchanged(images)
    for arguments in (
        ("label", images, masks),
        ("train", images, "--steps", 1),
        ("predict", images, "--out", tmp_path / "out"),
        ("export", images, "--format", "png", "--out", tmp_path / "out"),
    ):
        assert "is not a U-Net Studio project" in command(*arguments).sentence
    assert same()


def test_that_a_project_open_elsewhere_is_neither_labelled_nor_trained_but_read(
    command: Command, labelled: Path, masks: Path, small: tuple[str, ...], unchanged: Unchanged
) -> None:
    with Project.open(labelled):
        same = unchanged(labelled)
        for arguments in (("label", labelled, masks), ("train", labelled, "--steps", 2, *small)):
            sentence = command(*arguments).sentence
            assert "another window on this computer" in sentence
            assert "Close it there" in sentence
        assert command("info", labelled).status == 0
        assert same()


def test_that_a_project_from_a_newer_version_is_read_and_never_changed(
    command: Command, labelled: Path, masks: Path, small: tuple[str, ...], unchanged: Unchanged
) -> None:
    """As a newer program would have written it: another number, with its checksum."""
    import hashlib

    manifest = labelled / "project.json"
    text = manifest.read_bytes()
    body = text[: text.rindex(b',\n"sha256": "')].replace(b'"version": 1', b'"version": 99', 1)
    manifest.write_bytes(body + b',\n"sha256": "' + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n')
    assert json.loads(manifest.read_text())["version"] == 99
    same = unchanged(labelled)
    for arguments in (("label", labelled, masks), ("train", labelled, "--steps", 2, *small)):
        assert "newer version" in command(*arguments).sentence
    assert same()


@pytest.mark.parametrize("problem", [errno.ENOSPC, errno.EROFS, errno.EACCES])
def test_that_a_refusing_disk_is_explained_and_the_old_file_stays_whole(
    command: Command, project: Path, masks: Path, unchanged: Unchanged, monkeypatch: pytest.MonkeyPatch, problem: int
) -> None:
    same = unchanged(project)
    write = os.write

    def refuse(handle: int, data: bytes) -> int:
        del data
        raise OSError(problem, os.strerror(problem))

    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse)
        ran = command("label", project, masks)
    assert os.write is write
    assert ran.status == 2
    assert ran.said.count("\n") == 1
    assert any(words in ran.said for words in ("disk is full", "disk is read-only", "no permission to write"))
    assert same()
    assert command("label", project, masks).status == 0


def test_that_masks_and_truth_that_do_not_fit_are_refused(command: Command, masks: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cv2.imwrite(str(tmp_path / "other" / "disc_0.png"), np.zeros((5, 5), np.uint8))
    assert "5 x 5" in command("evaluate", tmp_path / "other", masks).sentence
    assert "there is no such file" in command("evaluate", tmp_path / "none", masks).sentence
    assert "name them alike" in command("evaluate", masks, tmp_path / "other" / "..").sentence
    assert "no metric named 'cow'" in command("evaluate", masks, masks, "--metrics", "cow").sentence
    assert "write VALUE=CLASS" in command("evaluate", masks, masks, "--map", "cow").sentence


def test_that_info_about_nothing_says_what_to_name(command: Command, tmp_path: Path) -> None:
    assert "unetstudio info --device" in command("info").sentence
    assert "there is no such file" in command("info", tmp_path / "none").sentence
