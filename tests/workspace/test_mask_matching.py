"""Masks and images are matched by name: exact names, usual endings, folders, and names in either form of Unicode."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import cv2
import nibabel
import numpy as np
import pytest

from unetstudio.data.case import Case, Source
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import FORMATS
from unetstudio.formats.masks.output_record import RECORD, free_names
from unetstudio.workspace.mask_matching import Dropped, dropped, matched, without_affix


def case(path: str, name: str = "", part: str = "") -> Case:
    return Case(path + part, name or Path(path).stem, Source(Path(path), part), "", (1, 4, 6), 1, "PNG", Geometry())


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        ok, data = cv2.imencode(".png", np.zeros((4, 6), np.uint8))
        assert ok
        (folder / name).write_bytes(data.tobytes())
    return folder


def pairs(paths: list[Path], cases: list[Case]) -> list[tuple[str, str]]:
    return [(file.name, found.id) for file, found in matched(paths, cases).pairs]


def test_that_masks_find_their_images_by_stem_whatever_the_ending(tmp_path: Path) -> None:
    write(tmp_path, "a.png", "b.nii.gz", "other.png", ".hidden.png")
    cases = [case("a.tif"), case("x/b.nii.gz"), case("c.png")]
    assert pairs([tmp_path], cases) == [("a.png", "a.tif"), ("b.nii.gz", "x/b.nii.gz")]
    assert matched([tmp_path], cases).notes == ["1 file left out, since no image has the name: other.png."]


def test_that_a_header_and_its_voxels_are_one_mask(tmp_path: Path) -> None:
    nibabel.save(nibabel.Nifti1Pair(np.zeros((6, 4, 1), np.uint8), np.eye(4)), tmp_path / "a.img")
    assert pairs([tmp_path], [case("a.nii.gz")]) == [("a.hdr", "a.nii.gz")]


def test_that_a_mask_of_several_images_is_for_all_those_of_the_file_of_its_name(tmp_path: Path) -> None:
    times = [case("a.nii.gz", part=f"t={n}") for n in range(3)]
    nibabel.save(nibabel.Nifti1Image(np.zeros((6, 4, 2, 5), np.uint8), np.eye(4)), tmp_path / "a.nii.gz")
    assert [found for _, found in pairs([tmp_path], times)] == [one.id for one in times]
    nibabel.save(nibabel.Nifti1Image(np.zeros((6, 4, 2), np.uint8), np.eye(4)), tmp_path / "a.nii.gz")
    with pytest.raises(FormatError, match="3 images of the project are named a"):
        matched([tmp_path], times)


@pytest.mark.parametrize("forms", [("NFD", "NFC"), ("NFC", "NFD")])
def test_that_both_ways_to_write_an_accent_are_the_same_name(tmp_path: Path, forms: tuple[str, str]) -> None:
    image, mask = (unicodedata.normalize(form, "niño é") for form in forms)
    assert pairs([write(tmp_path, f"{mask}.png")], [case(f"images/{image}.png")]) == [(f"{mask}.png", f"images/{image}.png")]


@pytest.mark.parametrize(
    "mask",
    [
        "mask_cell",
        "CELL",
        "cell.tif_mask",
        "cell.ome",
        "cell_mask",
        "cell_masks",
        "cell-mask",
        "cell_label",
        "cell_labels",
        "cell_seg",
        "cell_segmentation",
        "cell.Mask",
    ],
)
def test_that_usual_endings_of_masks_are_tolerated_and_said(tmp_path: Path, mask: str) -> None:
    matches = matched([write(tmp_path, f"{mask}.png")], [case("cell.tif"), case("other.png")])
    assert [found.id for _, found in matches.pairs] == ["cell.tif"]
    assert matches.notes == [f"1 mask matched by a name that is only alike: {mask}.png for cell.tif."]


def test_that_a_channel_number_of_nnunet_and_an_ending_of_images_are_tolerated(tmp_path: Path) -> None:
    write(tmp_path, "cell_mask.png", "label_7.png", "liver_001.png", "tissue.png")
    images = ["cell_image.png", "image_7.png", "liver_001_0000.nii.gz", "tissue.ome.tif"]
    assert pairs([tmp_path], [case(image) for image in images]) == [
        ("cell_mask.png", "cell_image.png"),
        ("label_7.png", "image_7.png"),
        ("liver_001.png", "liver_001_0000.nii.gz"),
        ("tissue.png", "tissue.ome.tif"),
    ]


def test_that_the_exact_name_wins_over_one_with_an_ending(tmp_path: Path) -> None:
    write(tmp_path, "cell.png", "cell_mask.png")
    assert pairs([tmp_path], [case("cell.tif")]) == [("cell.png", "cell.tif")]
    assert pairs([tmp_path], [case("cell.tif"), case("cell_mask.tif")]) == [("cell.png", "cell.tif"), ("cell_mask.png", "cell_mask.tif")]


def test_that_images_beside_their_masks_are_not_taken_for_masks(tmp_path: Path) -> None:
    write(tmp_path, "cell.png", "cell_mask.png")
    image = case(str(tmp_path / "cell.png"))
    assert pairs([tmp_path], [image]) == [("cell_mask.png", image.id)]


def test_that_equal_names_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    write(tmp_path / "masks", "a/cell.png", "b/cell.png")
    cases = [case(f"/data/images/{folder}/cell.png") for folder in "ba"]
    found = {file.parent.name: one.id for file, one in matched([tmp_path / "masks"], cases).pairs}
    assert found == {folder: f"/data/images/{folder}/cell.png" for folder in "ab"}


def test_that_equal_names_that_no_folder_tells_apart_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "cell.png")
    with pytest.raises(FormatError, match="2 images of the project are named cell"):
        matched([tmp_path], [case("/data/a/cell.png"), case("/data/b/cell.png")])


def test_that_numbered_names_of_an_own_export_are_those_of_their_cases(tmp_path: Path) -> None:
    cases = [case("/data/a/cell.png"), case("/data/b/cell.png")]
    write(tmp_path, "cell.png", "cell-2.png")
    (tmp_path / RECORD).write_text("{}")
    assert sorted(pairs([tmp_path], cases)) == [("cell-2.png", "/data/b/cell.png"), ("cell.png", "/data/a/cell.png")]


def test_that_an_image_of_several_in_a_file_is_found_by_the_name_of_its_case(tmp_path: Path) -> None:
    cases = [case("stack.nii", "stack, time 1", "t=0"), case("stack.nii", "stack, time 2", "t=1")]
    assert pairs([write(tmp_path, "stack, time 2.png")], cases) == [("stack, time 2.png", "stack.niit=1")]


def test_that_files_beside_masks_are_no_masks(tmp_path: Path) -> None:
    write(tmp_path, "overlays/cell.png", "cell.png")
    for name in ("legend.json", "measurements.csv", "dataset.json", "labels.txt", "cell.txt"):
        (tmp_path / name).write_text("{}")
    matches = matched([tmp_path], [case("cell.png"), case("legend.png"), case("labels.png")])
    assert [file.relative_to(tmp_path).as_posix() for file, _ in matches.pairs] == ["cell.png"]
    assert not matches.notes


def test_that_two_masks_of_an_image_and_no_mask_at_all_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "cell.png", "cell.tif")
    with pytest.raises(FormatError, match="give only one of them"):
        matched([tmp_path], [case("cell.png")])
    with pytest.raises(UserError, match="name masks as their images"):
        matched([tmp_path], [case("nucleus.png")])
    with pytest.raises(FormatError, match="there is no such file"):
        matched([tmp_path / "none"], [case("cell.png")])


def test_that_a_name_that_is_only_an_ending_stays(tmp_path: Path) -> None:
    assert without_affix("mask") == "mask"
    assert without_affix("unmask") == "unmask"
    assert without_affix("cell_mask") == "cell"


def test_that_dropped_files_named_like_images_may_be_masks_and_others_are_images(tmp_path: Path) -> None:
    write(tmp_path, "masks/cell.png", "masks/other_mask.png", "images/cell.png", "new.png")
    cases = [case(str(tmp_path / "images" / "cell.png")), case("other.png")]
    assert dropped([tmp_path / "masks"], cases) is Dropped.EITHER
    assert dropped([tmp_path / "masks" / "cell.png"], cases) is Dropped.EITHER
    assert dropped([tmp_path / "images" / "cell.png"], cases) is Dropped.IMAGES
    assert dropped([tmp_path / "new.png", tmp_path / "masks" / "cell.png"], cases) is Dropped.IMAGES


def test_that_file_names_are_unlike_where_case_and_accents_do_not_count() -> None:
    assert free_names(["é", unicodedata.normalize("NFD", "É"), "Legend"]) == ["é", f"{unicodedata.normalize('NFD', 'É')}-2", "Legend-2"]


def test_that_file_names_are_short_enough_in_every_script() -> None:
    long = free_names(["図" * 200, "x" * 400, "a\udcffb"])
    assert [len(name.encode()) <= 120 for name in long] == [True] * 3
    assert long[0] == "図" * 40
    assert long[2] == "a_b"


def test_that_an_annotation_file_is_for_the_images_that_it_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FORMATS["png"], "mask_images", lambda _: ["c:\\data\\cell.tif", "b/twin.tif", "gone.tif"])
    write(tmp_path, "instances.png")
    cases = [case("/images/cell.tif"), case("/images/a/twin.tif"), case("/images/b/twin.tif"), case("/images/instances.tif")]
    assert pairs([tmp_path], cases) == [("instances.png", "/images/cell.tif"), ("instances.png", "/images/b/twin.tif")]


def test_that_a_mask_that_names_its_scan_is_not_matched_by_its_own_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case("head.dcm"), case("chest.dcm"), case("plain.png")]
    answers = {"head.dcm": False, "chest.dcm": True, "plain.png": None}
    monkeypatch.setattr(FORMATS["png"], "refers_to", lambda _, source: answers[source.path.name])
    assert pairs([write(tmp_path, "head.png")], cases) == [("head.png", "chest.dcm")]
    answers["chest.dcm"] = False
    with pytest.raises(UserError, match="No mask has the name"):
        matched([tmp_path], cases)
    with pytest.raises(UserError, match=r"^head\.png says which image it is a mask of.*add the image first"):
        matched([tmp_path], cases[:2])
    (tmp_path / "head.png").rename(tmp_path / "plain.png")
    assert pairs([tmp_path], cases) == [("plain.png", "plain.png")]


def test_that_of_several_images_that_a_mask_names_it_takes_the_one_of_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = [case("mr.dcm", f"mr, echo {echo}", str(echo)) for echo in (1, 2)]
    monkeypatch.setattr(FORMATS["png"], "refers_to", lambda *_: True)
    write(tmp_path / "each", "mr, echo 1.png", "mr, echo 2.png")
    assert pairs([tmp_path / "each"], cases) == [("mr, echo 1.png", "mr.dcm1"), ("mr, echo 2.png", "mr.dcm2")]
    write(tmp_path / "both", "any.png")
    assert pairs([tmp_path / "both"], cases) == [("any.png", "mr.dcm1"), ("any.png", "mr.dcm2")]


def test_that_masks_of_other_scans_are_told_from_masks_without_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path, "head.png")
    monkeypatch.setattr(FORMATS["png"], "refers_to", lambda *_: False)
    with pytest.raises(UserError, match=r"head\.png says which image it is a mask of"):
        matched([tmp_path], [case("head.dcm")])
    monkeypatch.setattr(FORMATS["png"], "refers_to", lambda *_: None)
    with pytest.raises(UserError, match="No mask has the name"):
        matched([tmp_path], [case("chest.dcm")])
