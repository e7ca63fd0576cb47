"""The fourth and further axes of NIfTI, and the ways its files are packed and paired."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
from formats.nifti_files import nifti_bytes, turned, written
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskGrid, discover, files_of, read, read_by_region, read_mask
from unetstudio.formats.masks.mask_files import read_content

TIME, VECTOR = 2001, 1007


def parts(path: Path) -> list[str]:
    return [part.key for part in FORMATS["nifti"].parts(path)]


def series(phantom: NDArray[np.int16], *lengths: int) -> NDArray[np.int16]:
    """Volumes that differ by 1000 from the first to the next, those of the first of the axes fastest."""
    count = int(np.prod(lengths))
    return np.stack([phantom + 1000 * n for n in range(count)]).reshape(*reversed(lengths), *phantom.shape)


def test_that_each_volume_of_a_series_is_an_image(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = written(tmp_path / "a.nii", series(phantom, 6))
    assert [(part.key, part.name) for part in FORMATS["nifti"].parts(path)][3] == ("t=3", "volume 4")
    assert discover([path]) == [Source(path, f"t={n}") for n in range(6)]
    (tmp_path / "b.nii.gz").write_bytes(gzip.compress(path.read_bytes()))
    for n in range(6):
        for file in (path, tmp_path / "b.nii.gz"):
            assert np.array_equal(read(Source(file, f"t={n}")).array, (phantom + 1000 * n)[None])
        assert np.array_equal(read_by_region(Source(path, f"t={n}"), 0).array, (phantom + 1000 * n)[None])
    assert "6 volumes, of which this is the first" in read(path).notes[0]
    assert read(Source(path, "t=2")).notes == ()
    with pytest.raises(FormatError, match="6 volumes and none of the key"):
        read(Source(path, "t=6"))


@pytest.mark.parametrize(
    ("lengths", "intent", "keys", "channels"),
    [
        ((3,), 0, 1, [0, 1, 2]),
        ((3,), TIME, 3, [1]),
        ((5,), VECTOR, 1, [0, 1, 2, 3, 4]),
        ((1, 3), 0, 1, [0, 1, 2]),
        ((1, 6), VECTOR, 1, [0, 1, 2, 3, 4, 5]),
        ((4, 2), VECTOR, 4, [1, 5]),
        ((2, 1, 3), 0, 6, [1]),
    ],
)
def test_that_channels_and_volumes_are_told_apart(
    tmp_path: Path, phantom: NDArray[np.int16], lengths: tuple[int, ...], intent: int, keys: int, channels: list[int]
) -> None:
    path = written(tmp_path / "a.nii", series(phantom, *lengths), intent_code=intent)
    assert len(parts(path)) == keys
    source = Source(path, parts(path)[-1] if keys == 1 else "t=1")
    assert [int(volume.flat[0]) // 1000 for volume in read(source).array] == channels
    assert np.array_equal(read_by_region(source, 0).array, read(source).array)


def test_that_channels_that_may_be_times_are_told(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = written(tmp_path / "a.nii", series(phantom, 3))
    assert "fourth axis, of 3, is taken for channels" in read(path).notes[0]
    assert read_by_region(path, 0).notes == read(path).notes
    assert read(written(tmp_path / "a.nii", series(phantom, 3), intent_code=VECTOR)).notes == ()


def test_that_colours_over_time_are_images_in_colour(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    colours = np.random.default_rng(0).integers(0, 255, (9, 7, 5, 2, 3), np.uint8)
    image = nibabel.Nifti1Image(colours.view(np.dtype([("R", "u1"), ("G", "u1"), ("B", "u1")]))[..., 0], np.eye(4))
    (tmp_path / "a.nii").write_bytes(image.to_bytes())
    for n in range(2):
        for scan in (read(Source(tmp_path / "a.nii", f"t={n}")), read_by_region(Source(tmp_path / "a.nii", f"t={n}"), 0)):
            assert np.array_equal(scan.array, colours[:, :, :, n].transpose(3, 2, 1, 0))


def test_that_a_mask_of_several_volumes_is_refused_unless_the_image_says_which(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = written(tmp_path / "a.nii", series(phantom % 3, 6) // 7)
    with pytest.raises(FormatError, match="a mask is one volume, but this file holds 6"):
        read_mask(path)
    found = read_content(path, MaskGrid(phantom.shape, Geometry(), Source(tmp_path / "scan.nii", "t=4")))
    assert np.array_equal(found.values, (phantom % 3 + 4000) // 7)
    assert "Volume 5 of 6" in found.notes[0]


@pytest.mark.parametrize("kind", [nibabel.Nifti1Pair, nibabel.Nifti2Pair])
@pytest.mark.parametrize("packed", ["", ".gz"])
def test_that_a_pair_opens_by_either_of_its_files(tmp_path: Path, phantom: NDArray[np.int16], kind: Any, packed: str) -> None:
    nibabel.save(kind(phantom.T, turned(1)), tmp_path / f"a.hdr{packed}")
    both = [tmp_path / f"a.hdr{packed}", tmp_path / f"a.img{packed}"]
    for path in both:
        assert np.array_equal(read(path).array[0], phantom)
        assert np.array_equal(read_by_region(path, 0).array[0], phantom)
        assert files_of(Source(path)) == both
    assert read(both[1]).name == "a"


def test_that_header_and_voxels_in_a_folder_are_one_image(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    nibabel.save(nibabel.Nifti1Pair(phantom.T, turned(1)), tmp_path / "a.hdr")
    assert discover([tmp_path]) == discover([tmp_path / "a.hdr", tmp_path / "a.img"]) == [Source(tmp_path / "a.hdr")]
    assert discover([tmp_path / "a.img"]) == [Source(tmp_path / "a.img")]
    (tmp_path / "a.img").unlink()
    with pytest.raises(FormatError, match=r"its voxels are in a\.img, which is not beside it"):
        read(tmp_path / "a.hdr")


@pytest.mark.parametrize("name", ["a", "a.nii.bz2", "a.nii", "a.mystery"])
def test_that_packing_and_name_do_not_matter(tmp_path: Path, phantom: NDArray[np.int16], name: str) -> None:
    for data in (nifti_bytes(phantom), gzip.compress(nifti_bytes(phantom)), bz2.compress(nifti_bytes(phantom))):
        (tmp_path / name).write_bytes(data)
        assert np.array_equal(read(tmp_path / name).array[0], phantom)


def test_that_version_two_in_either_byte_order_opens(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    for header in (nibabel.Nifti1Header(endianness=">"), nibabel.Nifti2Header(endianness=">"), nibabel.Nifti2Header()):
        kind = nibabel.Nifti2Image if isinstance(header, nibabel.Nifti2Header) else nibabel.Nifti1Image
        image = kind(phantom.T.astype(phantom.dtype.newbyteorder(header.endianness)), turned(1), header)
        (tmp_path / "a.nii").write_bytes(image.to_bytes())
        scan = read(tmp_path / "a.nii")
        assert np.array_equal(scan.array[0], phantom)
        assert np.allclose(scan.geometry.nifti_affine(), turned(1), atol=1e-5)


@pytest.mark.parametrize("kind", [np.uint64, np.int64, np.float64, np.uint32])
def test_that_wide_numbers_keep_their_values(tmp_path: Path, phantom: NDArray[np.int16], kind: Any) -> None:
    assert np.array_equal(read(written(tmp_path / "a.nii", phantom.astype(kind))).array[0], phantom)


def test_that_surface_matrices_are_said_to_be_no_image(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = written(tmp_path / "a.dconn.nii", phantom, intent_code=3001)
    for opened in (read, lambda one: read(discover([one])[0])):
        with pytest.raises(FormatError, match=r"CIFTI.* not an image"):
            opened(path)


@pytest.mark.parametrize(
    ("slope", "intercept", "factor", "shift"),
    [(1, np.nan, 1, 0), (0, 7, 1, 0), (np.nan, np.nan, 1, 0), (2, np.nan, 2, 0), (2, 3, 2, 3), (-1, 0, -1, 0)],
)
def test_that_a_scaling_that_is_none_leaves_the_values(
    tmp_path: Path, phantom: NDArray[np.int16], slope: float, intercept: float, factor: int, shift: int
) -> None:
    path = written(tmp_path / "a.nii", phantom, scl_slope=slope, scl_inter=intercept)
    for scan in (read(path), read_by_region(path, 0)):
        assert np.array_equal(scan.array[0], phantom * factor + shift)


def test_that_infinite_scaling_is_damage(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    with pytest.raises(FormatError, match="slope is not a number"):
        read(written(tmp_path / "a.nii", phantom, scl_slope=np.inf))


@pytest.mark.parametrize("most", [1, 3, 12, 100])
def test_that_classes_packed_into_bytes_are_whole_again(tmp_path: Path, phantom: NDArray[np.int16], most: int) -> None:
    classes = phantom % (most + 1)
    stored = np.rint(classes * 255 / most).astype(np.uint8)
    values, _ = read_mask(written(tmp_path / "a.nii", stored, scl_slope=most / 255))
    assert np.array_equal(values, classes)


@pytest.mark.parametrize("slope", [0.01, 0.25, 0.5, 0.8, 1.5])
def test_that_a_scaled_image_is_still_no_mask(tmp_path: Path, phantom: NDArray[np.int16], slope: float) -> None:
    with pytest.raises(FormatError, match="fractions"):
        read_mask(written(tmp_path / "a.nii", phantom, scl_slope=slope))


def test_that_nan_in_a_mask_is_not_annotated(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    floats = np.where(phantom % 4 == 3, np.nan, phantom % 4).astype(np.float32)
    found = read_content(written(tmp_path / "a.nii", floats))
    assert found.unknown is not None
    assert np.array_equal(found.unknown, phantom % 4 == 3)
    assert np.array_equal(found.values[~found.unknown], (phantom % 4)[~found.unknown])
    assert read_content(written(tmp_path / "a.nii", (phantom % 4).astype(np.float32))).unknown is None


def test_that_a_file_cut_short_is_refused(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    data = nifti_bytes(phantom)
    for end in (len(data) - 2, 400, 200):
        (tmp_path / "a.nii").write_bytes(data[:end].ljust(348, b"\0")[: max(end, 0)])
        with pytest.raises(FormatError):
            read(tmp_path / "a.nii")


def test_that_more_volumes_than_a_file_can_hold_are_damage(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = written(tmp_path / "a.nii", phantom, dim=[7, 9, 7, 5, 30_000, 1, 30_000, 30_000])
    with pytest.raises(FormatError, match="it is damaged"):
        read(discover([path])[0])
