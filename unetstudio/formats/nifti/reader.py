"""NIfTI volumes (.nii, .hdr with .img, packed or not): slope and intercept applied, sform before qform; masks where their scan lies."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan, Voxels
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.masks.usual import MOST_ALONG_AXIS, too_long
from unetstudio.formats.nifti.axes import further_axes
from unetstudio.formats.nifti.display_range import display_range
from unetstudio.formats.nifti.geometry import forms_note, geometry_of
from unetstudio.formats.nifti.header import NiftiFile, is_nifti, open_nifti, slope_and_intercept
from unetstudio.formats.nifti.mask_header import mask_header
from unetstudio.formats.nifti.mask_values import mask_content
from unetstudio.formats.nifti.pair import files_of_pair, header_beside
from unetstudio.formats.nifti.rescaling import rescaled_lazily
from unetstudio.formats.nifti.stored import lazy_volume, stored_volume
from unetstudio.formats.part import Part
from unetstudio.formats.voxel_files.lazy_voxels import tidy_lazily
from unetstudio.formats.voxel_files.memory_check import require_plausible_size
from unetstudio.formats.voxel_files.packed_file import first_bytes, is_packed, unpacked_head
from unetstudio.formats.voxel_files.volume_parts import volume_of, volume_parts
from unetstudio.formats.voxel_files.voxels import rescaled, tidy


class Nifti(Format):
    """NIfTI files; arrays are (C, k, j, i) of the file's (i, j, k)."""

    title = "NIfTI"
    suffixes = (".nii.gz", ".nii", ".hdr", ".img", ".nii.bz2", ".hdr.gz", ".img.gz")
    volumes = True
    writes = True
    receivers = "ITK-SNAP, 3D Slicer and FSL show the mask in the scan's own place, with class numbers; the legend beside it has the names."

    def recognises(self, head: bytes) -> bool:
        """Look for the magic in the header, of version 1 and 2."""
        return is_nifti(head)

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for the magic in a packed header, and in the header beside a file of voxels."""
        header = header_beside(path)
        return is_nifti(unpacked_head(path, head)) or (header != path and is_nifti(first_bytes(header)))

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the volumes of a series, such as times or b-values."""
        return volume_parts(path, further_axes(open_nifti(path)).volumes)

    def read(self, source: Source) -> Scan:
        """Read one volume; a fourth axis of up to 4, or one that the header calls so, holds channels."""
        file = open_nifti(source.path)
        axes = further_axes(file)
        stored = stored_volume(file, axes, volume_of(source.path, axes.volumes, source.part))
        real = stored if stored.dtype.kind not in "iubf" else rescaled(stored, *slope_and_intercept(file))
        return self._scan(tidy(real, source.path), file, source)

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Leave the voxels in the file, unless it is packed."""
        file = open_nifti(source.path)
        axes = further_axes(file)
        nbytes = file.volume_bytes * axes.channels
        if is_packed(file.voxels) or nbytes <= large:
            return None
        require_plausible_size(source.path, nbytes * axes.volumes, file.voxels.stat().st_size)
        stored = lazy_volume(file, axes, volume_of(source.path, axes.volumes, source.part), self.title)
        return self._scan(tidy_lazily(rescaled_lazily(stored, *slope_and_intercept(file))), file, source)

    def files(self, source: Source) -> list[Path]:
        """Return the file, or header and voxels of a pair."""
        return files_of_pair(source.path)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read whole numbers, also scaled ones; NaN is not annotated."""
        return mask_content(open_nifti(path), grid)

    def encode(self, document: MaskDocument) -> bytes:
        """Encode packed values with slope 1, in the place of the scan by its own header."""
        labels = document.labels
        if max(labels.shape) > MOST_ALONG_AXIS:
            raise too_long(document.source.path if document.source is not None else Path(document.name), labels.shape)
        header = mask_header(document.labels.shape, document.geometry, document.source, labels.dtype)
        return gzip.compress(header + np.ascontiguousarray(labels, labels.dtype.newbyteorder("<")).tobytes(), compresslevel=6, mtime=0)

    def _scan(self, voxels: Voxels, file: NiftiFile, source: Source) -> Scan:
        axes = further_axes(file)
        notes = (*axes.notes, *forms_note(file.header))
        if axes.volumes > 1 and not source.part:
            notes = (f"It holds {axes.volumes} volumes, of which this is the first.", *notes)
        return Scan(voxels, geometry_of(file.header), kind=self.title, window=display_range(file.header), notes=notes)


FORMATS.register("nifti")(Nifti())
