"""What the formats of medical volumes share: a header is parsed to a `VolumeFile`, from which images and masks are read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan, Voxels
from unetstudio.errors import FormatError
from unetstudio.formats.format import Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.label_values import label_content, mask_volume
from unetstudio.formats.part import Part
from unetstudio.formats.voxel_files.lazy_voxels import tidy_lazily
from unetstudio.formats.voxel_files.library_errors import translate_errors
from unetstudio.formats.voxel_files.volume_file import VolumeFile
from unetstudio.formats.voxel_files.voxels import tidy


class VolumeFormat(Format):
    """A format whose header says all; a subclass defines `open`."""

    volumes = True

    def open(self, path: Path) -> VolumeFile:
        """Parse the header; raise FormatError when it describes no image."""
        raise NotImplementedError

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the volumes of a series."""
        return self.open(path).parts

    def files(self, source: Source) -> list[Path]:
        """Return the file, and those of its voxels where they lie apart."""
        try:
            file = translate_errors(source.path, self.title, lambda: self.open(source.path))
        except FormatError:  # reading it raises a specific error
            return [source.path]
        return list(file.files) or [source.path]

    def read(self, source: Source) -> Scan:
        """Read one volume."""
        file = self.open(source.path)
        return self._scan(tidy(file.read(file.volume_of(source.part)), source.path), file, source)

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Leave voxels that are not packed in the file."""
        file = self.open(source.path)
        voxels = file.lazy(file.volume_of(source.part), self.title, large)
        return None if voxels is None else self._scan(tidy_lazily(voxels), file, source)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read whole numbers; NaN is not annotated."""
        file = self.open(path)
        volume, notes = mask_volume(path, file.volumes, grid)
        return label_content(file.read(volume), file.geometry, path, notes)

    def _scan(self, voxels: Voxels, file: VolumeFile, source: Source) -> Scan:
        notes = file.notes
        if file.volumes > 1 and not source.part:
            notes = (f"It holds {file.volumes} volumes, of which this is the first.", *notes)
        return Scan(voxels, file.geometry, kind=self.title, notes=notes)
