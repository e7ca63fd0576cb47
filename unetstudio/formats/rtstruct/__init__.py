"""RT structure sets: outlines of structures, drawn on the slices of a DICOM scan."""

from unetstudio.formats.rtstruct.reader import RtStruct

__all__ = ["RtStruct"]
