from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import MaskDocument, files_of, read, read_by_region, read_mask, read_mask_onto, sha256_of, write_mask

TURN = np.linalg.qr([[0.0, -0.8, 0.6], [0.5, 0.1, 1.8], [0.1, 0.0, -2.0]])[0]
OBLIQUE = np.vstack([np.column_stack([TURN * (0.5, 0.8, 3.0), (-11, 20, 30)]), [0, 0, 0, 1]])
CLASSES = ClassTable.named(["background", "liver"], [(0, 0, 0), (200, 60, 60)])


def saved(path: Path, volume: NDArray[Any], affine: NDArray[np.float64] | None = None, **header: Any) -> Path:
    """A file of `volume` (Z, Y, X), written by nibabel."""
    image = nibabel.Nifti1Image(volume.transpose(*reversed(range(volume.ndim))), np.eye(4) if affine is None else affine)
    for key, value in header.items():
        image.header[key] = value
    nibabel.save(image, path)
    return path


@pytest.mark.parametrize("suffix", [".nii", ".nii.gz", ".hdr"])
def test_that_axes_come_out_as_z_y_x(tmp_path: Path, phantom: NDArray[np.int16], suffix: str) -> None:
    path = tmp_path / f"a{suffix}"
    if suffix == ".hdr":
        nibabel.save(nibabel.Nifti1Pair(phantom.transpose(2, 1, 0), np.diag([0.5, 0.8, 3, 1])), path)
    else:
        saved(path, phantom, np.diag([0.5, 0.8, 3, 1]))
    scan = read(path)
    assert np.array_equal(scan.voxels[0], phantom)
    assert scan.geometry.spacing == pytest.approx((3.0, 0.8, 0.5))
    assert scan.name == "a"


