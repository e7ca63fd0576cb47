"""Masks that can name the patient do so only when the user allows it, and then with no more than an archive files them by."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pydicom
import pytest
from security.conftest import planted
from security.test_no_identity_is_written import told

from unetstudio.data.classes import ClassTable
from unetstudio.formats import FORMATS, MaskDocument, discover, read

NAMING = [name for name, found in FORMATS.items() if found.identifies]
ALLOWED = {
    *("PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime"),
    *("StudyDescription", "AccessionNumber", "ReferringPhysicianName", "SeriesInstanceUID", "FrameOfReferenceUID"),
    *("PositionReferenceIndicator", "SOPInstanceUID 0", "SOPInstanceUID 1", "SOPInstanceUID 2"),
}


def written(folder: Path, name: str, *, identified: bool) -> tuple[bytes, dict[str, str]]:
    """Write a mask of a series in which every element has a text of its own."""
    with pydicom.config.disable_value_validation():
        canaries = planted(folder / "series")
    (source,) = discover([folder / "series"])
    scan = read(source)
    values = np.zeros(scan.shape, np.uint8)
    values[:, 10:30, 12:40] = 1
    classes = ClassTable.named(["background", "nerve"], [(0, 0, 0), (9, 200, 9)])
    path = folder / f"mask{FORMATS[name].suffixes[0]}"
    FORMATS[name].write(path, MaskDocument(values, scan.geometry, classes, source, identified=identified, made_by="painted by hand"))
    return path.read_bytes(), canaries


def test_that_segmentations_and_structure_sets_can_name_the_patient():
    assert {"dicom_seg", "rtstruct"} <= set(NAMING)


@pytest.mark.parametrize("name", NAMING)
def test_that_without_leave_a_mask_says_nothing_of_the_patient(tmp_path, name):
    data, canaries = written(tmp_path, name, identified=False)
    assert told(data, canaries) == set()


@pytest.mark.parametrize("name", NAMING)
def test_that_with_leave_a_mask_says_what_an_archive_needs_and_no_more(tmp_path, name):
    data, canaries = written(tmp_path, name, identified=True)
    found = told(data, canaries)
    assert {"PatientName", "PatientID", "StudyInstanceUID", "SOPInstanceUID 0", "SOPInstanceUID 2"} <= found
    assert found <= ALLOWED
