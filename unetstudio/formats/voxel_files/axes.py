"""Roles of the axes of TIFF series, HDF5 data sets and other arrays, and their reordering into (C, Z, Y, X)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from unetstudio.formats.voxel_files.file_array import FileArray, Slices

_DEPTH = "ZTIQ"
"""Axes that may serve as depth, in order of preference: slices, time points, pages, anything."""

_CHANNELS = "CS"
"""Axes that make up the channels: channels of a microscope, samples of a colour."""

_SPARE = "QUVWJKDFGNO"
"""Letters for axes whose own letter is taken."""

WORDS = {
    "Z": "slice", "T": "time", "P": "position", "I": "page", "R": "tile", "A": "angle", "V": "view", "H": "phase", "E": "wavelength",
    "L": "lifetime", "M": "tile", "B": "block",
}  # fmt: skip
"""What an axis counts, in the singular; "image" for any other."""


def unique_axes(axes: str) -> str:
    """Return the axes with each letter once; of several equal ones the last keeps its letter, so that it may serve as depth."""
    letters: list[str] = []
    for axis in reversed(axes):
        letters.append(axis if axis not in letters else next(spare for spare in _SPARE if spare not in letters and spare not in axes))
    return "".join(reversed(letters))


def axis_roles(axes: str, shape: tuple[int, ...]) -> str:
    """Rename the axes, with Z for the one that serves as depth and "-" for those that count images."""
    depth = depth_axis(axes, shape)
    used = set(depth) | set(_CHANNELS) | {"Y", "X"}
    return "".join(axis if axis in used else "-" for axis in axes).replace(depth or "Z", "Z")


def depth_axis(axes: str, shape: tuple[int, ...]) -> str:
    """Return the axis that serves as depth; "" for none."""
    long = [axis for axis, size in zip(axes, shape, strict=True) if size > 1]
    return next((axis for axis in _DEPTH if axis in long), "")


def depth_note(axes: str, shape: tuple[int, ...], times: str = "times") -> tuple[str, ...]:
    """Return a sentence where the slices of the scan are times, or pages of which the file does not say what they are."""
    depth = depth_axis(axes, shape)
    if depth in ("", "Z"):
        return ()
    count = shape[axes.index(depth)]
    if depth == "T":
        return (f"Its {count} {times} are shown as slices.",)
    return (f"Its {count} pages are taken for slices; the file does not say what they are.",)


def channels_first(samples: NDArray[Any], axes: str) -> NDArray[Any]:
    """Arrange samples with these axes as (C, Z, Y, X); channels and colour samples together make C."""
    for axis in "SCZ":
        if axis not in axes:
            samples, axes = samples[None], axis + axes
    ordered = samples.transpose([axes.index(axis) for axis in "CSZYX"])
    return ordered.reshape(-1, *ordered.shape[2:])


class Chosen:
    """An array in a file with one place chosen on some of its axes, which keep the length 1."""

    def __init__(self, array: FileArray, places: Mapping[int, int]) -> None:
        self._array, self._places = array, places
        self.shape = tuple(1 if axis in places else size for axis, size in enumerate(array.shape))
        self.dtype = array.dtype

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        return self._array[tuple(slice(p, p + 1) if (p := self._places.get(n)) is not None else s for n, s in enumerate(index))]
