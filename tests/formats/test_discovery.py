from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import discover
from unetstudio.formats.finding.discovery import find_images
from unetstudio.formats.finding.folder import RECORD
from unetstudio.formats.format import FORMATS, Format


def picture(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.zeros((2, 2), np.uint8)).save(path)
    return path


def names(paths: list[Path]) -> list[str]:
    return [source.path.name for source in discover(paths)]


def test_that_two_comes_before_ten(tmp_path: Path) -> None:
    for n in (10, 2, 1):
        picture(tmp_path / f"cell{n}.png")
    assert names([tmp_path]) == ["cell1.png", "cell2.png", "cell10.png"]


def test_that_what_is_no_image_is_passed_over(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / ".hidden.png")
    (tmp_path / "notes.txt").write_text("about the images")
    assert names([tmp_path]) == ["a.png"]


def test_that_masks_in_a_folder_beside_the_images_stay_out(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "masks" / "a.png")
    assert len(discover([tmp_path])) == 1


def test_that_folders_of_folders_are_looked_into(tmp_path: Path) -> None:
    picture(tmp_path / "study 10" / "b.png")
    picture(tmp_path / "study 2" / "series" / "a.png")
    picture(tmp_path / "my.unetstudio" / "cache" / "c.png")
    assert names([tmp_path]) == ["a.png", "b.png"]


def test_that_files_keep_the_order_they_were_given_in(tmp_path: Path) -> None:
    assert names([picture(tmp_path / "b.png"), picture(tmp_path / "a.png")]) == ["b.png", "a.png"]


def test_that_a_folder_without_images_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("nothing to see")
    with pytest.raises(FormatError, match="nothing here can be opened"):
        discover([tmp_path])


def test_that_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"gone\.png: there is no such file"):
        discover([picture(tmp_path / "a.png"), tmp_path / "gone.png"])


@pytest.mark.parametrize("name", ["masks", "Labels", "labelsTr", "1st_manual", "Ground Truth", "ground_truth", "train_masks", "masks_png"])
def test_that_a_folder_named_like_masks_is_left_out_beside_images_and_said(tmp_path: Path, name: str) -> None:
    picture(tmp_path / "images" / "a.png")
    picture(tmp_path / name / "b.png")
    found = find_images([tmp_path])
    assert [image.source.path.name for image in found.images] == ["a.png"]
    assert found.notes == (f"{name} was left out: masks of the images beside; open the folder itself if it holds images.",)


def test_that_a_folder_named_like_masks_is_searched_when_it_is_all_there_is(tmp_path: Path) -> None:
    picture(tmp_path / "masks" / "a.png")
    assert names([tmp_path]) == names([tmp_path / "masks"]) == ["a.png"]


@pytest.mark.parametrize("name", ["series", "labyrinth", "segment 1", "maskenball", "2024-03-01"])
def test_that_other_folders_beside_images_are_searched(tmp_path: Path, name: str) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / name / "b.png")
    assert names([tmp_path]) == ["a.png", "b.png"]


def test_that_a_folder_with_names_of_the_images_beside_is_left_out_and_said(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "by hand" / "a.png")
    found = find_images([tmp_path])
    assert len(found.images) == 1
    assert "by hand was left out" in found.notes[0]


def test_that_a_folder_whose_files_mostly_begin_as_the_images_beside_is_left_out(tmp_path: Path) -> None:
    for name in ("a", "b"):
        picture(tmp_path / f"{name}.png")
        picture(tmp_path / "by hand" / f"{name}_m.png")
        picture(tmp_path / "later" / f"{name}2.png")
    picture(tmp_path / "later" / "a_m.png")
    assert names([tmp_path]) == ["a.png", "b.png", "a2.png", "a_m.png", "b2.png"]


def test_that_masks_written_by_this_program_are_left_out(tmp_path: Path) -> None:
    picture(tmp_path / "images" / "a.png")
    picture(tmp_path / "images out" / "a.png")
    (tmp_path / "images out" / RECORD).write_text("{}")
    assert len(discover([tmp_path])) == 1


