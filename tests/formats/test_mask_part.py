"""Masks in files of several images: that at the place of the scan's own image, or none."""

from __future__ import annotations

import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile
from PIL import Image

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import MaskGrid
from unetstudio.formats.masks.mask_files import read_content

LABELS = np.random.default_rng(5).integers(0, 3, (3, 4, 6, 9)).astype(np.uint8)  # (T, Z, Y, X)


def tiff(folder: Path) -> Path:
    tifffile.imwrite(folder / "a.tif", LABELS, imagej=True, metadata={"axes": "TZYX"})
    return folder / "a.tif"


def hdf5(folder: Path) -> Path:
    with h5py.File(folder / "a.h5", "w") as file:
        dataset = file.create_dataset("labels", data=LABELS)
        dataset.attrs["axistags"] = json.dumps({"axes": [{"key": key, "typeFlags": 2} for key in "tzyx"]})
    return folder / "a.h5"


def png(folder: Path) -> Path:
    frames = [Image.fromarray(volume[0]) for volume in LABELS]
    frames[0].save(folder / "a.png", save_all=True, append_images=frames[1:])
    return folder / "a.png"


@pytest.mark.parametrize("make", [tiff, hdf5, png])
def test_that_of_several_masks_in_a_file_that_of_the_image_is_taken(make: object, tmp_path: Path) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    expected = LABELS[:, :1] if make is png else LABELS
    for time in range(3):
        grid = MaskGrid(expected.shape[1:], source=Source(tmp_path / "scan.tif", f"t={time}"))
        found = read_content(path, grid)
        assert np.array_equal(found.values, expected[time])
        assert "was taken, as that of the image" in found.notes[-1]


@pytest.mark.parametrize("make", [tiff, hdf5, png])
def test_that_several_masks_for_one_image_are_refused(make: object, tmp_path: Path) -> None:
    path = make(tmp_path)  # type: ignore[operator]
    for part in ("", "t=7", "series=1"):
        with pytest.raises(FormatError, match="a mask is one image, but this file holds 3"):
            read_content(path, MaskGrid(LABELS.shape[1:], source=Source(tmp_path / "scan.tif", part)))
