"""HDF5: masks with spacing and class names; of other programs' files the one image they hold."""

from __future__ import annotations

import io
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.by_region import ByRegion, tidied
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.legend import legend
from unetstudio.formats.room import make_sure_it_can_be, make_sure_it_fits
from unetstudio.formats.stored import Slices
from unetstudio.formats.tiff_axes import in_order
from unetstudio.formats.voxels import tidy

if TYPE_CHECKING:
    import h5py

_NAMES = ("labels", "image", "raw", "data", "volume", "exported_data")
_CHUNK = (16, 256, 256)
LARGEST = 64 * 2**20
"""Bytes of a chunk; files with larger ones are not read in parts."""


class Hdf5(Format):
    """A dataset named `labels` (Z, Y, X), with `spacing_zyx_mm`, `affine_kji_to_lps_mm` and the legend as attributes."""

    title = "HDF5"
    suffixes = (".h5", ".hdf5")
    volumes = True
    writes = True

    def recognises(self, head: bytes) -> bool:
        """By the eight bytes at its beginning."""
        return head.startswith(b"\x89HDF\r\n\x1a\n")

    def read(self, source: Source) -> Scan:
        """(Y, X), (Z, Y, X), or with up to 4 channels first or last."""
        import h5py
        import hdf5plugin  # noqa: F401  (its compressions are known to h5py once it is imported)

        with h5py.File(source.path, "r", locking=False) as file:
            found = _dataset(file, source.path)
            nbytes = found.size * found.dtype.itemsize
            make_sure_it_fits(source.path, nbytes, source.path.stat().st_size, by_region=_chunk_bytes(found) <= LARGEST)
            voxels = _channels_first(np.squeeze(found[()]) if found.ndim > 4 else found[()], source.path)
            geometry = _geometry(found)
        return Scan(tidy(voxels, source.path), geometry, kind=self.title)

    def read_by_region(self, path: Path, large: int) -> Scan | None:
        """Of datasets in pieces that are not too large themselves."""
        import h5py
        import hdf5plugin  # noqa: F401  (its compressions are known to h5py once it is imported)

        with h5py.File(path, "r", locking=False) as file:
            found = _dataset(file, path)
            nbytes = found.size * found.dtype.itemsize
            if nbytes <= large or _chunk_bytes(found) > LARGEST:
                return None
            make_sure_it_can_be(path, nbytes, path.stat().st_size)
            axes, geometry = _axes(found.shape), _geometry(found)
            if axes is None:
                return None
            stored = Dataset(path, found.name, found.shape, found.dtype)
        voxels = ByRegion(path, self.title, stored, axes)
        return Scan(tidied(voxels.then(lambda part: part[:3]) if axes == "YXS" else voxels), geometry, kind=self.title)

    def encode(self, labels: NDArray[np.uint8], geometry: Geometry, classes: ClassTable) -> bytes:
        """Built in memory (a full disk would take h5py, and us, down); gzip, which every reader knows."""
        import h5py

        file = io.BytesIO()
        chunks = tuple(min(n, most) for n, most in zip(labels.shape, _CHUNK, strict=True))
        with h5py.File(file, "w", libver=("v110", "v110")) as h5:
            kept = h5.create_dataset("labels", data=labels, chunks=chunks, compression="gzip", compression_opts=1, fletcher32=True)
            if geometry.spacing is not None:
                kept.attrs["spacing_zyx_mm"] = geometry.spacing
            if geometry.affine is not None:
                kept.attrs["affine_kji_to_lps_mm"] = geometry.matrix
            kept.attrs["legend"] = json.dumps(legend(classes), ensure_ascii=False)
            kept.attrs["note"] = RESEARCH_USE
        return file.getvalue()


class Dataset:
    """A dataset of a file that is opened for each read."""

    def __init__(self, path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._path, self._name = path, name

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        import h5py
        import hdf5plugin  # noqa: F401

        with h5py.File(self._path, "r", locking=False) as file:
            return np.asarray(file[self._name][index])


def _chunk_bytes(found: h5py.Dataset) -> int:
    """What the file has to be read in at once."""
    return math.prod(found.chunks or (1,)) * int(found.dtype.itemsize)


def _dataset(file: h5py.File, path: Path) -> h5py.Dataset:
    """The dataset of a known name, or the only one that can be an image."""
    found = _only(file, path)
    if found.external or found.is_virtual:  # any file of this computer could be shown, and sent on, as an image
        raise FormatError(path, "its voxels lie in other files; save the image with all its voxels in one file.")
    return found


def _only(file: h5py.File, path: Path) -> h5py.Dataset:
    import h5py

    images: dict[str, h5py.Dataset] = {}

    def keep(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset) and node.ndim >= 2 and node.dtype.kind in "iufb":
            images[name] = node

    file.visititems(keep)
    for name in _NAMES:
        if name in images:
            return images[name]
    if len(images) != 1:
        what = "no image" if not images else f"{len(images)} arrays"
        raise FormatError(path, f"it holds {what}; keep one array, named 'image', and open it again.")
    return next(iter(images.values()))


def _channels_first(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """(C, Z, Y, X)."""
    axes = _axes(array.shape)
    if axes is None:
        raise FormatError(path, f"its array has {array.ndim} axes; save two (a picture), three (a volume) or four (channels first).")
    voxels = in_order((array, axes))
    return voxels[:3] if axes == "YXS" else voxels


def _axes(shape: tuple[int, ...]) -> str | None:
    """What the axes of an array mean; None for fewer than two and more than four."""
    match len(shape):
        case 2:
            return "YX"
        case 3:
            return "YXS" if shape[-1] in (3, 4) and min(shape[:2]) > 4 else "ZYX"
        case 4:
            return "ZYXC" if shape[-1] <= 4 < shape[0] else "CZYX"
    return None


def _geometry(found: h5py.Dataset) -> Geometry:
    affine, spacing = found.attrs.get("affine_kji_to_lps_mm"), found.attrs.get("spacing_zyx_mm")
    if affine is not None and np.shape(affine) == (4, 4):
        return Geometry.from_affine(np.asarray(affine, np.float64))
    if spacing is not None and np.shape(spacing) == (3,):
        z, y, x = (float(n) for n in spacing)
        return Geometry((z, y, x))
    return Geometry()


FORMATS.register("hdf5")(Hdf5())
