"""NIfTI: volumes, and masks with their scan's geometry."""

from unetstudio.formats.nifti.reader import Nifti

__all__ = ["Nifti"]
