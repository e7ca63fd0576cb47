"""Imaris volumes (.ims): resolution level 0 of each time, its channels together."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from unetstudio.data.geometry import Geometry
from unetstudio.formats.hdf5.dataset import own_dataset
from unetstudio.formats.hdf5.image import Hdf5Image
from unetstudio.formats.part import Part, key_of
from unetstudio.formats.voxel_files.length_units import in_millimetres

if TYPE_CHECKING:
    import h5py


def is_imaris(file: h5py.File) -> bool:
    """Whether the file has the groups of an Imaris volume."""
    return "DataSet" in file and bool(_numbered(file["DataSet"], "ResolutionLevel"))


def imaris_images(file: h5py.File, path: Path) -> list[Hdf5Image]:
    """Return an image for each time."""
    level = _numbered(file["DataSet"], "ResolutionLevel")[0]
    times = _numbered(level, "TimePoint")
    images = []
    for number, time in enumerate(times):
        channels = [own_dataset(file, f"{group.name}/Data", path) for group in _numbered(time, "Channel") if "Data" in group]
        if not channels:
            continue
        shape = _extent(channels[0])
        part = Part(key_of(t=number), f"time {number + 1}") if len(times) > 1 else Part()
        names = tuple(channel.name for channel in channels)
        images.append(Hdf5Image(part, names, "ZYX", shape, channels[0].dtype, _geometry(file, shape)))
    return images


def _numbered(group: h5py.Group, name: str) -> list[h5py.Group]:
    """Return the groups "name 0", "name 1" ... in the order of their numbers."""
    places = {int(match[1]): key for key in group if (match := re.fullmatch(rf"{name}[ _](\d+)", key))}
    return [group[places[number]] for number in sorted(places)]


def _extent(dataset: h5py.Dataset) -> tuple[int, ...]:
    """Return (z, y, x) without the margin that fills the last chunks."""
    stated = [_number(dataset.parent.attrs.get(f"ImageSize{axis}")) for axis in "ZYX"]
    return tuple(int(size) if size and size <= most else int(most) for size, most in zip(stated, dataset.shape, strict=True))


def _geometry(file: h5py.File, shape: tuple[int, ...]) -> Geometry:
    """Return the spacing: the extent of the image, from its lowest to its highest border, by the number of voxels."""
    about = file.get("DataSetInfo/Image")
    if about is None:
        return Geometry()
    factor = in_millimetres(_text(about.attrs.get("Unit")) or "um")
    ends = [(_number(about.attrs.get(f"ExtMin{n}")), _number(about.attrs.get(f"ExtMax{n}"))) for n in (2, 1, 0)]
    if factor is None or any(low is None or high is None or not high > low for low, high in ends):
        return Geometry()
    z, y, x = ((float(high or 0) - float(low or 0)) / size * factor for (low, high), size in zip(ends, shape, strict=True))
    return Geometry((z, y, x))


def _text(stored: Any) -> str:
    """Read an attribute, which Imaris stores as an array of single characters."""
    if stored is None:
        return ""
    if isinstance(stored, bytes | str):
        return stored.decode("utf-8", "replace") if isinstance(stored, bytes) else stored
    return b"".join(np.asarray(stored, "S1").ravel().tolist()).decode("utf-8", "replace")


def _number(stored: Any) -> float | None:
    try:
        return float(stored) if isinstance(stored, int | float | np.number) else float(_text(stored))
    except ValueError:
        return None