def test_that_positions_agree_with_simpleitk(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = saved(tmp_path / "a.nii.gz", phantom, OBLIQUE)
    scan, reference = read(path), SimpleITK.ReadImage(str(path))
    assert np.array_equal(scan.voxels[0], SimpleITK.GetArrayFromImage(reference))
    ours = scan.geometry.matrix @ (4, 6, 8, 1)
    assert np.allclose(ours[:3], reference.TransformIndexToPhysicalPoint((8, 6, 4)), atol=1e-4)


def test_that_slope_and_intercept_are_applied(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    image = nibabel.Nifti1Image(phantom.transpose(2, 1, 0), np.eye(4))
    raw = bytearray(image.to_bytes())
    for slope, kind in ((0.5, np.float32), (2.0, np.int16)):
        raw[112:120] = np.array([slope, -100], "<f4").tobytes()
        (tmp_path / "a.nii").write_bytes(raw)
        scan = read(tmp_path / "a.nii")
        assert np.array_equal(scan.voxels[0], phantom * slope - 100)
        assert scan.voxels.dtype == kind


def test_that_few_volumes_are_channels_and_many_are_time(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    for count, channels in ((3, 3), (6, 1)):
        path = saved(tmp_path / "a.nii", np.stack([phantom + n for n in range(count)]))
        assert read(path).voxels.shape == (channels, *phantom.shape)
        assert np.array_equal(read(path).voxels[0], phantom)


def test_that_a_file_without_forms_has_spacing_but_no_orientation(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = saved(tmp_path / "a.nii", phantom, np.diag([0.5, 0.8, 3, 1]))
    raw = bytearray(path.read_bytes())
    raw[252:256] = bytes(4)  # qform_code, sform_code
    path.write_bytes(raw)
    assert read(path).geometry == Geometry(pytest.approx((3.0, 0.8, 0.5)))


def test_that_micrometres_become_millimetres(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = saved(tmp_path / "a.nii", phantom, np.diag([500, 800, 3000, 1.0]), xyzt_units=3)
    assert read(path).geometry.spacing == pytest.approx((3.0, 0.8, 0.5))


def test_that_whole_numbers_stored_as_floats_are_a_mask(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    mask, _ = read_mask(saved(tmp_path / "a.nii.gz", (phantom % 3).astype(np.float32)))
    assert np.array_equal(mask, phantom % 3)
    assert mask.dtype.kind == "i"


def test_that_fractions_are_no_mask(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    with pytest.raises(FormatError, match="fractions"):
        read_mask(saved(tmp_path / "a.nii.gz", phantom / 2))


def test_that_an_exported_mask_lies_where_its_scan_lies(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    scan = read(saved(tmp_path / "scan.nii.gz", phantom, OBLIQUE))
    labels = (phantom % 2).astype(np.uint8)
    write_mask(tmp_path / "mask.nii.gz", MaskDocument(labels, scan.geometry, CLASSES))
    image = nibabel.load(tmp_path / "mask.nii.gz")
    assert np.array_equal(np.asarray(image.dataobj.get_unscaled()).transpose(2, 1, 0), labels)
    assert np.allclose(image.affine, OBLIQUE, atol=1e-5)
    assert np.allclose(image.header.get_qform(), image.header.get_sform(), atol=1e-4)
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 1)
    assert image.header["descrip"].tobytes().rstrip(b"\0").decode() == RESEARCH_USE


def test_that_simpleitk_reads_an_exported_mask_at_the_same_places(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    geometry = Geometry.from_nifti(OBLIQUE)
    write_mask(tmp_path / "mask.nii.gz", MaskDocument(phantom.astype(np.uint8), geometry, CLASSES))
    image = SimpleITK.ReadImage(str(tmp_path / "mask.nii.gz"))
    assert np.allclose((geometry.matrix @ (4, 6, 8, 1))[:3], image.TransformIndexToPhysicalPoint((8, 6, 4)), atol=1e-4)


def test_that_a_sheared_geometry_is_kept_in_the_sform_alone(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    sheared = OBLIQUE.copy()
    sheared[:3, 2] += 0.3 * OBLIQUE[:3, 1]
    write_mask(tmp_path / "mask.nii.gz", MaskDocument(phantom.astype(np.uint8), Geometry.from_nifti(sheared), CLASSES))
    header = nibabel.load(tmp_path / "mask.nii.gz").header
    assert np.allclose(header.get_sform(), sheared, atol=1e-5)
    assert int(header["qform_code"]) == 0


def test_that_unknown_orientation_stays_unknown_through_export(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    for geometry in (Geometry(), Geometry((3.0, 0.5, 0.25))):
        write_mask(tmp_path / "mask.nii.gz", MaskDocument(phantom.astype(np.uint8), geometry, CLASSES))
        assert read(tmp_path / "mask.nii.gz").geometry == geometry


def test_that_a_mask_stored_upside_down_lands_on_its_scan(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    scan = read(saved(tmp_path / "scan.nii.gz", phantom, np.diag([0.5, 0.8, 3, 1])))
    flipped = np.diag([0.5, -0.8, 3, 1])
    flipped[1, 3] = 0.8 * 6
    path = saved(tmp_path / "mask.nii.gz", phantom[:, ::-1], flipped)
    assert np.array_equal(read_mask_onto(path, scan.shape, scan.geometry), phantom)


def test_that_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = saved(tmp_path / "mask.nii.gz", phantom[:4])
    with pytest.raises(FormatError, match="the mask is 9 x 7 x 4 and the image 9 x 7 x 5"):
        read_mask_onto(path, (5, 7, 9), Geometry())


def test_that_a_header_that_claims_the_impossible_is_refused_before_memory_is_taken(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.nii", np.zeros((2, 2, 2), np.uint8))
    raw = bytearray(path.read_bytes())
    raw[42:48] = np.array([30_000] * 3, "<i2").tobytes()
    path.write_bytes(raw)
    with pytest.raises(FormatError, match="it is damaged"):
        read(path)


def test_that_a_truncated_packed_file_is_refused(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    packed = gzip.compress(saved(tmp_path / "a.nii", phantom).read_bytes())
    (tmp_path / "a.nii.gz").write_bytes(packed[: len(packed) * 2 // 3])
    with pytest.raises(FormatError, match="damaged"):
        read(tmp_path / "a.nii.gz")


def test_that_a_header_and_the_voxels_beside_it_belong_to_one_scan(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    image = nibabel.Nifti1Pair(phantom.transpose(2, 1, 0), np.eye(4))
    image.to_filename(tmp_path / "a.hdr")
    assert files_of(Source(tmp_path / "a.hdr")) == [tmp_path / "a.hdr", tmp_path / "a.img"]
    before = sha256_of(tmp_path / "a.hdr")
    (tmp_path / "a.img").write_bytes(bytes(phantom.nbytes))
    assert sha256_of(tmp_path / "a.hdr") != before


@pytest.mark.parametrize(("range_", "window"), [((-160, 240), (-160.0, 240.0)), ((0, 0), None), ((5, 3), None), ((0, np.nan), None)])
def test_that_the_display_range_of_the_header_is_suggested(
    tmp_path: Path, phantom: NDArray[np.int16], range_: tuple[float, float], window: tuple[float, float] | None
) -> None:
    path = saved(tmp_path / "a.nii", phantom, cal_min=range_[0], cal_max=range_[1])
    assert read(path).window == window
    lazy = read_by_region(Source(path), 0)
    assert lazy.window == window and not isinstance(lazy.voxels, np.ndarray)
