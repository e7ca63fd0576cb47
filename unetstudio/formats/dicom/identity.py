"""What a written DICOM mask says about the patient: all that an archive files it by, or nothing."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from unetstudio.formats.dicom.source_planes import IDENTITY

if TYPE_CHECKING:
    from pydicom import Dataset

ANONYMOUS = "ANONYMOUS"
"""Name and number of a patient whose identity is left out."""

_FORMS = {
    "PatientBirthDate": r"\d{8}",
    "StudyDate": r"\d{8}",
    "StudyTime": r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?",
    "PatientSex": "[MFO]",
}
"""Values of another form are left out, since archives refuse them."""

_EMPTY = ("PatientBirthDate", "PatientSex", "StudyID", "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName")
"""The elements that a mask has to have, if only without a value."""


def without_identity(uid: str) -> str:
    """Return an identifier from which the original cannot be told, the same for the same original."""
    digest = hashlib.sha256(b"unetstudio" + uid.encode()).digest()
    return f"2.25.{int.from_bytes(digest[:16], 'big')}"


def patient_and_study(source: Dataset, *, identified: bool) -> Dataset:
    """Return the elements about patient, study and frame of reference for a mask of an image.

    Without identity the patient is ANONYMOUS, and study and frame of reference have identifiers from which the originals cannot be told.
    """
    from pydicom import Dataset
    from pydicom.uid import generate_uid

    own = Dataset()
    own.SpecificCharacterSet = "ISO_IR 192"
    for keyword in _EMPTY:
        setattr(own, keyword, "")
    if identified:
        for keyword in IDENTITY:
            value = str(source.get(keyword) or "").strip("\0 ")
            if value and re.fullmatch(_FORMS.get(keyword, ".*"), value, re.DOTALL):
                setattr(own, keyword, value)
        own.setdefault("PatientName", "")
        own.setdefault("PatientID", "")
    else:
        own.PatientName = own.PatientID = ANONYMOUS
        own.PatientIdentityRemoved, own.DeidentificationMethod = "YES", "identity left out on export"
        for keyword in ("StudyInstanceUID", "FrameOfReferenceUID"):
            if source.get(keyword):
                setattr(own, keyword, without_identity(str(source[keyword].value)))
    own.setdefault("StudyInstanceUID", generate_uid())
    own.setdefault("FrameOfReferenceUID", generate_uid())
    return own
