"""Volumes of FreeSurfer (.mgh, and packed .mgz)."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.voxel_files.file_array import RawArray
from unetstudio.formats.voxel_files.packed_file import is_packed, read_exactly, unpacked, unpacked_head
from unetstudio.formats.voxel_files.volume_file import VolumeFile
from unetstudio.formats.voxel_files.volume_format import VolumeFormat

DATA_OFFSET = 284
_HEADER = struct.Struct(">7ih15f")
_TYPES = {0: ">u1", 1: ">i4", 3: ">f4", 4: ">i2", 10: ">u2"}
_LARGEST = 2**20
_NOTE = "Its header does not say how it lies in the patient; spacing and orientation are unknown."


class Mgh(VolumeFormat):
    """MGH files; frames are volumes of their own."""

    title = "MGH"
    suffixes = (".mgz", ".mgh", ".mgh.gz")

    def recognises(self, head: bytes) -> bool:
        """Look for version 1 and a plausible header: it has no magic."""
        return _plausible(head)

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look into the packed header."""
        return _plausible(unpacked_head(path, head))

    def open(self, path: Path) -> VolumeFile:
        """Parse the header."""
        with unpacked(path) as stream:
            head = stream.read(DATA_OFFSET)
        if not _plausible(head):
            raise FormatError(path, "it is not an MGH file although it is named like one; open the original instead.")
        _, x, y, z, frames, code, _, oriented, *place = _HEADER.unpack_from(head)
        shape, dtype = (frames, z, y, x), np.dtype(_TYPES[code])

        def stored() -> NDArray[Any]:
            with unpacked(path) as stream:
                read_exactly(stream, DATA_OFFSET, path)
                return np.frombuffer(read_exactly(stream, math.prod(shape) * dtype.itemsize, path), dtype).reshape(shape)

        geometry = _geometry((x, y, z), place) if oriented > 0 else Geometry()
        return VolumeFile(
            path=path,
            shape=shape,
            roles="tZYX",
            dtype=dtype,
            geometry=geometry,
            stored=stored,
            raw=None if is_packed(path) else RawArray(path, DATA_OFFSET, shape, dtype),
            notes=() if geometry.affine is not None else (_NOTE,),
        )


def _plausible(head: bytes) -> bool:
    """Whether sizes, type and directions make sense."""
    if len(head) < _HEADER.size:
        return False
    version, x, y, z, frames, code, _, oriented, *place = _HEADER.unpack_from(head)
    if version != 1 or code not in _TYPES or not all(1 <= n <= _LARGEST for n in (x, y, z, frames)) or oriented not in (-1, 0, 1):
        return False
    return oriented != 1 or all(math.isfinite(n) for n in place)


def _geometry(size: tuple[int, int, int], place: list[float]) -> Geometry:
    """Make the geometry from spacing, the directions of the axes and the centre, in RAS."""
    columns = np.array(place[3:12]).reshape(3, 3).T * np.array(place[:3])
    affine = np.eye(4)
    affine[:3, :3] = columns
    affine[:3, 3] = np.array(place[12:15]) - columns @ (np.array(size) / 2)
    lengths = np.linalg.norm(columns, axis=0)
    if not (lengths > 0).all() or abs(np.linalg.det(columns / lengths)) < 1e-6:
        return Geometry()
    return Geometry.from_nifti(affine)


FORMATS.register("mgh")(Mgh())
