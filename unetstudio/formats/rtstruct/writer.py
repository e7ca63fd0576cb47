"""The writing of a label map as an RT structure set, outlined along the edges of its voxels so that it can be read back exactly."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unetstudio import __version__
from unetstudio.data.classes import LabelClass
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.drawn_labels import DrawnLabels, drawn_labels
from unetstudio.formats.dicom.identity import patient_and_study
from unetstudio.formats.dicom.partly_annotated import PARTLY_ANNOTATED, PROGRAM
from unetstudio.formats.dicom.short_names import description_of, short_name
from unetstudio.formats.dicom.sop_class import STRUCTURE_SET
from unetstudio.formats.dicom.source_planes import SourcePlane, frame_axes
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.rtstruct.outlines import outlines

if TYPE_CHECKING:
    from pydicom import Dataset
    from pydicom.dataelem import RawDataElement

_CONTOUR_DATA = 0x30060050
_STUDY_CLASS = "1.2.840.10008.3.1.2.3.1"
"""The retired class of studies, by which structure sets refer to theirs."""


def encoded(document: MaskDocument) -> bytes:
    """Return the bytes of a structure set; raise FormatError when the scan is not DICOM or its slices have no known place."""
    from pydicom.dataset import FileMetaDataset
    from pydicom.uid import UID, ImplicitVRLittleEndian

    drawn = drawn_labels(document, "an RT structure set")
    if drawn.source.is_slide or not all(group[0].is_placed for group in drawn.planes):
        raise FormatError(drawn.path, "the image does not say where it lies in the patient, which outlines need; choose another format.")
    refers = document.identified and drawn.has_identifiers
    dataset = _frame(document, drawn)
    dataset.ReferencedFrameOfReferenceSequence = [_referenced_frame(dataset, drawn, refers=refers)]
    numbered = list(enumerate(drawn.classes, start=1))
    painted = "painted" in document.made_by and "predicted" not in document.made_by
    dataset.StructureSetROISequence = [_roi(n, one, str(dataset.FrameOfReferenceUID), painted=painted) for n, one in numbered]
    dataset.ROIContourSequence = [_contours(n, one, drawn, refers=refers) for n, one in numbered]
    dataset.RTROIObservationsSequence = [_observation(n) for n, _ in numbered]
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian  # the explicit one holds no contour of more than 64 KiB
    dataset.file_meta.MediaStorageSOPClassUID = UID(STRUCTURE_SET)
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _frame(document: MaskDocument, drawn: DrawnLabels) -> Dataset:
    """Return a structure set about the patient and study, without structures."""
    from pydicom.uid import generate_uid

    dataset = patient_and_study(drawn.source.header, identified=document.identified)
    now = datetime.now()
    dataset.SOPClassUID, dataset.SOPInstanceUID, dataset.SeriesInstanceUID = STRUCTURE_SET, generate_uid(), generate_uid()
    dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber, dataset.OperatorsName = "RTSTRUCT", 301, 1, ""
    dataset.SeriesDescription = dataset.StructureSetName = "Structures"
    dataset.Manufacturer = dataset.ManufacturerModelName = PROGRAM
    dataset.SoftwareVersions = __version__
    dataset.StructureSetLabel = PARTLY_ANNOTATED if drawn.partly_annotated else "STRUCTURES"
    dataset.StructureSetDescription = "Segmentation, for research use only"
    dataset.StructureSetDate = dataset.InstanceCreationDate = now.strftime("%Y%m%d")
    dataset.StructureSetTime = dataset.InstanceCreationTime = now.strftime("%H%M%S")
    dataset.ApprovalStatus = "UNAPPROVED"
    return dataset


def _referenced_frame(dataset: Dataset, drawn: DrawnLabels, *, refers: bool) -> Dataset:
    """Return the frame of reference, with study, series and slices if they may be named."""
    from pydicom import Dataset

    frame = Dataset()
    frame.FrameOfReferenceUID = dataset.FrameOfReferenceUID
    if refers:
        study, series = Dataset(), Dataset()
        study.ReferencedSOPClassUID, study.ReferencedSOPInstanceUID = _STUDY_CLASS, dataset.StudyInstanceUID
        series.SeriesInstanceUID = drawn.source.header.SeriesInstanceUID
        series.ContourImageSequence = [_reference(plane) for group in drawn.planes for plane in group]
        study.RTReferencedSeriesSequence, frame.RTReferencedStudySequence = [series], [study]
    return frame


def _roi(number: int, one: LabelClass, frame: str, *, painted: bool) -> Dataset:
    from pydicom import Dataset

    roi = Dataset()
    roi.ROINumber, roi.ReferencedFrameOfReferenceUID, roi.ROIName = number, frame, short_name(one.name)
    roi.ROIGenerationAlgorithm = "MANUAL" if painted else "SEMIAUTOMATIC"
    if description_of(one.name):
        roi.ROIDescription = description_of(one.name)
    return roi


def _contours(number: int, one: LabelClass, drawn: DrawnLabels, *, refers: bool) -> Dataset:
    from pydicom import Dataset

    structure = Dataset()
    structure.ROIDisplayColor, structure.ReferencedROINumber = list(one.colour), number
    contours = []
    for plane, corners in _outlined(drawn, one.value):
        contour = Dataset()
        contour.ContourGeometricType, contour.NumberOfContourPoints = "CLOSED_PLANAR", len(corners)
        contour[_CONTOUR_DATA] = _data(corners)
        if refers:
            contour.ContourImageSequence = [_reference(plane)]
        contours.append(contour)
    if contours:
        structure.ContourSequence = contours
    return structure


def _outlined(drawn: DrawnLabels, value: int) -> Iterator[tuple[SourcePlane, NDArray[np.float64]]]:
    """Yield the outlines (N, 3) of a class in mm, with the slice of each."""
    for labels, (plane, *_) in zip(drawn.labels, drawn.planes, strict=True):
        axes, origin = frame_axes(plane.plane), np.array(plane.plane.position)
        for corners in outlines(labels == value):
            yield plane, corners @ axes.T + origin


def _data(corners: NDArray[np.float64]) -> RawDataElement:
    """Return corners as text that is written as it is, since the library takes long to check each number."""
    from pydicom.dataelem import RawDataElement
    from pydicom.tag import Tag

    text = "\\".join([f"{mm:.6f}" for mm in corners.ravel().tolist()]).encode("ascii")
    text += b" " * (len(text) % 2)
    return RawDataElement(Tag(_CONTOUR_DATA), "DS", len(text), text, 0, True, True)


def _observation(number: int) -> Dataset:
    from pydicom import Dataset

    observation = Dataset()
    observation.ObservationNumber = observation.ReferencedROINumber = number
    observation.RTROIInterpretedType = observation.ROIInterpreter = ""
    return observation


def _reference(plane: SourcePlane) -> Dataset:
    from pydicom import Dataset

    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = plane.sop_class, plane.instance
    if plane.frame is not None:
        reference.ReferencedFrameNumber = plane.frame
    return reference
