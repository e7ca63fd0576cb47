"""Volumes of FreeSurfer, as nibabel reads and writes them."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from formats.nifti_files import turned
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import discover, read, read_by_region, read_mask
from unetstudio.formats.finding.recognition import recognise


@pytest.mark.parametrize("ending", [".mgh", ".mgz"])
@pytest.mark.parametrize("flipped", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float32])
def test_that_a_volume_lies_where_nibabel_sees_it(
    tmp_path: Path, phantom: NDArray[np.int16], ending: str, flipped: bool, kind: Any
) -> None:
    volume = (phantom % 200).astype(kind)
    path = tmp_path / f"a{ending}"
    nibabel.save(nibabel.MGHImage(volume.T, turned(4, flipped=flipped)), path)
    scan, parts = read(path), read_by_region(path, 0)
    assert (scan.kind, scan.name, scan.notes) == ("MGH", "a", ())
    assert np.array_equal(scan.array[0], volume)
    assert np.array_equal(parts.array, scan.array)
    assert isinstance(parts.voxels, np.ndarray) is (ending == ".mgz")
    unpacked = gzip.decompress(path.read_bytes()) if ending == ".mgz" else path.read_bytes()
    assert np.allclose(scan.geometry.nifti_affine(), nibabel.MGHImage.from_bytes(unpacked).affine, atol=1e-4)
    assert np.array_equal(read_mask(path)[0], volume)


def test_that_frames_are_volumes(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = tmp_path / "a.mgz"
    nibabel.save(nibabel.MGHImage(np.stack([phantom + 1000 * n for n in range(3)]).T, turned(4)), path)
    assert discover([path]) == [Source(path, f"t={n}") for n in range(3)]
    assert np.array_equal(read(Source(path, "t=1")).array[0], phantom + 1000)


def test_that_a_header_without_directions_leaves_the_place_unknown(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = tmp_path / "a.mgh"
    nibabel.save(nibabel.MGHImage(phantom.T, turned(4)), path)
    data = bytearray(path.read_bytes())
    data[28:30] = bytes(2)
    path.write_bytes(data)
    assert read(path).geometry == Geometry()
    assert "spacing and orientation are unknown" in read(path).notes[0]


@pytest.mark.parametrize(("offset", "value"), [(0, 2), (4, -1), (4, 2**30), (20, 9), (28, 99), (30, 0x7FC00000)])
def test_that_a_header_that_makes_no_sense_is_none(tmp_path: Path, phantom: NDArray[np.int16], offset: int, value: int) -> None:
    path = tmp_path / "a.mgh"
    nibabel.save(nibabel.MGHImage(phantom.T, turned(4)), path)
    data = bytearray(path.read_bytes())
    data[offset : offset + (2 if offset == 28 else 4)] = np.array(value, ">i2" if offset == 28 else ">i4").tobytes()
    path.write_bytes(data)
    assert recognise(path) is None


def test_that_a_file_cut_short_is_refused(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = tmp_path / "a.mgh"
    nibabel.save(nibabel.MGHImage(phantom.T, turned(4)), path)
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(FormatError, match="cut short"):
        read(path)
