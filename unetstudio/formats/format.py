"""The interface of a file format, and the registry of all formats."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.atomic_file import replace_file
from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.registry import Registry


class Format:
    """A file format; a subclass sets the attributes and defines `recognises`, `read` and, if masks can be saved in it, `encode`."""

    title = ""  # shown in file dialogs
    suffixes: tuple[str, ...] = ()  # lower case, with the dot; the first is used for written files
    volumes = False  # whether a file can hold more than one slice
    folders = False  # whether a source may be a folder of files, one slice each
    writes = False

    def recognises(self, head: bytes) -> bool:
        """Whether a file that begins with these bytes has this format."""
        raise NotImplementedError

    def read(self, source: Source) -> Scan:
        """Read all voxels at full depth; raise FormatError, or the library's own error, when the file is damaged."""
        raise NotImplementedError

    def read_by_region(self, path: Path, large: int) -> Scan | None:
        """Return the scan with its voxels in the file, if they take more than `large` bytes and can be read in parts; else None."""
        del path, large
        return None

    def read_values(self, path: Path) -> tuple[NDArray[Any], Geometry]:
        """Read (C, Z, Y, X) as the values of a mask: palette indices rather than colours."""
        scan = self.read(Source(path))
        return scan.array, scan.geometry

    def encode(self, labels: NDArray[np.uint8], geometry: Geometry, classes: ClassTable) -> bytes:
        """Return the bytes of a file with a label map (Z, Y, X)."""
        raise NotImplementedError

    def write(self, path: Path, labels: NDArray[np.uint8], geometry: Geometry, classes: ClassTable) -> None:
        """Save a label map (Z, Y, X) of class values, whole or not at all; raise FormatError when the format or the disk refuses it."""
        if not self.writes:
            raise FormatError(path, f"masks cannot be saved as {self.title}; choose PNG, TIFF, NIfTI or HDF5.")
        if labels.shape[0] != 1 and not self.volumes:
            raise FormatError(path, f"{self.title} holds one slice and this mask has {labels.shape[0]}; choose TIFF, NIfTI or HDF5.")
        replace_file(path, self.encode(labels, geometry, classes))


FORMATS: Registry[Format] = Registry("unetstudio.formats", "file format")
