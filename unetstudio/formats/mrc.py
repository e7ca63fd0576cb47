"""MRC maps of electron microscopy, with their voxel size; read only."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.voxel_files.array_format import ArrayFormat, StoredArray, geometry_of_lengths
from unetstudio.formats.voxel_files.file_array import RawArray

_ANGSTROM = 1e-7
_HEADER = 1024
_TYPES = {0: "i1", 1: "i2", 2: "f4", 6: "u2", 12: "f2"}
_IMOD, _SIGNED = 1146047817, 1  # stamp of the program IMOD, and its flag for signed bytes
_STACKS = range(401, 631)  # space groups of stacks of volumes


class Mrc(ArrayFormat):
    """MRC and CCP4 maps of whole or floating-point numbers."""

    title = "MRC"
    suffixes = (".mrc", ".mrcs", ".map", ".rec", ".ccp4", ".st", ".ali")

    def recognises(self, head: bytes) -> bool:
        """Look for the word MAP near the end of the header, and a possible type of number."""
        if head[208:212] not in (b"MAP ", b"MAP\0"):
            return False
        return any(0 <= struct.unpack_from(f"{order}i", head, 12)[0] < 128 for order in "<>")

    def arrays(self, path: Path) -> Sequence[StoredArray]:
        """Return the map, its axes ordered by the header."""
        with path.open("rb") as file:
            head = file.read(_HEADER)
        order = ">" if head[212:214] == b"\x11\x11" else "<"
        columns, rows, sections, mode = struct.unpack_from(f"{order}4i", head, 0)
        intervals, cell = struct.unpack_from(f"{order}3i", head, 28), struct.unpack_from(f"{order}3f", head, 40)
        places, group, extended = struct.unpack_from(f"{order}3i", head, 64), *struct.unpack_from(f"{order}2i", head, 88)
        stamp, flags = struct.unpack_from(f"{order}2i", head, 152)
        if min(columns, rows, sections) < 1 or extended < 0:
            raise FormatError(path, "it holds no pixels; export it again from the program that made it.")
        if mode not in _TYPES:
            raise FormatError(path, f"its numbers (mode {mode}) are complex or packed; save it with real numbers of 8, 16 or 32 bits.")
        kind = np.dtype(order + _TYPES[mode])
        if mode == 0 and stamp == _IMOD and not flags & _SIGNED:
            kind = np.dtype(np.uint8)
        named = "".join("XYZ"[place - 1] for place in places[::-1]) if sorted(places) == [1, 2, 3] else "ZYX"
        sizes = dict(zip("XYZ", (length / n * _ANGSTROM if n > 0 else 0.0 for length, n in zip(cell, intervals, strict=True)), strict=True))
        shape: tuple[int, ...] = (sections, rows, columns)
        depth = intervals[2]
        if group in _STACKS and 0 < depth < sections and sections % depth == 0:
            named, shape = "P" + named, (sections // depth, depth, rows, columns)
        array = RawArray(path, _HEADER + extended, shape, kind)
        return [StoredArray(named, array, geometry_of_lengths(sizes["Z"], sizes["Y"], sizes["X"]))]


FORMATS.register("mrc")(Mrc())
