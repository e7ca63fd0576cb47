"""A mask lies where its scan lies, for every reader and whatever the scan's header says."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import pytest
import SimpleITK
from formats.nifti_files import turned, written
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Region
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskDocument, read, write_mask
from unetstudio.formats.masks.large import write_large_mask

SHEARED = turned(3)
SHEARED[:3, 2] += 0.3 * SHEARED[:3, 1]
Form = tuple[NDArray[np.float64], int] | None
HEADERS: dict[str, tuple[Form, Form, dict[str, Any]]] = {
    "sform": ((turned(1), 2), None, {}),
    "qform": (None, (turned(1), 1), {}),
    "both alike": ((turned(1), 1), (turned(1), 1), {}),
    "both, differing": ((turned(1), 4), (turned(2), 1), {}),
    "both, differing, mirrored": ((turned(1, flipped=True), 2), (turned(2), 3), {}),
    "mirrored qform": (None, (turned(1, flipped=True), 1), {}),
    "qform without code": ((turned(1), 2), (turned(2), 0), {}),
    "none": (None, None, {}),
    "micrometres": ((turned(1), 2), (turned(1), 1), {"xyzt_units": 3}),
    "sheared sform": ((SHEARED, 2), (turned(2), 1), {}),
    "sform of zeros": ((np.zeros((4, 4)), 1), None, {}),
    "sform of zeros beside a qform": ((np.zeros((4, 4)), 1), (turned(2), 1), {}),
}


def itk_place(path: Path) -> NDArray[np.float64] | None:
    """Origin, spacing and direction as ITK sees them; None for a file that it refuses."""
    try:
        image = SimpleITK.ReadImage(str(path))
    except RuntimeError:
        return None
    return np.array([*image.GetOrigin(), *image.GetSpacing(), *image.GetDirection()])


def check(scan: Path, mask: Path) -> None:
    """Both readers see both files in the same place."""
    ours, theirs = nibabel.load(mask), nibabel.load(scan)
    assert np.allclose(ours.affine, theirs.affine, atol=1e-5)
    for field in ("sform_code", "qform_code", "xyzt_units"):
        assert int(ours.header[field]) == int(theirs.header[field]), field
    assert ours.header["pixdim"][0] == theirs.header["pixdim"][0]
    assert np.allclose(ours.header.get_qform(), theirs.header.get_qform(), atol=1e-5)
    expected, found = itk_place(scan), itk_place(mask)
    assert (expected is None) == (found is None)
    assert expected is None or np.allclose(found, expected, atol=1e-5)


@pytest.mark.parametrize("name", HEADERS)
def test_that_a_mask_carries_both_forms_and_codes_of_its_scan(tmp_path: Path, phantom: NDArray[np.int16], name: str) -> None:
    sform, qform, fields = HEADERS[name]
    scan = written(tmp_path / "scan.nii", phantom, sform, qform, **fields)
    labels = (phantom % 3).astype(np.uint8)
    write_mask(tmp_path / "mask.nii.gz", MaskDocument(labels, read(scan).geometry, source=Source(scan)))
    check(scan, tmp_path / "mask.nii.gz")
    assert np.array_equal(np.asarray(nibabel.load(tmp_path / "mask.nii.gz").dataobj).T, labels)
    write_large_mask(tmp_path / "large.nii.gz", labels.shape, lambda region: labels[region.slices], read(scan).geometry, Source(scan))
    assert gzip.decompress((tmp_path / "large.nii.gz").read_bytes()) == gzip.decompress((tmp_path / "mask.nii.gz").read_bytes())


def test_that_a_scan_of_another_grid_lends_its_header_to_no_mask(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    scan = written(tmp_path / "scan.nii", phantom, (turned(1), 4), (turned(2), 1))
    labels, geometry = phantom.astype(np.uint8), read(scan).geometry
    elsewhere = Geometry.from_nifti(turned(5))
    for part, place in ((labels[:4], geometry), (labels, elsewhere)):
        write_mask(tmp_path / "mask.nii.gz", MaskDocument(part, place, source=Source(scan)))
        header = nibabel.load(tmp_path / "mask.nii.gz").header
        assert np.allclose(header.get_sform(), place.nifti_affine(), atol=1e-5)
        assert np.allclose(header.get_qform(), place.nifti_affine(), atol=1e-4)


@pytest.mark.parametrize("contents", [None, b"no image at all" * 99, b"\x1f\x8bbroken"])
def test_that_a_mask_of_a_scan_that_is_gone_lies_where_the_project_says(
    tmp_path: Path, phantom: NDArray[np.int16], contents: bytes | None
) -> None:
    if contents is not None:
        (tmp_path / "scan.nii").write_bytes(contents)
    geometry = Geometry.from_nifti(turned(5))
    write_mask(tmp_path / "mask.nii.gz", MaskDocument(phantom.astype(np.uint8), geometry, source=Source(tmp_path / "scan.nii")))
    assert np.allclose(nibabel.load(tmp_path / "mask.nii.gz").affine, turned(5), atol=1e-5)


def test_that_two_places_in_one_header_are_told(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    assert "sform and qform differ" in " ".join(read(written(tmp_path / "a.nii", phantom, (turned(1), 4), (turned(2), 1))).notes)
    assert read(written(tmp_path / "a.nii", phantom, (turned(1), 4), (turned(1), 1))).notes == ()
    assert read(written(tmp_path / "a.nii", phantom, (turned(1), 4), (turned(2), 0))).notes == ()


def test_that_a_useless_sform_gives_way_to_the_qform(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    path = written(tmp_path / "a.nii", phantom, (np.zeros((4, 4)), 1), (turned(2), 1))
    assert np.allclose(read(path).geometry.nifti_affine(), turned(2), atol=1e-4)
    path = written(tmp_path / "a.nii", phantom, (np.zeros((4, 4)), 1))
    assert read(path).geometry == Geometry(pytest.approx((3.0, 0.8, 0.5)))


@pytest.mark.parametrize(("fields", "factor"), [({"xyzt_units": 1}, 1000), ({"xyzt_units": 3}, 0.001), ({"xyzt_units": 10}, 1)])
def test_that_units_of_length_are_read(tmp_path: Path, phantom: NDArray[np.int16], fields: dict[str, int], factor: float) -> None:
    geometry = read(written(tmp_path / "a.nii", phantom, (turned(1), 1), **fields)).geometry
    assert geometry.spacing == pytest.approx((3.0 * factor, 0.8 * factor, 0.5 * factor))


def test_that_flat_files_get_flat_masks(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    scan = written(tmp_path / "scan.nii", phantom[0], (turned(1), 2))
    write_mask(tmp_path / "mask.nii.gz", MaskDocument(phantom[:1].astype(np.uint8), read(scan).geometry, source=Source(scan)))
    assert SimpleITK.ReadImage(str(tmp_path / "mask.nii.gz")).GetSize() == SimpleITK.ReadImage(str(scan)).GetSize() == (9, 7)


def test_that_one_slice_of_a_patient_stays_a_volume(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    from unetstudio.formats.masks.large import ending
    from unetstudio.formats.masks.usual import usual_mask

    placed, bare = Geometry.from_nifti(turned(1)), Geometry((1.0, 0.5, 0.5))
    assert usual_mask((1, 7, 9), placed) == usual_mask((2, 7, 9), bare) == usual_mask((1, 7, 9), bare, "NIfTI") == "nifti"
    assert usual_mask((1, 7, 9), bare, "TIFF") == "png"
    assert (ending((1, 7, 9), placed), ending((1, 7, 9), bare), ending((1, 7, 40_000), placed)) == (".nii.gz", ".tif", ".tif")


def test_that_a_large_slice_of_a_patient_is_written_as_nifti(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    labels = phantom[:1].astype(np.uint8)

    def part(region: Region) -> NDArray[np.uint8]:
        return labels[region.slices]

    write_large_mask(tmp_path / "a.nii.gz", (1, 7, 9), part, Geometry.from_nifti(turned(1)))
    assert np.array_equal(read(tmp_path / "a.nii.gz").array[0], labels)


def test_that_a_mask_too_long_for_nifti_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"32,767 voxels along an axis and the image has 40,000"):
        write_mask(tmp_path / "a.nii.gz", MaskDocument(np.zeros((1, 1, 40_000), np.uint8), name="a"))


def test_that_a_volume_is_never_a_png(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    with pytest.raises(FormatError, match="holds one slice and this mask has 5"):
        FORMATS["png"].write(tmp_path / "a.png", MaskDocument(phantom.astype(np.uint8)))


@pytest.mark.parametrize("name", ["nrrd", "seg_nrrd", "metaimage"])
def test_that_formats_of_one_place_refuse_a_scan_of_two(tmp_path: Path, phantom: NDArray[np.int16], name: str) -> None:
    for second, suits in ((turned(2), False), (turned(1), True)):
        scan = written(tmp_path / "scan.nii", phantom, (turned(1), 4), (second, 1))
        document = MaskDocument(phantom.astype(np.uint8), read(scan).geometry, source=Source(scan))
        assert FORMATS[name].suits(Source(scan), volume=True) is suits
        if suits:
            FORMATS[name].write(tmp_path / "mask", document)
            found = FORMATS[name].read_mask(tmp_path / "mask", None)
            assert np.array_equal(found.geometry.reoriented(found.values, document.geometry, phantom.shape), document.labels)
        else:
            with pytest.raises(FormatError, match="save it as NIfTI, which carries both"):
                FORMATS[name].write(tmp_path / "mask", document)


def test_that_a_mask_takes_nothing_but_the_place_from_the_header_of_its_scan(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    names = {"descrip": b"Doe^Canary", "aux_file": b"Doe^Canary", "db_name": b"Doe^Canary", "intent_name": b"Doe^Canary"}
    scan = written(tmp_path / "scan.nii", phantom, (turned(1), 4), (turned(2), 1), **names)
    for fields in ({}, {"name": "mask"}):
        write_mask(tmp_path / "mask.nii.gz", MaskDocument(phantom.astype(np.uint8), read(scan).geometry, source=Source(scan), **fields))
        assert b"Canary" not in gzip.decompress((tmp_path / "mask.nii.gz").read_bytes())
        assert int(nibabel.load(tmp_path / "mask.nii.gz").header["sform_code"]) == 4
