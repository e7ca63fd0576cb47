"""The writing of a label map as a DICOM segmentation, with references to the slices that it was drawn on."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import __version__
from unetstudio.data.classes import LabelClass
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.drawn_labels import DrawnLabels, drawn_labels
from unetstudio.formats.dicom.identity import patient_and_study
from unetstudio.formats.dicom.partly_annotated import PARTLY_ANNOTATED, PROGRAM
from unetstudio.formats.dicom.short_names import description_of, short_name
from unetstudio.formats.dicom.source_planes import SourcePlane, SourceSlices
from unetstudio.formats.dicom_seg.colours import to_cielab
from unetstudio.formats.dicom_seg.stand_ins import number_of, stand_ins
from unetstudio.formats.masks.document import MaskDocument

if TYPE_CHECKING:
    from highdicom.seg import Segmentation, SegmentDescription
    from pydicom import Dataset


def encoded(document: MaskDocument) -> bytes:
    """Return the bytes of a segmentation; raise FormatError when the scan is not DICOM or the labels do not fit its slices."""
    drawn = drawn_labels(document, "a DICOM segmentation")
    if len(drawn.classes) >= 2**16:
        raise FormatError(drawn.path, "a DICOM segmentation holds 65,535 objects and there are more; choose NIfTI or TIFF.")
    numbers = np.zeros(max(256, int(drawn.labels.max()) + 1), np.uint8 if len(drawn.classes) < 256 else np.uint16)
    for number, one in enumerate(drawn.classes, start=1):
        numbers[one.value] = number
    pixels = numbers[drawn.labels]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of odd but existing names of patients
        segmentation = _segmentation(pixels, drawn, document)
    _refer(segmentation, drawn.planes, drawn.source if document.identified and drawn.has_identifiers else None)
    file = io.BytesIO()
    segmentation.save_as(file, enforce_file_format=True)
    return file.getvalue()


def _segmentation(pixels: NDArray[np.integer[Any]], drawn: DrawnLabels, document: MaskDocument) -> Segmentation:
    from highdicom.seg import Segmentation
    from pydicom.uid import generate_uid

    about = patient_and_study(drawn.source.header, identified=document.identified)
    return Segmentation(
        source_images=stand_ins(drawn.source, [group[0] for group in drawn.planes], about, drawn.path),
        pixel_array=pixels,
        segmentation_type="BINARY",
        segment_descriptions=[_description(n, one, document.made_by) for n, one in enumerate(drawn.classes, start=1)],
        series_instance_uid=generate_uid(),
        series_number=300,
        sop_instance_uid=generate_uid(),
        instance_number=1,
        manufacturer=PROGRAM,
        manufacturer_model_name=PROGRAM,
        software_versions=__version__,
        device_serial_number="0",
        content_label=PARTLY_ANNOTATED if drawn.partly_annotated else "SEGMENTATION",
        content_description="Segmentation, for research use only",
        series_description="Segmentation",
        tile_pixel_array=drawn.source.is_slide,
        dimension_organization_type="TILED_SPARSE" if drawn.source.is_slide else None,
    )


def _description(number: int, one: LabelClass, made_by: str) -> SegmentDescription:
    """Describe a class: by hand only where it was painted, else with the program's help."""
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.seg import SegmentDescription
    from highdicom.sr.coding import CodedConcept
    from pydicom.sr.codedict import codes

    painted = "painted" in made_by and "predicted" not in made_by
    described = SegmentDescription(
        segment_number=number,
        segment_label=short_name(one.name),
        segmented_property_category=CodedConcept("123037004", "SCT", "Anatomical Structure"),
        segmented_property_type=CodedConcept("85756007", "SCT", "Tissue"),
        algorithm_type="MANUAL" if painted else "SEMIAUTOMATIC",
        algorithm_identification=None
        if painted
        else AlgorithmIdentificationSequence(PROGRAM, codes.DCM.ArtificialIntelligence, __version__),
        display_color=to_cielab(one.colour),
    )
    if description_of(one.name):
        described.SegmentDescription = description_of(one.name)
    return described


def _refer(segmentation: Segmentation, planes: tuple[tuple[SourcePlane, ...], ...], source: SourceSlices | None) -> None:
    """Replace the stand-ins by the slices themselves; without a `source` remove all references, which would identify the patient."""
    for item in segmentation.PerFrameFunctionalGroupsSequence:
        for derivation in item.get("DerivationImageSequence") or []:
            uids = [str(image.ReferencedSOPInstanceUID) for image in derivation.SourceImageSequence]
            groups = [planes[number_of(uid)] for uid in uids]
            example = derivation.SourceImageSequence[0]
            derivation.SourceImageSequence = [_reference(plane, example) for group in groups for plane in group]
        if source is None and "DerivationImageSequence" in item:
            del item.DerivationImageSequence
    if source is None:
        del segmentation.SourceImageSequence, segmentation.ReferencedSeriesSequence
        return
    once = {plane.instance: plane for group in planes for plane in group}
    segmentation.SourceImageSequence = [_reference(plane, None) for plane in once.values()]
    series = segmentation.ReferencedSeriesSequence[0]
    series.SeriesInstanceUID = source.header.SeriesInstanceUID
    series.ReferencedInstanceSequence = [_reference(plane, None) for plane in once.values()]


def _reference(plane: SourcePlane, example: Any) -> Dataset:
    """Return a reference to a slice; one inside a frame says its purpose, as the example does, and the frame of the file."""
    from pydicom import Dataset

    reference = Dataset()
    reference.ReferencedSOPClassUID, reference.ReferencedSOPInstanceUID = plane.sop_class, plane.instance
    if example is not None:
        for keyword in ("ReferencedFrameNumber", "PurposeOfReferenceCodeSequence", "SpatialLocationsPreserved"):
            if keyword in example:
                reference[keyword] = example[keyword]
        if plane.frame is not None:
            reference.ReferencedFrameNumber = plane.frame
    return reference
