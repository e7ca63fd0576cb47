"""DICOM segmentations: binary, fractional and label map, of volumes, pictures and slides."""

from unetstudio.formats.dicom_seg.reader import DicomSeg

__all__ = ["DicomSeg"]
