"""Images that cannot be opened, odd ones that can, and images that do not fit one another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import nibabel
import numpy as np
import pydicom
import pytest
import tifffile
from pydicom.dataset import FileDataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage, generate_uid

Command = Callable[..., Any]
NOISE = np.random.default_rng(0).integers(0, 255, (40, 48), np.uint8)


def dicom(path: Path) -> None:
    """A grey picture of 40 x 48."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = SecondaryCaptureImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data = FileDataset(str(path), {}, file_meta=meta, preamble=b"\0" * 128)
    data.SOPClassUID, data.SOPInstanceUID = meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID
    data.Modality, data.SeriesInstanceUID = "OT", generate_uid()
    data.Rows, data.Columns, data.SamplesPerPixel, data.PhotometricInterpretation = 40, 48, 1, "MONOCHROME2"
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 8, 8, 7, 0
    data.PixelData = NOISE.tobytes()
    pydicom.dcmwrite(path, data, enforce_file_format=True)


def whole(path: Path) -> None:
    """Write a sound picture or volume of the format that the name says."""
    if path.suffix == ".dcm":
        dicom(path)
    elif path.suffix == ".tif":
        tifffile.imwrite(path, NOISE)
    elif path.suffix in (".gz", ".nii"):
        nibabel.save(nibabel.Nifti1Image(np.random.default_rng(0).random((20, 20, 12)).astype(np.float32), np.eye(4)), path)
    else:
        cv2.imwrite(str(path), NOISE)


@pytest.mark.parametrize("name", ["cut.dcm", "cut.tif", "cut.nii", "cut.nii.gz", "cut.png", "cut.jpg"])
def test_that_a_file_cut_in_half_is_refused_with_one_sentence_and_no_project_is_made(command: Command, tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    whole(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    sentence = command("new", tmp_path / "p.unetstudio", path).sentence
    assert sentence.startswith(f"{name}: ")
    assert "again" in sentence
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_that_a_broken_file_hides_nothing_else_in_its_folder(command: Command, tmp_path: Path) -> None:
    (tmp_path / "disc").mkdir()
    for name in ("a.dcm", "b.dcm", "c.dcm"):
        whole(tmp_path / "disc" / name)
    broken = tmp_path / "disc" / "b.dcm"
    broken.write_bytes(broken.read_bytes()[:-9])
    ran = command("info", tmp_path / "disc", "--json")
    assert ran.status == 0
    assert "a.dcm" in ran.out and "c.dcm" in ran.out
    assert "b.dcm: it is cut short" in ran.said


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("gone.png", None, "there is no such file"),
        ("empty.tif", b"", "the file is empty"),
        ("words.png", b"these are words\n", "not a PNG file although it is named like one"),
        ("words.xyz", b"these are words\n", "not an image of a kind this program knows"),
    ],
)
def test_that_what_is_no_image_is_refused_with_one_sentence_and_no_project_is_made(
    command: Command, tmp_path: Path, name: str, content: bytes | None, words: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)
    for arguments in (("new", tmp_path / "p.unetstudio", tmp_path / name), ("info", tmp_path / name)):
        sentence = command(*arguments).sentence
        assert name in sentence
        assert words.split(" file")[0] in sentence
    assert not (tmp_path / "p.unetstudio").exists()


def test_that_an_image_without_any_number_is_refused(command: Command, tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "nan.tif", np.full((20, 20), np.nan, np.float32))
    assert "none of its pixels is a number" in command("new", tmp_path / "p.unetstudio", tmp_path / "nan.tif").sentence


def test_that_an_empty_folder_is_refused(command: Command, tmp_path: Path) -> None:
    (tmp_path / "nothing").mkdir()
    assert "nothing here can be opened as an image" in command("new", tmp_path / "p.unetstudio", tmp_path / "nothing").sentence


def test_that_a_broken_image_is_named_and_the_sound_ones_make_the_project(command: Command, images: Path, tmp_path: Path) -> None:
    (images / "empty.png").write_bytes(b"")
    ran = command("new", tmp_path / "p.unetstudio", *sorted(images.iterdir()), "--json")
    assert ran.status == 0
    assert [(e["event"], e.get("name")) for e in ran.events if e["event"] == "case"] == [("case", "disc_0"), ("case", "disc_1")]
    assert [Path(e["image"]).name for e in ran.events if e["event"] == "refused"] == ["empty.png"]


