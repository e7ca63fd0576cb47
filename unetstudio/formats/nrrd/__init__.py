"""NRRD: volumes with their voxels inside or beside them, label maps, and segmentations of 3D Slicer."""

from unetstudio.formats.format import FORMATS
from unetstudio.formats.nrrd.reader import Nrrd
from unetstudio.formats.nrrd.seg_nrrd import SegNrrd

__all__ = ["Nrrd", "SegNrrd"]

FORMATS.register("seg_nrrd")(SegNrrd())  # first, as the ending .seg.nrrd is one of .nrrd too
FORMATS.register("nrrd")(Nrrd())
