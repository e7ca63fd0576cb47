"""The format of RT structure sets, as radiotherapy planning and contouring programs exchange them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.dicom.partly_annotated import is_ours, is_partly_annotated, without_background
from unetstudio.formats.dicom.references import refers_to
from unetstudio.formats.dicom.slice_pairing import pair
from unetstudio.formats.dicom.sop_class import STRUCTURE_SET, sop_class
from unetstudio.formats.dicom.source_planes import can_be_drawn_on, dicom_slices
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.rtstruct.contours import Structure, structures_of
from unetstudio.formats.rtstruct.drawing import Drawing, draw, paint
from unetstudio.formats.rtstruct.remarks import remarks
from unetstudio.formats.rtstruct.writer import encoded
from unetstudio.formats.voxel_files.library_errors import translate_errors

if TYPE_CHECKING:
    from pydicom import Dataset


class RtStruct(Format):
    """Structure sets: closed contours, in planes along any axis of the image; points and open lines enclose nothing."""

    title = "DICOM RT structure set"
    suffixes = (".rtstruct.dcm",)
    volumes = True
    images = False
    writes = True
    identifies = True
    receivers = (
        "Planning systems and 3D Slicer show each class but the first as a structure, outlined along the edges of its voxels; with the "
        "patient's identity it is filed with the study and laid over its images, without it only its position says where it belongs. Where "
        "voxels have no label, the background is a structure too."
    )

    def recognises(self, head: bytes) -> bool:
        """Look for the SOP class of a structure set."""
        return sop_class(head) == STRUCTURE_SET

    def read(self, source: Source) -> Scan:
        """Raise FormatError: it is no image."""
        raise FormatError(source.path, "an RT structure set holds outlines and no image; open its image first, then import it there.")

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Fill the contours on the grid of their image; raise FormatError without one, or when they lie elsewhere."""
        if grid is None:
            raise FormatError(path, "it holds outlines, which need the image that they were drawn on; import it on that image.")
        if grid.geometry.affine is None:
            raise FormatError(path, "its outlines are in mm in the patient, where the image does not say it lies; open the DICOM image.")
        dataset = _dataset(path)
        structures = structures_of(dataset)
        drawn = [one for one in structures if one.contours]
        if not drawn and not is_ours(dataset):
            raise FormatError(path, "it holds no closed outlines, so there is nothing to import.")
        slices = dicom_slices(grid.source)
        pairing = None if slices is None else pair(slices, grid.geometry, grid.shape)
        if pairing is not None and not pairing.straightened:
            pairing = None
        drawings = [(one.number, draw(one.contours, grid, pairing)) for one in drawn]
        _require_some(drawn, drawings, path)
        values = np.zeros(grid.shape, np.uint16 if max((one.number for one in structures), default=0) > 255 else np.uint8)
        overlap = paint(drawings, values)
        notes = remarks(structures, dict(drawings), overlap, elsewhere=refers_to(dataset, slices) is False)
        names = {one.number: one.name for one in drawn}
        colours = {one.number: one.colour for one in drawn if one.colour is not None}
        content = MaskContent(values, grid.geometry, names, colours, notes=notes)
        return without_background(content, structures[-1].number) if structures and is_partly_annotated(dataset) else content

    def refers_to(self, path: Path, source: Source) -> bool | None:
        """Compare the referenced images, series or frame of reference with those of a DICOM scan."""
        return translate_errors(path, self.title, lambda: refers_to(_dataset(path), dicom_slices(source)))

    def suits(self, source: Source, *, volume: bool) -> bool:
        """Whether the scan is DICOM, and its slices have a place for the contours to lie on."""
        del volume
        return can_be_drawn_on(source, without_place=False)

    def encode(self, document: MaskDocument) -> bytes:
        """Encode one structure per class but the first; raise FormatError when the scan is not DICOM or its slices have no place."""
        return encoded(document)


def _dataset(path: Path) -> Dataset:
    import pydicom

    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    return pydicom.dcmread(path, force=True)


def _require_some(structures: list[Structure], drawings: list[tuple[int, Drawing]], path: Path) -> None:
    """Raise FormatError when not one contour was drawn."""
    contours = sum(len(one.contours) for one in structures)
    if contours and sum(drawing.oblique for _, drawing in drawings) == contours:
        raise FormatError(path, "its outlines lie in planes oblique to the image; resample the image along them, or export masks instead.")
    if contours and not any(drawing.voxels for _, drawing in drawings):
        raise FormatError(path, "its outlines lie elsewhere than the image; choose the image that they were drawn on.")


FORMATS.register("rtstruct")(RtStruct())
