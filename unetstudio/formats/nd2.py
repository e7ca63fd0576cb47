"""Nikon ND2 files: each position and time an image; read only."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.voxel_files.array_format import (
    ArrayFormat,
    FrameArray,
    FrameReader,
    StoredArray,
    geometry_of_lengths,
    require_package,
)

_MICROMETRE = 1e-3
_FRAME = "CYXS"  # axes within a frame


class Nd2(ArrayFormat):
    """Nikon ND2 files, also those of old versions, which look like JPEG 2000."""

    title = "Nikon ND2"
    suffixes = (".nd2",)

    def recognises(self, head: bytes) -> bool:
        """Look for the mark of its first chunk."""
        return head.startswith(b"\xda\xce\xbe\x0a")

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Know an old version by its name."""
        return self.recognises(head) or (path.suffix.lower() == ".nd2" and head[4:8] == b"jP  ")

    def arrays(self, path: Path) -> Sequence[StoredArray]:
        """Return the one array, of all positions."""
        require_package(path, "nd2")
        import nd2

        with nd2.ND2File(path) as file:
            sizes = {str(axis): int(size) for axis, size in file.sizes.items()}
            kind, size = np.dtype(file.dtype), file.voxel_size()
        lead = [axis for axis in sizes if axis not in _FRAME]
        dims = (*lead, *(axis for axis in _FRAME if axis in sizes))
        shape = [sizes[axis] for axis in dims]
        array = FrameArray(partial(_frames, path, tuple(shape[: len(lead)])), len(lead), shape, kind)
        z, y, x = ((float(n) or math.nan) * _MICROMETRE for n in (size.z, size.y, size.x))
        return [StoredArray("".join(axis[0] for axis in dims), array, geometry_of_lengths(z, y, x))]


@contextmanager
def _frames(path: Path, counts: tuple[int, ...]) -> Iterator[FrameReader]:
    import nd2

    with nd2.ND2File(path) as file:
        recorded = int(file.attributes.sequenceCount or 1)

        def frame(place: tuple[int, ...]) -> NDArray[Any]:
            number = int(np.ravel_multi_index(place, counts)) if place else 0
            if number >= recorded:  # the library would fill it with zeros
                raise FormatError(path, "a plane was never stored, as in a recording that was stopped; choose another image.")
            return np.asarray(file.read_frame(number))

        yield frame


FORMATS.register("nd2")(Nd2())
