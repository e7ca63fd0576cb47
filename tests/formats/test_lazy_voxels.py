"""Images read part by part are what they are when they are read whole."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats import read, read_by_region
from unetstudio.formats.voxel_files.lazy_voxels import LazyVoxels

RNG = np.random.default_rng(0)
GREY = RNG.integers(0, 255, (70, 90), np.uint8)
DEEP = RNG.integers(0, 60_000, (70, 90), np.uint16)
COLOURS = RNG.integers(0, 255, (70, 90, 3), np.uint8)
RGBA = np.dstack([COLOURS, np.full((70, 90), 255, np.uint8)])
CLEAR = np.dstack([np.full((70, 90, 3), 7, np.uint8), GREY])
FLOATS = np.where(GREY > 250, np.nan, GREY * -1.5).astype(np.float32)
VOLUME = RNG.integers(-900, 900, (5, 70, 90), np.int16)
TILES: dict[str, Any] = {"tile": (32, 32), "compression": "zlib"}
PALETTE = RNG.integers(0, 2**16, (3, 256), np.uint16)

TIFFS: dict[str, tuple[NDArray[Any], dict[str, Any]]] = {
    "raw": (GREY, {}),
    "big endian": (DEEP, {"byteorder": ">", "bigtiff": True}),
    "uncompressed tiles": (GREY, {"tile": (32, 32)}),
    "tiles": (GREY, TILES),
    "tiles with differences": (DEEP, {**TILES, "predictor": True}),
    "strips": (DEEP, {"rowsperstrip": 7, "compression": "lzw"}),
    "colours": (COLOURS, {"photometric": "rgb"}),
    "colours in tiles": (COLOURS, {"photometric": "rgb", **TILES}),
    "JPEG tiles": (COLOURS, {"photometric": "rgb", "tile": (32, 32), "compression": "jpeg"}),
    "planes of colours": (np.moveaxis(COLOURS, -1, 0), {"photometric": "rgb", "planarconfig": "separate", **TILES}),
    "opaque": (RGBA, {"photometric": "rgb", "extrasamples": ["unassalpha"], **TILES}),
    "all in the alpha": (CLEAR, {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    "grey and alpha": (RGBA[..., 2:], {"photometric": "minisblack", "planarconfig": "contig", "extrasamples": ["unassalpha"]}),
    "two dyes": (np.dstack([GREY, GREY.T.reshape(70, 90)]), {"photometric": "minisblack", "planarconfig": "contig"}),
    "inks": (np.dstack([COLOURS, GREY]), {"photometric": "separated"}),
    "palette": (GREY, {"photometric": "palette", "colormap": PALETTE, **TILES}),
    "white zero": (GREY, {"photometric": "miniswhite", **TILES}),
    "NaN": (FLOATS, TILES),
    "doubles": (FLOATS.astype(np.float64), {}),
    "long": (DEEP.astype(np.uint32) * 70_000, TILES),
    "short": (DEEP.astype(np.int32) - 500, {}),
    "bytes below zero": (GREY.astype(np.int8), {}),
    "bits": (GREY > 100, {}),
    "pages": (VOLUME, {"photometric": "minisblack", **TILES}),
    "raw pages": (VOLUME, {"photometric": "minisblack"}),
    "ImageJ": (np.stack([VOLUME, VOLUME + 1], 1).astype(np.uint16), {"imagej": True, "metadata": {"axes": "ZCYX"}}),
    "OME": (np.stack([VOLUME, VOLUME + 1]), {"ome": True, "metadata": {"axes": "TZYX"}, **TILES}),
    "OME with colours": (np.stack([COLOURS, COLOURS[::-1]]), {"ome": True, "photometric": "rgb", "metadata": {"axes": "CYXS"}}),
    "time": (VOLUME, {"ome": True, "metadata": {"axes": "TYX"}}),
}


def check(path: Path) -> None:
    """The file read by region against the file read whole."""
    whole, parts = read(path), read_by_region(path, large=0)
    assert isinstance(whole.voxels, np.ndarray)
    assert isinstance(parts.voxels, LazyVoxels)
    assert (parts.kind, parts.geometry, parts.name, parts.inverted, parts.window) == (
        whole.kind,
        whole.geometry,
        whole.name,
        whole.inverted,
        whole.window,
    )
    assert (parts.shape, parts.channels, parts.voxels.dtype) == (whole.shape, whole.channels, whole.voxels.dtype)
    assert parts.voxels.nbytes == whole.voxels.nbytes
    assert np.array_equal(np.asarray(parts.voxels), whole.voxels)
    z, y, x = whole.shape
    for index in (
        (slice(None), slice(z // 2, z), slice(20, 41), slice(30, 71)),
        (..., slice(y - 3, None), slice(x - 1, x)),
        (0, z - 1),
        (slice(None), 0, 33, 17),
        (slice(None), slice(z // 4, None, 2), slice(3, None, 9), slice(5, None, 7)),
        slice(0, 1),
        -1,
        (slice(None), slice(None), slice(9, 9)),
    ):
        assert np.array_equal(parts.voxels[index], whole.voxels[index])
    with pytest.raises(IndexError):
        parts.voxels[0, z]


@pytest.mark.parametrize("name", TIFFS)
def test_that_parts_of_a_tiff_are_those_of_the_whole(tmp_path: Path, name: str) -> None:
    pixels, options = TIFFS[name]
    ending = ".ome.tif" if options.get("ome") else ".tif"
    writing = {key: value for key, value in options.items() if key not in ("imagej", "ome", "bigtiff", "byteorder")}
    opening = {key: options[key] for key in ("imagej", "ome", "bigtiff", "byteorder") if key in options}
    with tifffile.TiffWriter(tmp_path / f"a{ending}", **opening) as file:
        file.write(pixels, **writing)
    check(tmp_path / f"a{ending}")


NIFTIS: dict[str, Callable[[], Any]] = {
    "plain": lambda: nibabel.Nifti1Image(VOLUME.T, np.diag([0.5, 0.6, 2, 1])),
    "two": lambda: nibabel.Nifti2Image(VOLUME.T, np.diag([0.5, 0.6, 2, 1])),
    "channels": lambda: nibabel.Nifti1Image(np.stack([VOLUME.T, VOLUME.T + 1], -1), np.eye(4)),
    "series": lambda: nibabel.Nifti1Image(np.stack([VOLUME.T] * 6, -1), np.eye(4)),
    "floats": lambda: nibabel.Nifti1Image(np.where(VOLUME > 800, np.nan, VOLUME).T.astype(np.float64), np.eye(4)),
    "colours": lambda: nibabel.Nifti1Image(
        RNG.integers(0, 255, (90, 70, 5, 3), np.uint8).view(np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))[..., 0], np.eye(4)
    ),
}


@pytest.mark.parametrize("name", NIFTIS)
@pytest.mark.parametrize("slope", [None, (2, -10), (0.5, 3)])
def test_that_parts_of_a_nifti_are_those_of_the_whole(tmp_path: Path, name: str, slope: tuple[float, float] | None) -> None:
    image = NIFTIS[name]()
    if slope is not None and name != "colours":
        image.header.set_slope_inter(*slope)
    data = image.to_bytes()
    (tmp_path / "a.nii").write_bytes(data)
    check(tmp_path / "a.nii")
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(data))
    assert isinstance(read_by_region(tmp_path / "b.nii.gz", large=0).voxels, np.ndarray)


@pytest.mark.parametrize("array", [GREY, COLOURS, VOLUME, np.stack([VOLUME, VOLUME]), np.moveaxis(VOLUME[:3], 0, -1)[None].repeat(5, 0)])
@pytest.mark.parametrize("options", [{}, {"chunks": True, "compression": "gzip"}])
def test_that_parts_of_a_dataset_are_those_of_the_whole(tmp_path: Path, array: NDArray[Any], options: dict[str, Any]) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("raw", data=array, **options).attrs["spacing_zyx_mm"] = (2.0, 0.5, 0.5)
    check(tmp_path / "a.h5")


def test_that_small_images_and_those_of_other_formats_are_read_whole(tmp_path: Path) -> None:
    import cv2

    tifffile.imwrite(tmp_path / "a.tif", GREY)
    cv2.imwrite(str(tmp_path / "b.png"), GREY)
    assert isinstance(read_by_region(tmp_path / "a.tif").voxels, np.ndarray)
    assert isinstance(read_by_region(tmp_path / "b.png", large=0).voxels, np.ndarray)


@pytest.mark.parametrize("options", [{}, TILES])
def test_that_a_file_that_loses_its_end_or_goes_away_is_told_in_a_sentence(tmp_path: Path, options: dict[str, Any]) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, **options)
    voxels = read_by_region(path, large=0).voxels
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(FormatError, match=r"a\.tif: (it is cut short|this TIFF file is damaged)"):
        voxels[:, :, 40:]
    path.unlink()
    with pytest.raises(FormatError, match="no such file"):
        voxels[:, :, 32:64, 64:]


def test_that_a_tile_that_is_damaged_is_told_in_a_sentence(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY, **TILES)
    with tifffile.TiffFile(path) as tif:
        offset = tif.pages[0].dataoffsets[-1]  # type: ignore[union-attr]
    with path.open("r+b") as file:
        file.seek(offset)
        file.write(b"no zlib at all")
    voxels = read_by_region(path, large=0).voxels
    assert np.array_equal(voxels[0, 0, :32, :32], GREY[:32, :32])
    with pytest.raises(FormatError, match="this TIFF file is damaged"):
        voxels[0, 0, 60:]


def test_that_a_file_cut_short_is_refused_before_any_part_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.tif"
    tifffile.imwrite(path, GREY)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(FormatError, match="cut short"):
        read_by_region(path, large=0)
