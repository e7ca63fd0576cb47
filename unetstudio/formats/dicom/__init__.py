"""DICOM: single images, multi-frame files and series of slices."""

from unetstudio.formats.dicom.reader import Dicom

__all__ = ["Dicom"]
