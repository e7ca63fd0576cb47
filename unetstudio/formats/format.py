"""The interface of a file format, of images or of masks, and the registry of all formats."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from unetstudio.atomic_file import replace_file
from unetstudio.data.case import Case, Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.masks.collector import Collector
from unetstudio.formats.masks.content import MaskContent, MaskGrid, content_of
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.masks.part_of_scan import mask_part
from unetstudio.formats.part import Part
from unetstudio.registry import Registry


class Format:
    """A file format; a subclass sets the attributes and defines `recognises`, and what it can do: `read`, `read_mask`, `encode`.

    A format of masks alone, such as outlines, sets `images` to False and defines `read_mask`.
    """

    title = ""  # shown in file dialogs
    suffixes: tuple[str, ...] = ()  # lower case, with the dot; the first is used for written files
    volumes = False  # whether a file can hold more than one slice
    folders = False  # whether an image of this format may be a folder
    images = True  # whether a file is an image that can be opened
    writes = False
    outlines = False  # whether a written mask is outlines rather than values of voxels
    collects = False  # whether the masks of many images can be written into files that they share
    identifies = False  # whether written masks name the patient, if the user allows it
    receivers = ""  # what other programs see of a written mask, in one sentence

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes has this format."""
        raise NotImplementedError

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Whether a file has this format, where its first bytes do not say enough."""
        del path
        return self.recognises(head)

    def recognises_folder(self, path: Path) -> bool:
        """Whether a folder is one image of this format."""
        del path
        return False

    # ------------------------------------------------------------------------------------------------------- images

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the images in a file or folder, in its order; a single one has an empty key."""
        del path
        return (Part(),)

    def files(self, source: Source) -> list[Path]:
        """Return the files that hold the image: more than one where voxels lie beside a header."""
        return [source.path]

    def read(self, source: Source) -> Scan:
        """Read all voxels at full depth; raise FormatError, or the library's own error, when the file is damaged."""
        raise NotImplementedError

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Return the scan with its voxels in the file, if they take more than `large` bytes and can be read in parts; else None."""
        del source, large
        return None

    # -------------------------------------------------------------------------------------------------------- masks

    def read_values(self, path: Path) -> tuple[NDArray[Any], Geometry]:
        """Read (C, Z, Y, X) as the values of a mask: palette indices rather than colours."""
        scan = self.read(Source(path))
        return scan.array, scan.geometry

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read a mask; `grid` is the scan that it is for, None when only the file is known."""
        key, notes = mask_part(self.parts(path), path, grid)
        if not key:
            return content_of(*self.read_values(path), path)
        scan = self.read(Source(path, key))
        content = content_of(scan.array, scan.geometry, path)
        return replace(content, notes=(*content.notes, *notes))

    def mask_images(self, path: Path) -> Sequence[str]:
        """Return the file names of the images that an annotation file is about; () when its own name says it."""
        del path
        return ()

    def refers_to(self, path: Path, source: Source) -> bool | None:
        """Whether a mask says that it belongs to this scan; None when it says nothing, so that names decide."""
        del path, source
        return None

    def suits(self, source: Source, *, volume: bool) -> bool:
        """Whether a mask of this scan can be written in this format."""
        del source
        return self.volumes or not volume

    def encode(self, document: MaskDocument) -> bytes:
        """Return the bytes of a mask file."""
        raise NotImplementedError

    def write(self, path: Path, document: MaskDocument) -> None:
        """Save a mask, whole or not at all; raise FormatError when the format or the disk refuses it."""
        slices = document.labels.shape[0]
        if not self.writes:
            raise FormatError(path, f"masks cannot be saved as {self.title}; choose PNG, TIFF, NIfTI or HDF5.")
        if slices != 1 and not self.volumes:
            raise FormatError(path, f"{self.title} holds one slice and this mask has {slices}; choose TIFF, NIfTI or HDF5.")
        replace_file(path, self.encode(document))

    def collection(self, cases: Sequence[Case], stems: Sequence[str]) -> list[str]:
        """Name every file that the collector will write, relative to its folder; UserError when these cases cannot be in one set."""
        del cases, stems
        raise NotImplementedError

    def collector(self, folder: Path, cases: Sequence[Case]) -> Collector:
        """Begin files in a folder that will hold the masks of these cases."""
        del folder, cases
        raise NotImplementedError


FORMATS: Registry[Format] = Registry("unetstudio.formats", "file format")
