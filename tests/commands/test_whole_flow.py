"""From images to scores without a window: each command works on the results of the one before it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import nibabel
import numpy as np
import pytest

from unetstudio.formats import read_mask
from unetstudio.project.project import Project

Command = Callable[..., Any]


def test_that_pictures_go_from_new_to_scores(command: Command, images: Path, masks: Path, tmp_path: Path, small: tuple[str, ...]) -> None:
    project = tmp_path / "discs.unetstudio"
    assert [e["name"] for e in command("new", project, images, "--classes", "background,disc", "--json").events] == ["disc_0", "disc_1"]
    labelled = command("label", project, masks, "--json").events
    assert [e["voxels"]["disc"] for e in labelled] == [317, 317]
    assert [e["unlabelled"] for e in labelled] == [0, 0]

    events = command("train", project, "--steps", 4, "--json", *small).events
    assert [events[0]["event"], events[-1]["event"]] == ["started", "finished"]
    assert {"round", "checkpoint"} <= {e["event"] for e in events}
    assert events[-1]["step"] == 4

    written = command("predict", project, "--out", tmp_path / "out", "--json").events
    assert [Path(e["path"]).name for e in written] == ["disc_0.png", "disc_1.png"]
    assert read_mask(tmp_path / "out" / "disc_0.png")[0].shape == (1, 40, 48)
    assert json.loads((tmp_path / "out" / "legend.json").read_text())

    scores = command("evaluate", tmp_path / "out", masks, "--json").events
    assert [e["case"] for e in scores] == ["disc_0", "disc_1", "all"]
    assert all(0 <= e["dice"]["mean"] <= 1 for e in scores)
    perfect = command("evaluate", masks, masks, "--json", "--metrics", "dice,iou").events
    assert [e["iou"]["mean"] for e in perfect] == [1, 1, 1]

    found = command("info", project, "--json").events
    assert found[0]["event"] == "project"
    assert len(found[0]["checkpoints"]) >= 1
    assert [e["voxels"]["disc"] for e in found[1:]] == [317, 317]


def test_that_a_volume_comes_back_with_the_geometry_of_its_image(command: Command, tmp_path: Path, small: tuple[str, ...]) -> None:
    affine = np.array([[0, -0.8, 0, 12], [1.1, 0, 0, -7], [0, 0, 2.5, 30], [0, 0, 0, 1]], float)
    picture = np.random.default_rng(0).normal(100, 10, (20, 18, 12)).astype(np.float32)
    picture[5:14, 5:14, 3:9] += 120
    for folder, values in (("scans", picture), ("masks", (picture > 150).astype(np.uint8))):
        (tmp_path / folder).mkdir()
        nibabel.save(nibabel.Nifti1Image(values, affine), tmp_path / folder / "brain.nii.gz")
    project = tmp_path / "brains.unetstudio"
    assert command("new", project, tmp_path / "scans").status == 0
    assert command("label", project, tmp_path / "masks").status == 0
    shape = ("--set", "patch=16")
    events = command("train", project, "--steps", 2, "--dims", 3, "--json", *small, *shape).events
    assert events[0]["dims"] == 3
    assert command("predict", project, "--out", tmp_path / "out", "--probabilities").status == 0
    written = nibabel.load(tmp_path / "out" / "brain.nii.gz")
    assert written.shape == (20, 18, 12)
    assert np.allclose(written.affine, affine, atol=1e-4)
    with np.load(tmp_path / "out" / "brain_probabilities.npz") as kept:
        assert kept["probabilities"].shape == (2, *read_mask(tmp_path / "out" / "brain.nii.gz")[0].shape)
        assert list(kept["values"]) == [0, 1]
    assert command("export", project, "--format", "nifti", "--out", tmp_path / "labels").status == 0
    assert np.array_equal(np.asarray(nibabel.load(tmp_path / "labels" / "brain.nii.gz").dataobj), (picture > 150).astype(np.uint8))
    assert command("evaluate", tmp_path / "labels", tmp_path / "masks", "--json").events[-1]["dice"]["mean"] == 1


@pytest.mark.parametrize(("kind", "ending"), [("png", ".png"), ("tiff", ".tif"), ("nifti", ".nii.gz"), ("hdf5", ".h5")])
def test_that_labels_are_exported_in_each_format_and_read_back_alike(
    command: Command, labelled: Path, masks: Path, tmp_path: Path, kind: str, ending: str
) -> None:
    events = command("export", labelled, "--format", kind, "--out", tmp_path / "out", "--json").events
    assert {Path(e["path"]).name for e in events} == {f"disc_0{ending}", f"disc_1{ending}", "legend.json", "measurements.csv"}
    truth = cv2.imread(str(masks / "disc_0.png"), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(read_mask(tmp_path / "out" / f"disc_0{ending}")[0][0], truth)


def test_that_segmentations_are_exported_without_a_window_ever_having_predicted(command: Command, trained: Path, tmp_path: Path) -> None:
    command("predict", trained, "--out", tmp_path / "predicted")
    assert command("export", trained, "--format", "png", "--out", tmp_path / "out", "--what", "segmentation").status == 0
    for name in ("disc_0.png", "disc_1.png"):
        assert np.array_equal(read_mask(tmp_path / "out" / name)[0], read_mask(tmp_path / "predicted" / name)[0])


def test_that_one_case_and_post_processing_can_be_chosen(command: Command, trained: Path, tmp_path: Path) -> None:
    options = ("--cases", "disc_1", "--post", "threshold=0.9", "--post", "small_components=4")
    assert len(command("predict", trained, "--out", tmp_path / "out", "--json", *options).events) == 1
    assert sorted(p.name for p in (tmp_path / "out").glob("*.png")) == ["disc_1.png"]


def test_that_images_outside_the_project_are_predicted_by_a_chosen_checkpoint(command: Command, trained: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "new.png"), np.random.default_rng(1).integers(0, 255, (33, 57), np.uint8))
    checkpoint = next((trained / "checkpoints").glob("*.safetensors"))
    assert command("predict", trained, tmp_path / "new.png", "--checkpoint", checkpoint, "--out", tmp_path / "out").status == 0
    assert read_mask(tmp_path / "out" / "new.png")[0].shape == (1, 33, 57)


def test_that_strokes_win_over_the_prediction_of_their_case(command: Command, trained: Path, images: Path, tmp_path: Path) -> None:
    from unetstudio.data.region import Region
    from unetstudio.data.stroke import Stroke
    from unetstudio.project.record import Kind

    with Project.open(trained) as project:
        case = project.cases[0]
        store = project.store(case)
        stroke = Stroke(store.load(case.shape).labels, 1, tool="brush")
        stroke.paint(Region((0, 0, 0), (1, 3, 48)), np.ones((1, 3, 48), np.bool_))
        edit = stroke.commit()
        assert edit is not None
        store.append(Kind.EDIT, edit)
    assert command("predict", trained, images / "disc_0.png", "--out", tmp_path / "out").status == 0
    assert (read_mask(tmp_path / "out" / "disc_0.png")[0][0, :3] == 1).all()


def test_that_networks_and_this_computer_are_described(command: Command) -> None:
    described = command("networks", "--json").events
    assert "unet" in [e["name"] for e in described]
    assert set(described[0]["parameters"]) == {"2", "3"}
    assert "unet" in command("networks").out
