"""Real and damaged files of many programs, where they lie beside the checkout."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import discover, read, read_mask, read_mask_onto

FOREIGN = ("nibabel__small.mnc", "test.mgz", "tiny.mnc", "hopper.psd", "li__zero_gi.tif")
"""Valid, but of formats that are not read, or without a single pixel."""


def listed(folder: Path, group: str) -> list[dict[str, str]]:
    with (folder / "formats" / "manifest.csv").open(encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if row["group"] == group]


def fits(found: tuple[int, ...], row: dict[str, str]) -> bool:
    """Whether (C, Z, Y, X) has the reference's extents; palettes gain colours, alpha goes, and of films in NIfTI one volume is read."""
    wanted = [int(n) for n in row["ref_shape"].split("x")]
    spatial = [n for n in found[1:] if n > 1]
    remaining = list(wanted)
    for n in spatial:
        if n not in remaining:
            return False
        remaining.remove(n)
    return all(n <= 5 for n in remaining) or row["format"] == "nifti"


def test_that_every_valid_file_opens_in_its_size_or_says_why_not(shared_data: Path) -> None:
    wrong = []
    for row in listed(shared_data, "valid"):
        if not row["ref_shape"]:
            continue
        try:
            scan = read(shared_data / "formats" / row["file"])
        except FormatError as error:
            if not row["file"].endswith(FOREIGN):
                wrong.append(str(error))
            continue
        if not fits(scan.voxels.shape, row):
            wrong.append(f"{row['file']}: {scan.voxels.shape} and not {row['ref_shape']}")
    assert wrong == []


def test_that_every_damaged_file_opens_or_ends_in_one_sentence(shared_data: Path) -> None:
    opened = []
    for row in listed(shared_data, "corrupt"):
        try:
            read(shared_data / "formats" / row["file"])
        except FormatError as error:
            assert len(str(error)) < 300
            continue
        if row["expected"].startswith("clear error;"):
            opened.append(row["file"])
    assert opened == ["corrupt/nifti/derived__not_gzipped.nii.gz"]  # wrongly named, otherwise sound


@pytest.mark.parametrize(
    ("folder", "shape", "spacing"),
    [
        ("ct_totalseg_20slices", (20, 512, 512), (2.0, 0.9766, 0.9766)),
        ("mr_hippocampus_crop_32slices", (32, 51, 35), (1.0, 1.0, 1.0)),
        ("mr_t1post_22slices", (22, 320, 280), (6.5, 0.6875, 0.6875)),
        ("mr_torchio_17slices", (17, 128, 88), (2.0, 2.0, 2.0)),
    ],
)
def test_that_a_clinical_series_opens_as_one_volume(
    shared_data: Path, folder: str, shape: tuple[int, ...], spacing: tuple[float, ...]
) -> None:
    (source,) = discover([shared_data / "dicom_series" / folder])
    scan = read(source)
    assert scan.shape == shape
    assert scan.geometry.spacing == pytest.approx(spacing, abs=1e-4)


def test_that_labels_made_elsewhere_lie_on_the_organs_of_their_ct(shared_data: Path) -> None:
    scan = read(discover([shared_data / "dicom_series" / "ct_totalseg_20slices"])[0])
    labels = read_mask_onto(shared_data / "dicom_series" / "ct_totalseg_20slices_labels.nii.gz", scan.shape, scan.geometry)
    tissue = np.clip(scan.voxels[0], -200, 400).astype(np.float64)  # gas and metal would drown the organs
    scatter = {flips: _scatter_within(tissue, np.flip(labels, flips)) for flips in ((), (0,), (1,), (2,))}
    assert scatter[()] < 0.8 * min(scatter[flips] for flips in scatter if flips)


def _scatter_within(values: NDArray[np.float64], labels: NDArray[np.integer[Any]]) -> float:
    """Variance of the grey values that no label explains."""
    return sum(float(values[labels == n].var() * (labels == n).sum()) for n in np.unique(labels[labels > 0]))


def test_that_published_masks_are_read_as_class_values(shared_data: Path) -> None:
    expected = {"drive_retina": {0, 255}, "brats_glioma_mri": {0, 1, 2, 3, 4}, "msd_hippocampus_mri": {0, 1, 2}, "spinal_cord_mri": {0, 1}}
    for name, values in expected.items():
        first = next(path for path in sorted((shared_data / name / "masks").iterdir()))
        assert set(np.unique(read_mask(first)[0]).tolist()) == values


def test_that_a_mask_that_went_through_jpeg_colours_is_refused(shared_data: Path) -> None:
    with pytest.raises(FormatError, match="one number per pixel"):
        read_mask(shared_data / "formats" / "valid" / "jpeg" / "derived__mask_jpeg_artefacts.jpg")


def test_that_sixteen_bit_microscopy_keeps_its_depth(shared_data: Path) -> None:
    for name in ("t98g_phase_usiigaci", "bbbc039_u2os_nuclei"):
        scan = read(discover([shared_data / name / "images"])[0])
        assert scan.voxels.dtype == np.uint16
        assert scan.voxels.max() > 255


def test_that_rgba_without_transparency_is_rgb(shared_data: Path) -> None:
    for source in discover([shared_data / "dsb2018_nuclei" / "images"])[:5]:
        assert isinstance(source, Source)
        assert read(source).is_colour


def test_that_a_mask_and_its_volume_share_their_geometry(shared_data: Path) -> None:
    for name in ("msd_hippocampus_mri", "totalseg_ct_mr"):
        image = read(discover([shared_data / name / "images"])[0])
        values, geometry = read_mask(discover([shared_data / name / "masks"])[0].path)
        assert image.geometry != Geometry()
        assert geometry.reoriented(values, image.geometry, image.shape) is not None
