"""Analyze 7.5 (.hdr with .img): volumes whose orientation in the patient the file does not tell."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.nifti.header import is_nifti
from unetstudio.formats.nifti.pair import header_beside, voxels_beside
from unetstudio.formats.voxel_files.file_array import RawArray
from unetstudio.formats.voxel_files.packed_file import first_bytes, is_packed, read_exactly, unpacked, unpacked_head
from unetstudio.formats.voxel_files.volume_file import VolumeFile
from unetstudio.formats.voxel_files.volume_format import VolumeFormat

LENGTH = 348
_TYPES = {2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 130: "i1", 132: "u2", 136: "u4", 256: "i1", 512: "u2", 768: "u4"}
_RGB, _BITS = 128, {128: 24}
_NOTE = "Analyze files do not tell left from right nor head from feet: the orientation is unknown, voxels are shown as stored."


class Analyze(VolumeFormat):
    """Pairs of header and voxels; it has no magic, so that each field of the header is checked before it is believed."""

    title = "Analyze"
    suffixes = (".hdr", ".img")

    def recognises(self, head: bytes) -> bool:
        """Look for a plausible header that is not NIfTI's."""
        return not is_nifti(head) and _byte_order(head) is not None

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for a header, in the file itself or beside the voxels."""
        header = header_beside(path)
        return self.recognises(unpacked_head(path, head) if header == path else first_bytes(header))

    def open(self, path: Path) -> VolumeFile:
        """Parse the header."""
        header = header_beside(path)
        with unpacked(header) as stream:
            head = stream.read(LENGTH)
        order = _byte_order(head)
        if order is None:
            raise FormatError(path, "it is not an Analyze file although it is named like one; open the original instead.")
        voxels = voxels_beside(header)
        dims = _dimensions(head, order)
        code = int(_field(head, order, "i2", 70, 1)[0])
        dtype = np.dtype("u1" if code == _RGB else order + _TYPES[code])
        shape = (*reversed(dims), *([3] if code == _RGB else []))
        offset = float(_field(head, order, "f4", 108, 1)[0])
        start = int(offset) if math.isfinite(offset) and offset > 0 else 0
        scale = float(_field(head, order, "f4", 112, 1)[0])  # of SPM; other programs leave it zero

        def stored() -> NDArray[Any]:
            nbytes = math.prod(shape) * dtype.itemsize
            with unpacked(voxels) as stream:
                read_exactly(stream, start, voxels)
                values = np.frombuffer(read_exactly(stream, nbytes, voxels), dtype).reshape(shape)
            return values * np.float32(scale) if _scales(scale) else values

        return VolumeFile(
            path=path,
            shape=shape,
            roles="t" * (len(dims) - 3) + "ZYX"[-len(dims) :] + ("S" if code == _RGB else ""),
            dtype=np.dtype(np.float32) if _scales(scale) else dtype,
            geometry=_spacing(head, order),
            stored=stored,
            raw=None if is_packed(voxels) or _scales(scale) else RawArray(voxels, start, shape, dtype),
            files=(header, voxels),
            notes=(_NOTE,),
        )


def _byte_order(head: bytes) -> str | None:
    """Return the byte order in which the header makes sense; None when it does in neither."""
    if len(head) < LENGTH:
        return None
    for order in "<>":
        if _field(head, order, "i4", 0, 1)[0] != LENGTH:
            continue
        count = int(_field(head, order, "i2", 40, 1)[0])
        dims = _field(head, order, "i2", 42, 7)
        code, bits = (int(n) for n in _field(head, order, "i2", 70, 2))
        known = code == _RGB or code in _TYPES
        width = _BITS.get(code) or (8 * np.dtype(_TYPES[code]).itemsize if known else 0)
        if 2 <= count <= 7 and (dims[:count] >= 1).all() and known and bits in (0, width):
            return order
    return None


def _dimensions(head: bytes, order: str) -> list[int]:
    """Return the length of each axis, fastest first; those of one behind the third are left out."""
    count = int(_field(head, order, "i2", 40, 1)[0])
    dims = [int(n) for n in _field(head, order, "i2", 42, count)]
    while len(dims) > 3 and dims[-1] == 1:
        dims.pop()
    return dims


def _spacing(head: bytes, order: str) -> Geometry:
    x, y, z = (abs(float(n)) for n in _field(head, order, "f4", 80, 3))
    z = z if z > 0 else 1.0
    return Geometry((z, y, x)) if all(math.isfinite(n) and n > 0 for n in (x, y, z)) else Geometry()


def _scales(scale: float) -> bool:
    return math.isfinite(scale) and scale not in (0.0, 1.0)


def _field(head: bytes, order: str, kind: str, offset: int, count: int) -> NDArray[Any]:
    return np.frombuffer(head, np.dtype(order + kind), count, offset)


FORMATS.register("analyze")(Analyze())