def test_that_a_picture_beside_a_series_does_not_hide_it(tmp_path: Path, phantom: np.ndarray, write_series: Callable[..., Path]) -> None:
    picture(tmp_path / "logo.png")
    (tmp_path / "DICOM" / "ST0").mkdir(parents=True)
    series = write_series(tmp_path / "DICOM" / "ST0" / "SE0", phantom)
    assert [source.path for source in discover([tmp_path])] == [tmp_path / "logo.png", series]


def test_that_a_damaged_slice_is_left_out_and_said(tmp_path: Path, phantom: np.ndarray, write_series: Callable[..., Path]) -> None:
    series = write_series(tmp_path / "ct", phantom)
    (series / "broken.dcm").write_bytes(bytes(128) + b"DICM" + bytes(range(64)))
    found = find_images([series])
    assert len(found.images) == 1
    assert found.notes == ("broken.dcm was left out: a DICOM file that is damaged, holds no image, or repeats a slice.",)


def test_that_an_image_named_twice_or_with_its_folder_is_taken_once(
    tmp_path: Path, phantom: np.ndarray, write_series: Callable[..., Path]
) -> None:
    a, b = picture(tmp_path / "a.png"), picture(tmp_path / "b.png")
    assert names([b, a, b]) == ["b.png", "a.png"]
    assert names([b, tmp_path, tmp_path / "."]) == ["a.png", "b.png"]
    series = write_series(tmp_path / "ct", phantom)
    assert len(discover([series, next(series.iterdir())])) == 1


def test_that_what_is_left_out_is_said_in_one_sentence_for_each_reason(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / ".hidden.png")
    picture(tmp_path / "my.unetstudio" / "c.png")
    for name in ("1.txt", "2.txt", "3.txt", "10.txt", "Thumbs.db", ".DS_Store"):
        (tmp_path / name).write_text("nothing to see")
    assert find_images([tmp_path]).notes == (
        "4 files (1.txt, 2.txt, 3.txt, …) were left out: no image of a kind that this program knows.",
        ".hidden.png was left out: hidden.",
        "my.unetstudio was left out: a project, which is opened by itself.",
    )


def test_that_left_out_folders_of_one_name_are_told_apart(tmp_path: Path) -> None:
    for patient in ("one", "two"):
        picture(tmp_path / patient / "images" / "a.png")
        picture(tmp_path / patient / "masks" / "a.png")
    assert find_images([tmp_path]).notes[0].startswith("one/masks and two/masks were left out")


class Headed(Format):
    """A header that names the files of its voxels."""

    title = "Headed"

    def recognises(self, head: bytes) -> bool:
        """Look for the magic word."""
        return head.startswith(b"HEAD")

    def files(self, source: Source) -> list[Path]:
        """Return header and voxels."""
        return [source.path, *(source.path.with_name(name) for name in source.path.read_text().split()[1:])]


@pytest.fixture
def headed(monkeypatch: pytest.MonkeyPatch) -> None:
    FORMATS.items()
    monkeypatch.setattr(FORMATS, "_entries", dict(FORMATS._entries))
    FORMATS.register("headed")(Headed())


@pytest.mark.usefixtures("headed")
def test_that_voxels_beside_a_header_are_no_image_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "ct.head").write_text("HEAD ct.raw slice.png")
    (tmp_path / "ct.raw").write_bytes(bytes(9))
    picture(tmp_path / "slice.png")
    found = find_images([tmp_path])
    assert [image.source.path.name for image in found.images] == ["ct.head"]
    assert found.notes == ()


@pytest.mark.usefixtures("headed")
def test_that_files_that_each_describe_the_whole_are_one_image(tmp_path: Path) -> None:
    for name in ("z0", "z1", "z2"):
        (tmp_path / name).write_text("HEAD z0 z1 z2")
    assert names([tmp_path]) == ["z0"]
    assert names([tmp_path / "z2", tmp_path / "z1"]) == ["z2"]