def test_that_when_every_image_is_broken_each_is_named_and_no_project_is_made(command: Command, tmp_path: Path) -> None:
    for name in ("one.tif", "two.tif"):
        whole(tmp_path / name)
        (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:600])
    ran = command("new", tmp_path / "p.unetstudio", tmp_path / "one.tif", tmp_path / "two.tif")
    assert ran.status == 2
    assert [line.split(":")[0] for line in ran.said.splitlines()[:2]] == ["one.tif", "two.tif"]
    assert not (tmp_path / "p.unetstudio").exists()


def test_that_an_image_of_other_channels_is_left_out_with_one_sentence(command: Command, images: Path, tmp_path: Path) -> None:
    colours = np.dstack([NOISE, NOISE // 2, NOISE // 3])
    cv2.imwrite(str(images / "last.png"), colours)
    ran = command("new", tmp_path / "p.unetstudio", images, "--json")
    assert ran.status == 0
    reasons = [e["why"] for e in ran.events if e["event"] == "refused"]
    assert reasons == ["last has 3 channels and this project's images have 1 channel; open it in a project of its own."]


def test_that_an_image_of_other_channels_cannot_be_predicted_and_nothing_is_written(
    command: Command, trained: Path, tmp_path: Path
) -> None:
    cv2.imwrite(str(tmp_path / "colour.png"), np.dstack([NOISE, NOISE // 2, NOISE // 3]))
    sentence = command("predict", trained, tmp_path / "colour.png", "--out", tmp_path / "out").sentence
    assert sentence == "colour.png: the image has 3 channels, the checkpoint was trained on 1; convert the image."
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("kind", ["one pixel", "constant", "some NaN"])
def test_that_odd_images_are_labelled_trained_and_predicted(command: Command, tmp_path: Path, small: tuple[str, ...], kind: str) -> None:
    """Two of each, for one pixel can carry one class only."""
    picture = {"one pixel": NOISE[:1, :1], "constant": np.full((20, 20), 7, np.uint8), "some NaN": NOISE[:20, :20].astype(np.float32)}[kind]
    for folder in ("images", "masks"):
        (tmp_path / folder).mkdir()
    for number in range(2):
        changed = picture.copy()
        changed[0, 0] = 7 + number
        if kind == "some NaN":
            changed[3:5] = np.nan
        tifffile.imwrite(tmp_path / "images" / f"{number}.tif", changed)
        tifffile.imwrite(tmp_path / "masks" / f"{number}.tif", np.full(picture.shape, number, np.uint8))
    project = tmp_path / "p.unetstudio"
    assert command("new", project, tmp_path / "images").status == 0
    assert command("label", project, tmp_path / "masks").status == 0
    assert command("train", project, "--steps", 3, *small).status == 0
    assert command("predict", project, "--out", tmp_path / "out").status == 0
    assert cv2.imread(str(tmp_path / "out" / "0.png"), cv2.IMREAD_UNCHANGED).shape == picture.shape


def test_that_a_missing_image_is_named_and_the_others_are_predicted(command: Command, trained: Path, images: Path, tmp_path: Path) -> None:
    (images / "disc_0.png").unlink()
    ran = command("predict", trained, "--out", tmp_path / "out", "--json")
    assert ran.status == 2
    assert [Path(e.get("path", e.get("image"))).name for e in ran.events] == ["disc_0.png", "disc_1.png"]
    assert [e["event"] for e in ran.events] == ["failed", "mask"]
    assert (tmp_path / "out" / "disc_1.png").exists()


def test_that_no_mask_is_spoken_of_where_no_image_could_be_predicted(command: Command, trained: Path, tmp_path: Path) -> None:
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.dstack([NOISE, NOISE // 2, NOISE // 3]))
    ran = command("predict", trained, tmp_path / "a.png", tmp_path / "b.png", "--out", tmp_path / "out")
    assert ran.status == 2
    assert "2 of 2 image(s) could not be predicted" in ran.said
    assert "mask(s)" not in ran.said


def test_that_two_images_of_one_name_get_names_that_differ(command: Command, tmp_path: Path) -> None:
    for part, picture in (("a", NOISE), ("b", NOISE[::-1])):
        (tmp_path / part).mkdir()
        cv2.imwrite(str(tmp_path / part / "cell.png"), picture)
    made = command("new", tmp_path / "p.unetstudio", tmp_path / "a" / "cell.png", tmp_path / "b" / "cell.png", "--json")
    assert [event["name"] for event in made.events if event["event"] == "case"] == ["cell", "cell (2)"]
