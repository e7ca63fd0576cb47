from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from unetstudio.errors import FormatError
from unetstudio.formats import read, read_mask

GREY = np.arange(12, dtype=np.uint8).reshape(3, 4) * 20
COLOUR = np.arange(36, dtype=np.uint8).reshape(3, 4, 3) * 7


def saved(path: Path, pixels: NDArray[Any], mode: str | None = None, **options: Any) -> Path:
    Image.fromarray(pixels).convert(mode).save(path, **options) if mode else Image.fromarray(pixels).save(path, **options)
    return path


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif", ".gif", ".pgm", ".jp2"])
def test_that_a_grey_picture_opens_with_its_stored_values(tmp_path: Path, suffix: str) -> None:
    scan = read(saved(tmp_path / f"a{suffix}", GREY))
    assert np.array_equal(scan.voxels, GREY[None, None])
    assert scan.name == "a"


def test_that_a_colour_picture_has_three_channels(tmp_path: Path) -> None:
    scan = read(saved(tmp_path / "a.png", COLOUR))
    assert np.array_equal(scan.voxels[:, 0], COLOUR.transpose(2, 0, 1))
    assert scan.is_colour


def test_that_sixteen_bits_keep_their_depth_in_grey_and_in_colour(tmp_path: Path) -> None:
    deep = COLOUR.astype(np.uint16) * 250 + 1
    for name, pixels in (("grey", deep[..., 0]), ("colour", deep)):
        cv2.imwrite(str(tmp_path / f"{name}.png"), pixels[..., ::-1] if pixels.ndim == 3 else pixels)
        assert np.array_equal(read(tmp_path / f"{name}.png").voxels[:, 0], np.moveaxis(np.atleast_3d(pixels), -1, 0))


def test_that_alpha_is_dropped(tmp_path: Path) -> None:
    rgba = np.dstack([COLOUR, np.full((3, 4), 255, np.uint8)])
    assert np.array_equal(read(saved(tmp_path / "a.png", rgba)).voxels[:, 0], COLOUR.transpose(2, 0, 1))


def test_that_a_picture_drawn_in_alpha_alone_is_read_from_there(tmp_path: Path) -> None:
    rgba = np.dstack([np.zeros_like(COLOUR), GREY])
    assert np.array_equal(read(saved(tmp_path / "a.png", rgba)).voxels, GREY[None, None])


def test_that_a_palette_is_colour_as_an_image_and_indices_as_a_mask(tmp_path: Path) -> None:
    picture = Image.fromarray(GREY // 20 % 3)
    picture.putpalette([0, 0, 0, 255, 0, 0, 0, 0, 255])
    picture.save(tmp_path / "a.png")
    assert read(tmp_path / "a.png").channels == 3
    assert np.array_equal(read_mask(tmp_path / "a.png")[0], (GREY // 20 % 3)[None])


def test_that_a_grey_palette_mask_is_read_as_its_greys(tmp_path: Path) -> None:
    picture = Image.fromarray(GREY // 20 % 2)
    picture.putpalette([0, 0, 0, 255, 255, 255])
    picture.save(tmp_path / "a.gif")
    assert set(np.unique(read_mask(tmp_path / "a.gif")[0])) == {0, 255}


def test_that_a_photograph_is_turned_as_its_exif_says(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    scan = read(saved(tmp_path / "a.jpg", GREY, exif=exif))
    assert scan.shape == (1, 4, 3)


def test_that_one_pixel_opens(tmp_path: Path) -> None:
    assert read(saved(tmp_path / "a.png", np.array([[7]], np.uint8))).voxels.tolist() == [[[[7]]]]


def test_that_a_grey_mask_saved_in_colours_is_read(tmp_path: Path) -> None:
    assert np.array_equal(read_mask(saved(tmp_path / "a.png", GREY, "RGBA"))[0], GREY[None])


def test_that_a_mask_in_colours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="one number per pixel"):
        read_mask(saved(tmp_path / "a.png", COLOUR))


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".bmp"])
def test_that_a_truncated_picture_is_refused(tmp_path: Path, suffix: str) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64), np.uint8)
    path = saved(tmp_path / f"a{suffix}", noise)
    path.write_bytes(path.read_bytes()[:-1500])
    with pytest.raises(FormatError, match="damaged"):
        read(path)


def test_that_a_picture_with_another_ending_is_known_by_its_content(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.png", GREY).rename(tmp_path / "a.tif")
    assert read(path).kind == "PNG"


def test_that_text_named_png_is_refused_with_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_text("not a picture at all")
    with pytest.raises(FormatError, match=r"^a\.png: it is not a PNG file although it is named like one"):
        read(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".dcm", ".nii.gz", ".h5", ".xyz"])
def test_that_an_empty_file_is_called_empty(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    path.touch()
    with pytest.raises(FormatError, match="empty"):
        read(path)


def test_that_a_missing_file_is_called_missing(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="no such file"):
        read(tmp_path / "a.png")
