"""Every format that saves masks is put through the same trials."""

from __future__ import annotations

import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import tifffile

from unetstudio import RESEARCH_USE
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskDocument, read_mask, sha256_of, write_legend, write_mask

CLASSES = ClassTable.named(["background", "nerve"], [(0, 0, 0), (230, 159, 0)])
WRITERS = [name for name, found in FORMATS.items() if found.writes]
VOLUMES = [name for name in WRITERS if FORMATS[name].volumes]
SPACING = Geometry((3.0, 0.8, 0.5))


def labels(depth: int) -> np.ndarray:
    values = np.random.default_rng(1).integers(0, 5, (depth, 7, 9)).astype(np.uint8)
    values[0, 0, 0] = 255
    return values


def test_that_png_tiff_nifti_and_hdf5_save_masks() -> None:
    assert {"png", "tiff", "nifti", "hdf5"} <= set(WRITERS)


@pytest.mark.parametrize(("name", "depth"), [(name, 1) for name in WRITERS] + [(name, 4) for name in VOLUMES])
def test_that_a_mask_comes_back_as_it_went(tmp_path: Path, name: str, depth: int) -> None:
    path = tmp_path / f"mask{FORMATS[name].suffixes[0]}"
    FORMATS[name].write(path, MaskDocument(labels(depth), SPACING, CLASSES))
    values, geometry = read_mask(path)
    assert np.array_equal(values, labels(depth))
    if FORMATS[name].volumes and depth > 1:
        assert geometry.spacing == pytest.approx(SPACING.spacing)
    write_mask(path, MaskDocument(values.astype(np.uint8), geometry, CLASSES))
    assert np.array_equal(read_mask(path)[0], values)


@pytest.mark.parametrize("name", WRITERS)
def test_that_saving_into_a_folder_that_is_gone_says_so(tmp_path: Path, name: str) -> None:
    with pytest.raises(FormatError, match="folder does not exist"):
        write_mask(tmp_path / "gone" / f"mask{FORMATS[name].suffixes[0]}", MaskDocument(labels(1), SPACING, CLASSES))


def test_that_one_slice_formats_refuse_a_volume(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="choose TIFF, NIfTI or HDF5"):
        write_mask(tmp_path / "mask.png", MaskDocument(labels(4), SPACING, CLASSES))


def test_that_a_mask_is_never_smeared_by_jpeg(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="cannot be saved under this ending"):
        write_mask(tmp_path / "mask.jpg", MaskDocument(labels(1), SPACING, CLASSES))


def test_that_a_full_disk_leaves_the_older_mask_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mask.png"
    write_mask(path, MaskDocument(labels(1), SPACING, CLASSES))
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(FormatError, match="the disk is full"):
        write_mask(path, MaskDocument(labels(1) + 1, SPACING, CLASSES))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_that_imagej_finds_the_spacing_of_a_tiff_mask(tmp_path: Path) -> None:
    write_mask(tmp_path / "mask.tif", MaskDocument(labels(4), SPACING, CLASSES))
    with tifffile.TiffFile(tmp_path / "mask.tif") as file:
        about = file.imagej_metadata
        assert about is not None
        assert (about["spacing"], about["unit"], about["Info"]) == (3.0, "mm", RESEARCH_USE)
        assert file.pages[0].tags["XResolution"].value[0] / file.pages[0].tags["XResolution"].value[1] == pytest.approx(2.0)


def test_that_a_plain_h5py_reads_an_hdf5_mask_with_its_legend(tmp_path: Path) -> None:
    write_mask(tmp_path / "mask.h5", MaskDocument(labels(4), SPACING, CLASSES))
    with h5py.File(tmp_path / "mask.h5") as file:
        kept = file["labels"]
        assert kept.compression == "gzip"
        assert json.loads(kept.attrs["legend"])["classes"][1] == {"value": 1, "name": "nerve", "colour": "#e69f00"}
        assert kept.attrs["note"] == RESEARCH_USE


def test_that_the_legend_names_value_and_colour(tmp_path: Path) -> None:
    write_legend(tmp_path / "legend.json", CLASSES)
    found = json.loads((tmp_path / "legend.json").read_text())
    assert [(c["value"], c["name"]) for c in found["classes"]] == [(0, "background"), (1, "nerve")]
    assert (found["note"], found["not_annotated"]) == (RESEARCH_USE, 255)


def test_that_the_hash_is_of_the_bytes_and_not_of_the_name(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"same")
    (tmp_path / "b").write_bytes(b"same")
    (tmp_path / "c").write_bytes(b"other")
    assert sha256_of(tmp_path / "a") == sha256_of(tmp_path / "b") != sha256_of(tmp_path / "c")
