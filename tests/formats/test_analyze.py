"""Analyze 7.5, whose header is believed only where each of its fields makes sense."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import discover, files_of, read, read_by_region, read_mask
from unetstudio.formats.finding.recognition import recognise


def saved(folder: Path, volume: NDArray[Any], kind: Any = nibabel.AnalyzeImage, order: str = "<") -> Path:
    """A pair of files of `volume` (..., Z, Y, X)."""
    header = kind.header_class(endianness=order)
    header.set_data_dtype(volume.dtype.newbyteorder(order))
    image = kind(volume.T, np.diag([0.5, 0.8, 3.0, 1.0]), header)
    image.header.set_zooms((0.5, 0.8, 3.0, 1.0)[: volume.ndim])
    nibabel.save(image, folder / "a.img")
    return folder / "a.hdr"


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.int32, np.float32, np.float64])
def test_that_a_pair_opens_by_either_of_its_files(tmp_path: Path, phantom: NDArray[np.int16], kind: Any, order: str) -> None:
    volume = (phantom % 200).astype(kind)
    header = saved(tmp_path, volume, order=order)
    for path in (header, tmp_path / "a.img"):
        scan = read(path)
        assert np.array_equal(scan.array[0], volume)
        assert np.array_equal(read_by_region(path, 0).array[0], volume)
        assert (scan.kind, scan.name, scan.geometry) == ("Analyze", "a", Geometry(pytest.approx((3.0, 0.8, 0.5))))
        assert "the orientation is unknown" in scan.notes[0]
        assert files_of(Source(path)) == [header, tmp_path / "a.img"]
    assert discover([tmp_path]) == [Source(header)]


def test_that_nifti_pairs_stay_nifti(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    nibabel.save(nibabel.Nifti1Pair(phantom.T, np.eye(4)), tmp_path / "a.hdr")
    assert [recognise(tmp_path / f"a{ending}")[0] for ending in (".hdr", ".img")] == ["nifti", "nifti"]
    saved(tmp_path, phantom)
    assert [recognise(tmp_path / f"a{ending}")[0] for ending in (".hdr", ".img")] == ["analyze", "analyze"]


def test_that_the_scale_of_spm_is_applied(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    header = saved(tmp_path, phantom, nibabel.Spm99AnalyzeImage)
    data = bytearray(header.read_bytes())
    data[112:116] = np.float32(0.25).tobytes()
    header.write_bytes(data)
    assert np.array_equal(read(header).array[0], phantom * np.float32(0.25))
    assert np.array_equal(read_by_region(header, 0).array[0], phantom * np.float32(0.25))


def test_that_a_fourth_axis_holds_volumes(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    header = saved(tmp_path, np.stack([phantom + 1000 * n for n in range(3)]))
    assert discover([header]) == [Source(header, f"t={n}") for n in range(3)]
    assert np.array_equal(read(Source(header, "t=2")).array[0], phantom + 2000)


@pytest.mark.parametrize(("offset", "value"), [(0, 349), (40, 0), (42, 0), (44, -3), (70, 3), (70, 1), (72, 7)])
def test_that_a_header_that_makes_no_sense_is_none(tmp_path: Path, phantom: NDArray[np.int16], offset: int, value: int) -> None:
    header = saved(tmp_path, phantom)
    data = bytearray(header.read_bytes())
    data[offset : offset + 2] = np.int16(value).tobytes()
    header.write_bytes(data)
    assert recognise(header) is None


def test_that_missing_voxels_are_told(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    header = saved(tmp_path, phantom)
    (tmp_path / "a.img").write_bytes(bytes(100))
    with pytest.raises(FormatError, match="cut short"):
        read(header)
    (tmp_path / "a.img").unlink()
    with pytest.raises(FormatError, match=r"its voxels are in a\.img"):
        read(header)


def test_that_a_mask_is_read(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    assert np.array_equal(read_mask(saved(tmp_path, (phantom % 3).astype(np.uint8)))[0], phantom % 3)
