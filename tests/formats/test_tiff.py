from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import read, read_mask


def test_that_pages_are_slices(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", phantom.astype(np.uint16), photometric="minisblack")
    scan = read(tmp_path / "a.tif")
    assert np.array_equal(scan.voxels[0], phantom)
    assert scan.voxels.dtype == np.uint16


def test_that_an_imagej_hyperstack_keeps_channels_slices_and_spacing(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    zcyx = np.stack([phantom, phantom + 500], axis=1).astype(np.uint16)
    about = {"axes": "ZCYX", "spacing": 2.0, "unit": "micron"}
    tifffile.imwrite(tmp_path / "a.tif", zcyx, imagej=True, resolution=(4.0, 2.0), metadata=about)
    scan = read(tmp_path / "a.tif")
    assert np.array_equal(scan.voxels, zcyx.swapaxes(0, 1))
    assert scan.geometry.spacing == pytest.approx((2e-3, 0.5e-3, 0.25e-3))


def test_that_ome_physical_sizes_are_read_in_their_units(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    sizes = {"PhysicalSizeX": 4.6, "PhysicalSizeXUnit": "nm", "PhysicalSizeY": 4.6, "PhysicalSizeYUnit": "nm", "PhysicalSizeZ": 0.05}
    tifffile.imwrite(tmp_path / "a.ome.tif", phantom.astype(np.uint16), metadata={"axes": "ZYX", **sizes})
    assert read(tmp_path / "a.ome.tif").geometry.spacing == pytest.approx((5e-5, 4.6e-6, 4.6e-6))


def test_that_time_is_depth_only_where_there_are_no_slices(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    film = phantom.astype(np.uint16)
    tifffile.imwrite(tmp_path / "t.ome.tif", film, metadata={"axes": "TYX"})
    tifffile.imwrite(tmp_path / "tz.ome.tif", np.stack([film, film + 9]), metadata={"axes": "TZYX"})
    assert np.array_equal(read(tmp_path / "t.ome.tif").voxels[0], film)
    assert np.array_equal(read(tmp_path / "tz.ome.tif").voxels[0], film)


def test_that_the_dots_per_inch_of_a_printer_are_no_spacing(tmp_path: Path) -> None:
    for dots, known in ((300, False), (25_400, True)):
        tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 4), np.uint8), resolution=(dots, dots), resolutionunit="INCH")
        assert (read(tmp_path / "a.tif").geometry != Geometry()) is known


def test_that_floats_lose_their_nan_and_keep_their_values(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([[np.nan, -2.5], [np.inf, 7.25]], np.float64))
    scan = read(tmp_path / "a.tif")
    assert scan.voxels[0, 0].tolist() == [[-2.5, -2.5], [-2.5, 7.25]]
    assert scan.voxels.dtype == np.float32


def test_that_an_image_without_a_single_number_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.full((3, 4), np.nan, np.float32))
    with pytest.raises(FormatError, match="NaN"):
        read(tmp_path / "a.tif")


def test_that_white_zero_is_shown_inverted_and_stored_as_it_is(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([[0, 9]], np.uint8), photometric="miniswhite")
    scan = read(tmp_path / "a.tif")
    assert scan.inverted
    assert scan.voxels.ravel().tolist() == [0, 9]


def test_that_planar_colours_are_channels(tmp_path: Path) -> None:
    colours = np.arange(60, dtype=np.uint8).reshape(3, 4, 5)
    tifffile.imwrite(tmp_path / "a.tif", colours, photometric="rgb", planarconfig="separate")
    assert np.array_equal(read(tmp_path / "a.tif").voxels[:, 0], colours)


def test_that_labels_beyond_255_keep_their_values(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.array([[0, 70_000]], np.uint32))
    assert read_mask(tmp_path / "a.tif")[0].tolist() == [[[0, 70_000]]]


def test_that_a_file_cut_short_is_refused(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    tifffile.imwrite(tmp_path / "a.tif", phantom)
    (tmp_path / "a.tif").write_bytes((tmp_path / "a.tif").read_bytes()[:-100])
    with pytest.raises(FormatError, match=r"a\.tif: .*(cut short|damaged)"):
        read(tmp_path / "a.tif")


def test_that_a_header_that_claims_more_rows_than_it_lists_is_refused(tmp_path: Path) -> None:
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 64), np.uint8), rowsperstrip=8)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+") as file:
        file.pages[0].tags["ImageLength"].overwrite(60_000)
    with pytest.raises(FormatError, match="cut short"):
        read(tmp_path / "a.tif")
