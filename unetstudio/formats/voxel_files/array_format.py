"""Formats whose files hold arrays with named axes: the base of those of microscopes and videos."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.format import Format
from unetstudio.formats.part import Part
from unetstudio.formats.voxel_files.axes import Chosen, channels_first, depth_note
from unetstudio.formats.voxel_files.file_array import FileArray, Slices
from unetstudio.formats.voxel_files.lazy_voxels import LazyVoxels, tidy_lazily
from unetstudio.formats.voxel_files.memory_check import require_memory
from unetstudio.formats.voxel_files.several_images import ArrayImage, chosen, first_of_several, images_along
from unetstudio.formats.voxel_files.voxels import tidy

FrameReader = Callable[[tuple[int, ...]], NDArray[Any]]


@dataclass(frozen=True)
class StoredArray:
    """An array in a file. `key` and `name` tell it apart from others in the file; `notes` are sentences for the user."""

    axes: str
    array: FileArray
    geometry: Geometry = field(default_factory=Geometry)
    key: dict[str, int | str] = field(default_factory=dict)
    name: str = ""
    notes: tuple[str, ...] = ()


class ArrayFormat(Format):
    """A format of arrays with named axes; a subclass defines `arrays`. Times and positions are images of their own."""

    volumes = True
    times = "times"  # what the axis T counts, in the plural

    def arrays(self, path: Path) -> Sequence[StoredArray]:
        """Return the arrays in a file, without reading their voxels; raise FormatError without one."""
        raise NotImplementedError

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the images in all arrays."""
        return [image.part for _, image in self._images(path)]

    def read(self, source: Source) -> Scan:
        """Read (C, Z, Y, X)."""
        stored, image, array, notes = self._chosen(source)
        nbytes = _nbytes(array)
        packed = nbytes if source.path.is_dir() else source.path.stat().st_size
        require_memory(source.path, nbytes, packed, by_region=True)
        samples = array[tuple(slice(0, size) for size in array.shape)]
        kept = samples[tuple(0 if role == "-" else slice(None) for role in image.roles)]
        voxels = channels_first(kept, image.roles.replace("-", ""))
        return Scan(tidy(voxels, source.path), _geometry(stored.geometry, voxels.shape[1]), kind=self.title, notes=notes)

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Leave large arrays in the file."""
        stored, image, array, notes = self._chosen(source)
        if _nbytes(array) <= large:
            return None
        voxels = LazyVoxels(source.path, self.title, array, image.roles)
        return Scan(tidy_lazily(voxels), _geometry(stored.geometry, voxels.shape[1]), kind=self.title, notes=notes)

    def _images(self, path: Path) -> list[tuple[StoredArray, ArrayImage]]:
        arrays = self.arrays(path)
        if not arrays:
            raise FormatError(path, "it holds no image; export it again from the program that made it.")
        images = []
        for one in arrays:
            if "Y" not in one.axes or "X" not in one.axes or 0 in one.array.shape:
                continue
            several = len(arrays) > 1
            inside = images_along(one.axes, one.array.shape, key=one.key if several else None, name=one.name if several else "")
            images += [(one, image) for image in inside]
        if not images:
            raise FormatError(path, "it holds no pixels; export it again from the program that made it.")
        return images

    def _chosen(self, source: Source) -> tuple[StoredArray, ArrayImage, FileArray, tuple[str, ...]]:
        images = self._images(source.path)
        parts = [image.part for _, image in images]
        stored, image = images[chosen(parts, source.part, source.path)]
        array = Chosen(stored.array, image.places) if image.places else stored.array
        notes = (*first_of_several(parts, source.part), *stored.notes, *depth_note(stored.axes, stored.array.shape, self.times))
        return stored, image, array, notes


class FrameArray:
    """An array of frames that a library reads one by one: the first `lead` axes count frames, the others are those of a frame.

    `opened` opens the file and gives a function from a place on the leading axes to the frame.
    """

    def __init__(
        self, opened: Callable[[], AbstractContextManager[FrameReader]], lead: int, shape: Sequence[int], dtype: np.dtype[Any]
    ) -> None:
        self.shape, self.dtype = tuple(int(n) for n in shape), np.dtype(dtype)
        self._opened, self._lead = opened, lead

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        values = np.empty(tuple(part.stop - part.start for part in index), self.dtype)
        lead = index[: self._lead]
        with self._opened() as frame:
            for place in itertools.product(*(range(part.start, part.stop) for part in lead)):
                target = tuple(n - part.start for n, part in zip(place, lead, strict=True))
                values[target] = np.asarray(frame(place)).reshape(self.shape[self._lead :])[index[self._lead :]]
        return values


def require_package(path: Path, package: str, extra: str = "microscopy") -> None:
    """Raise FormatError with the line that installs it, when the library for a format is missing."""
    if find_spec(package) is None:
        line = f'pip install "unetstudio[{extra}]"'
        raise FormatError(path, f"a further library ({package}) reads this kind of file; install it with: {line}")


def geometry_of_lengths(z: float | None, y: float | None, x: float | None) -> Geometry:
    """Return the geometry with this spacing in mm; unknown unless y and x are positive. A missing z is 1 where there is one slice."""
    if not y or not x or not all(0 < n < math.inf for n in (y, x)):
        return Geometry()
    return Geometry((z if z and 0 < z < math.inf else math.nan, y, x))


def _geometry(stated: Geometry, slices: int) -> Geometry:
    """Replace an unknown distance of slices: by 1 for a single slice; of several the spacing is unknown."""
    if stated.spacing is None or not math.isnan(stated.spacing[0]):
        return stated
    return Geometry((1.0, *stated.spacing[1:])) if slices == 1 else Geometry()


def _nbytes(array: FileArray) -> int:
    return math.prod(array.shape) * array.dtype.itemsize
