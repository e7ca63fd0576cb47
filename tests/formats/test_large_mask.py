"""Masks written row by row are files like any other."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
import tifffile

from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Region
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskDocument, read, read_mask
from unetstudio.formats.masks.large import ending, make_sure_it_can_be_saved, write_large_mask

CLASSES = ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)])


def test_that_a_large_picture_becomes_a_tiled_compressed_bigtiff_with_its_spacing(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 3, (1, 1300, 1100), np.uint8)
    path = tmp_path / f"a{ending(labels.shape, Geometry())}"
    write_large_mask(path, (1, 1300, 1100), lambda region: labels[region.slices], Geometry((1.0, 0.0013, 0.0017)))
    values, geometry = read_mask(path)
    assert (values == labels).all()
    assert geometry.spacing == pytest.approx((1.0, 0.0013, 0.0017), rel=1e-6)
    with tifffile.TiffFile(path) as tif:
        assert tif.is_bigtiff
        assert tif.pages[0].is_tiled
    assert path.stat().st_size < labels.size / 2
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_that_a_large_volume_becomes_the_same_nifti_as_a_small_one(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 3, (4, 30, 50), np.uint8)
    geometry = Geometry.from_affine(np.array([[0.5, 0, 0.1, 3], [0, 0.6, 0, -2], [-0.1, 0, 2, 7], [0, 0, 0, 1.0]]))
    write_large_mask(tmp_path / "a.nii.gz", (4, 30, 50), lambda region: labels[region.slices], geometry)
    whole = FORMATS["nifti"].encode(MaskDocument(labels, geometry, CLASSES))
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes()) == gzip.decompress(whole)
    assert read(tmp_path / "a.nii.gz").geometry.spacing is not None


def test_that_a_mask_that_fails_midway_leaves_what_was_there_before(tmp_path: Path) -> None:
    (tmp_path / "a.tif").write_bytes(b"before")

    def fail(region: Region) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
        if region.start[1]:
            raise KeyboardInterrupt
        return np.zeros(region.shape, np.uint8)

    with pytest.raises(KeyboardInterrupt):
        write_large_mask(tmp_path / "a.tif", (1, 2000, 600), fail, Geometry())
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"a.tif": b"before"}


def test_that_a_volume_too_wide_for_nifti_is_refused_before_any_work() -> None:
    with pytest.raises(FormatError, match="32,767"):
        make_sure_it_can_be_saved(Path("a.nii.gz"), (2, 40_000, 10))
