"""Masks as files hold them: rounded numbers, voxels without one, polarity, palettes, colours, and black and white through JPEG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tifffile
from PIL import Image

from unetstudio.errors import FormatError
from unetstudio.formats.masks.lossy import is_lossless_jpeg
from unetstudio.formats.masks.mask_files import read_content, read_mask
from unetstudio.formats.voxel_files.voxels import class_indices

DISC = np.hypot(*np.ogrid[-30:30, -40:40]) < 17
"""60 x 80, True in the structure."""
PATH = Path("mask.tif")


def tiff(folder: Path, values: np.ndarray, **options: Any) -> Path:
    path = folder / "mask.tif"
    tifffile.imwrite(path, values, **options)
    return path


def jpeg(folder: Path, values: np.ndarray, quality: int = 75) -> Path:
    path = folder / "mask.jpg"
    Image.fromarray(values).save(path, quality=quality)
    return path


def test_that_scaled_integers_are_rounded_back() -> None:
    stored = np.array([0, 21, 43, 64], np.float32) * np.float32(12 / 255)
    values, unknown = class_indices(stored[None, None, None], PATH)
    assert values[0, 0].tolist() == [0, 1, 2, 3]
    assert unknown is None


def test_that_a_coarse_step_of_the_file_allows_for_its_own_rounding() -> None:
    step = 100 / 255
    wanted = np.arange(0, 101, 7)
    stored = np.rint(wanted / step) * step
    assert np.array_equal(class_indices(stored[None, None, None], PATH, step)[0][0, 0], wanted)
    with pytest.raises(FormatError):
        class_indices(stored[None, None, None], PATH)


@pytest.mark.parametrize(
    "values", [[0.0, 0.5, 1.0], [0.1, 0.9, 0.0], [3.0, 2.9, 0.0], [0.0, 0.0039, 0.0], [0.98, 0.99, 0.0], [0.01, 0.01, 0.01]]
)
def test_that_probabilities_are_refused_with_words(values: list[float]) -> None:
    with pytest.raises(FormatError, match="map of probabilities; export the segmentation itself"):
        class_indices(np.array([[[values]]], np.float32), PATH)


def test_that_voxels_without_a_number_are_kept_apart(tmp_path: Path) -> None:
    values = np.where(DISC, 1.0, np.nan).astype(np.float32)
    found = read_content(tiff(tmp_path, values))
    assert found.unknown is not None
    assert np.array_equal(found.unknown[0], ~DISC)
    assert (found.values[0][DISC] == 1).all()
    with pytest.raises(FormatError, match="none of its voxels holds a number"):
        read_content(tiff(tmp_path, np.full((4, 5), np.nan, np.float32)))


def test_that_values_beyond_24_bits_survive(tmp_path: Path) -> None:
    assert read_mask(tiff(tmp_path, np.array([[0, 16_777_217.0]])))[0].tolist() == [[[0, 16_777_217]]]


def test_that_a_fax_picture_of_one_bit_means_what_it_shows(tmp_path: Path) -> None:
    path = tmp_path / "mask.tif"
    Image.fromarray(DISC).save(path, compression="group4", tiffinfo={262: 0})
    found = read_content(path)
    with tifffile.TiffFile(path) as tif:
        assert int(tif.pages[0].photometric) == 0  # type: ignore[union-attr]
    assert np.array_equal(found.values[0], DISC)
    assert "white is taken as the structure" in found.notes[0]
    Image.fromarray(DISC).save(path)
    assert np.array_equal(read_content(path).values[0], DISC)
    assert not read_content(path).notes


def test_that_the_inverting_table_of_imagej_leaves_the_stored_values(tmp_path: Path) -> None:
    white = DISC.astype(np.uint8) * 255
    path = tiff(tmp_path, white, photometric="miniswhite", description="ImageJ=1.54f\nimages=1\n", metadata=None)
    found = read_content(path)
    assert np.array_equal(found.values[0], white)
    assert "inverting table" in found.notes[0]


def test_that_the_inverting_table_of_imagej_as_a_palette_leaves_the_stored_values(tmp_path: Path) -> None:
    image = Image.fromarray(DISC.astype(np.uint8) * 255, "P")
    image.putpalette([level for level in range(255, -1, -1) for _ in range(3)])
    for name in ("mask.png", "mask.tif", "mask.bmp"):
        image.save(tmp_path / name)
        assert np.array_equal(read_content(tmp_path / name).values[0], DISC * 255)


def test_that_another_programs_black_and_white_with_0_for_white_is_turned_round_and_class_values_are_not(tmp_path: Path) -> None:
    found = read_content(tiff(tmp_path, np.where(DISC, 0, 255).astype(np.uint8), photometric="miniswhite"))
    assert np.array_equal(found.values[0] == 255, DISC)
    classes = DISC.astype(np.uint8) * 2
    assert np.array_equal(read_content(tiff(tmp_path, classes, photometric="miniswhite")).values[0], classes)


def test_that_indices_come_with_the_colours_of_their_palette(tmp_path: Path) -> None:
    image = Image.fromarray(DISC.astype(np.uint8), "P")
    image.putpalette([0, 0, 0, 200, 10, 20])
    for name in ("mask.png", "mask.tif", "mask.gif"):
        image.save(tmp_path / name)
        found = read_content(tmp_path / name)
        assert np.array_equal(found.values[0], DISC)
        assert found.colours == {0: (0, 0, 0), 1: (200, 10, 20)}
        assert not found.by_colour


@pytest.mark.parametrize("name", ["mask.png", "mask.tif", "mask.bmp"])
def test_that_colours_are_kept_as_colours(tmp_path: Path, name: str) -> None:
    Image.fromarray(np.where(DISC[..., None], np.uint8([200, 10, 20]), np.uint8(0))).save(tmp_path / name)
    found = read_content(tmp_path / name)
    assert found.by_colour
    assert np.array_equal(found.values[0], np.where(DISC, 0xC80A14, 0))
    with pytest.raises(FormatError, match="one number per pixel"):
        read_mask(tmp_path / name)


def test_that_grey_stored_in_colour_is_grey(tmp_path: Path) -> None:
    grey = DISC.astype(np.uint8) * 3
    Image.fromarray(np.dstack([grey] * 3)).save(tmp_path / "mask.png")
    found = read_content(tmp_path / "mask.png")
    assert not found.by_colour
    assert np.array_equal(found.values[0], grey)


def test_that_a_photograph_is_no_mask(tmp_path: Path) -> None:
    photograph = np.random.default_rng(0).integers(0, 255, (20, 20, 3), np.uint8)
    Image.fromarray(photograph).save(tmp_path / "mask.png")
    with pytest.raises(FormatError, match="400 colours: it is a photograph"):
        read_content(tmp_path / "mask.png")


@pytest.mark.parametrize("quality", [30, 50, 75, 95])
@pytest.mark.parametrize("colour", [False, True])
def test_that_black_and_white_is_cleaned_of_the_ringing_of_jpeg(tmp_path: Path, quality: int, colour: bool) -> None:
    white = DISC.astype(np.uint8) * 255
    found = read_content(jpeg(tmp_path, np.dstack([white] * 3) if colour else white, quality))
    assert np.array_equal(found.values[0], white)
    assert "pixels that saving with loss had made grey became black or white" in found.notes[0]


@pytest.mark.parametrize(
    "values",
    [DISC.astype(np.uint8) * 2, np.where(DISC, 255, np.arange(80) // 40 * 128), np.arange(4800).reshape(60, 80) % 256],
    ids=["classes", "three greys", "a picture"],
)
def test_that_any_other_mask_in_jpeg_is_refused_with_words(tmp_path: Path, values: np.ndarray) -> None:
    with pytest.raises(FormatError, match="JPEG changes the values of a mask"):
        read_content(jpeg(tmp_path, values.astype(np.uint8), 60))


def test_that_black_and_white_that_was_once_jpeg_is_cleaned_in_any_format_and_class_values_are_not(tmp_path: Path) -> None:
    jpeg(tmp_path, DISC.astype(np.uint8) * 255)
    with Image.open(tmp_path / "mask.jpg") as image:
        image.save(tmp_path / "mask.png")
    found = read_content(tmp_path / "mask.png")
    assert np.array_equal(found.values[0], DISC * 255)
    assert found.notes
    classes = np.where(DISC, np.arange(80) // 8, 255).astype(np.uint8)
    Image.fromarray(classes).save(tmp_path / "mask.png")
    assert np.array_equal(read_content(tmp_path / "mask.png").values[0], classes)


def test_that_lossless_jpeg_keeps_its_values_and_is_known_by_its_frame(tmp_path: Path) -> None:
    for name, frame, lossless in (("ls", 0xF7, True), ("lossless", 0xC3, True), ("usual", 0xC0, False)):
        path = tmp_path / name
        path.write_bytes(b"\xff\xd8\xff\xe0\x00\x04ab\xff" + bytes([frame]) + b"\x00\x0b")
        assert is_lossless_jpeg(path) is lossless
    assert not is_lossless_jpeg(jpeg(tmp_path, DISC.astype(np.uint8) * 255))


def test_that_a_clean_jpeg_needs_no_cleaning(tmp_path: Path) -> None:
    file = io.BytesIO()
    Image.fromarray(np.full((16, 16), 255, np.uint8)).save(file, "JPEG", quality=95)
    (tmp_path / "mask.jpg").write_bytes(file.getvalue())
    found = read_content(tmp_path / "mask.jpg")
    assert (found.values == 255).all()
    assert not found.notes
