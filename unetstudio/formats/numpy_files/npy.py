"""Single arrays of NumPy (.npy)."""

from __future__ import annotations

from pathlib import Path

from unetstudio.data.geometry import Geometry
from unetstudio.formats.format import FORMATS
from unetstudio.formats.numpy_files.array_axes import array_axes
from unetstudio.formats.numpy_files.array_header import MAGIC, read_array_header
from unetstudio.formats.voxel_files.file_array import RawArray
from unetstudio.formats.voxel_files.volume_file import VolumeFile
from unetstudio.formats.voxel_files.volume_format import VolumeFormat


class Npy(VolumeFormat):
    """Arrays of two to four axes, in either order of memory."""

    title = "NumPy"
    suffixes = (".npy",)

    def recognises(self, head: bytes) -> bool:
        """Look for the six bytes at its beginning."""
        return head.startswith(MAGIC)

    def open(self, path: Path) -> VolumeFile:
        """Parse the header."""
        with path.open("rb") as file:
            header = read_array_header(file, path)
            offset = file.tell()
        roles, notes = array_axes(header.shape, header.dtype, path)
        shape = header.shape
        if header.columns_first:
            roles, shape = roles[::-1], shape[::-1]
        raw = RawArray(path, offset, shape, header.dtype)
        whole = tuple(slice(0, size) for size in shape)
        return VolumeFile(path, shape, roles, header.dtype, Geometry(), stored=lambda: raw[whole], raw=raw, notes=notes)


FORMATS.register("npy")(Npy())
