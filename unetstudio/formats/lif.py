"""Leica LIF files: each image in them, its times and positions; read only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry
from unetstudio.formats.format import FORMATS
from unetstudio.formats.voxel_files.array_format import (
    ArrayFormat,
    FrameArray,
    FrameReader,
    StoredArray,
    geometry_of_lengths,
    require_package,
)

_METRE = 1e3
_SPECTRA = ("λ", "Λ")
"""Axes of emitted and exciting wavelengths; the first of them serves as channels where there are no others."""

_LETTERS = {**dict.fromkeys(_SPECTRA, "E"), "N": "A", "?": "Q"}
"""Letters of axes here, where the library names them otherwise."""


class Lif(ArrayFormat):
    """Leica LIF files."""

    title = "Leica LIF"
    suffixes = (".lif",)

    def recognises(self, head: bytes) -> bool:
        """Look for the marks of its first block and of the description in it."""
        return head.startswith(b"\x70\0\0\0") and head[8:9] == b"\x2a"

    def arrays(self, path: Path) -> Sequence[StoredArray]:
        """Return the images that have rows and columns."""
        require_package(path, "liffile")
        import liffile

        arrays = []
        with liffile.LifFile(path) as file:
            for number, image in enumerate(file.images):
                if image.is_flim or len(image.dims) < 2:
                    continue
                frames = image.frames
                lead = len(frames.dims) - len(frames.frame_dims)
                array = FrameArray(partial(_frames, path, number), lead, frames.shape, np.dtype(image.dtype))
                name = str(image.name) or f"image {number + 1}"
                arrays.append(StoredArray(_axes(frames.dims), array, _geometry(image), {"image": number}, name))
        return arrays


def _axes(dims: Sequence[str]) -> str:
    """Return a letter for each axis; in an image of columns and slices only, these are the rows."""
    spectrum = next((dim for dim in _SPECTRA if dim in dims), "") if "C" not in dims else ""
    letters = ["C" if dim == spectrum else _LETTERS.get(dim, dim[0]) for dim in dims]
    if "Y" not in letters and "Z" in letters:
        letters[letters.index("Z")] = "Y"
    return "".join(letters)


def _geometry(image: Any) -> Geometry:
    """Return the spacing, from the places of the first and last voxel in metres."""
    sizes: dict[str, float | None] = {}
    for axis in "ZYX":
        places = image.coords.get(axis)
        known = places is not None and len(places) > 1 and abs(float(places[-1]) - float(places[0])) > 0
        sizes[axis] = abs(float(places[-1]) - float(places[0])) / (len(places) - 1) * _METRE if known else None
    return geometry_of_lengths(sizes["Z"], sizes["Y"], sizes["X"])


@contextmanager
def _frames(path: Path, number: int) -> Iterator[FrameReader]:
    import liffile

    with liffile.LifFile(path) as file:
        frames = file.images[number].frames

        def frame(place: tuple[int, ...]) -> NDArray[Any]:
            return np.asarray(frames[place] if place else frames[0])

        yield frame


FORMATS.register("lif")(Lif())
