"""HDF5: masks with spacing and class names, and single images in files of other programs."""

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
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.axes import channels_first
from unetstudio.formats.file_array import Slices
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.ilastik_arrays import result_in
from unetstudio.formats.lazy_voxels import LazyVoxels, tidy_lazily
from unetstudio.formats.legend import legend
from unetstudio.formats.mask_content import MaskContent, MaskGrid
from unetstudio.formats.mask_document import MaskDocument
from unetstudio.formats.memory_check import require_memory, require_plausible_size
from unetstudio.formats.voxels import tidy

if TYPE_CHECKING:
    import h5py

_NAMES = ("labels", "image", "raw", "data", "volume", "exported_data")
_CHUNK = (16, 256, 256)
LARGEST = 64 * 2**20
"""Bytes of the largest chunk in files that are read in parts."""


class Hdf5(Format):
    """HDF5 files; masks are a dataset `labels` (Z, Y, X) with `spacing_zyx_mm`, `affine_kji_to_lps_mm` and the legend as attributes."""

    title = "HDF5"
    suffixes = (".h5", ".hdf5")
    volumes = True
    writes = True
    receivers = "Python, MATLAB and ilastik read class values from the array “labels”, with voxel size and legend beside it."

    def recognises(self, head: bytes) -> bool:
        """Look for the eight bytes at its beginning."""
        return head.startswith(b"\x89HDF\r\n\x1a\n")

    def read(self, source: Source) -> Scan:
        """Read (Y, X), (Z, Y, X), or either with up to 4 channels first or last."""
        import h5py
        import hdf5plugin  # noqa: F401  (its compressions are known to h5py once it is imported)

        with h5py.File(source.path, "r", locking=False) as file:
            image = _dataset(file, source.path)
            nbytes = image.size * image.dtype.itemsize
            require_memory(source.path, nbytes, source.path.stat().st_size, by_region=_chunk_bytes(image) <= LARGEST)
            voxels = _channels_first(np.squeeze(image[()]) if image.ndim > 4 else image[()], source.path)
            geometry = _geometry(image)
        return Scan(tidy(voxels, source.path), geometry, kind=self.title)

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Leave large datasets in the file, unless their chunks are too large."""
        path = source.path
        import h5py
        import hdf5plugin  # noqa: F401  (its compressions are known to h5py once it is imported)

        with h5py.File(path, "r", locking=False) as file:
            image = _dataset(file, path)
            nbytes = image.size * image.dtype.itemsize
            if nbytes <= large or _chunk_bytes(image) > LARGEST:
                return None
            require_plausible_size(path, nbytes, path.stat().st_size)
            axes, geometry = _axes(image.shape), _geometry(image)
            if axes is None:
                return None
            stored = DatasetFile(path, image.name, image.shape, image.dtype)
        voxels = LazyVoxels(path, self.title, stored, axes)
        return Scan(tidy_lazily(voxels.map(lambda part: part[:3]) if axes == "YXS" else voxels), geometry, kind=self.title)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read a mask; results of ilastik count classes from 1 or hold probabilities."""
        return result_in(path) or super().read_mask(path, grid)

    def encode(self, document: MaskDocument) -> bytes:
        """Build the file in memory (on a full disk h5py can crash the process), with gzip, which every reader supports."""
        import h5py

        labels, geometry, file = document.labels, document.geometry, io.BytesIO()
        chunks = tuple(min(n, most) for n, most in zip(labels.shape, _CHUNK, strict=True))
        with h5py.File(file, "w", libver=("v110", "v110")) as h5:
            dataset = h5.create_dataset("labels", data=labels, chunks=chunks, compression="gzip", compression_opts=1, fletcher32=True)
            if geometry.spacing is not None:
                dataset.attrs["spacing_zyx_mm"] = geometry.spacing
            if geometry.affine is not None:
                dataset.attrs["affine_kji_to_lps_mm"] = geometry.matrix
            dataset.attrs["legend"] = json.dumps(legend(document.classes), ensure_ascii=False)
            dataset.attrs["note"] = RESEARCH_USE
        return file.getvalue()


class DatasetFile:
    """A dataset in a file, which is opened for each read."""

    def __init__(self, path: Path, name: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = tuple(shape), np.dtype(dtype)
        self._path, self._name = path, name

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        import h5py
        import hdf5plugin  # noqa: F401

        with h5py.File(self._path, "r", locking=False) as file:
            return np.asarray(file[self._name][index])


def _chunk_bytes(dataset: h5py.Dataset) -> int:
    """Return the bytes of a chunk, the smallest unit of reading."""
    return math.prod(dataset.chunks or (1,)) * int(dataset.dtype.itemsize)


def _dataset(file: h5py.File, path: Path) -> h5py.Dataset:
    """Return the dataset of a known name, or the only one that can be an image."""
    dataset = _only(file, path)
    if dataset.external or dataset.is_virtual:  # it could expose any file of this computer as an image
        raise FormatError(path, "its voxels lie in other files; save the image with all its voxels in one file.")
    return dataset


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
        content = "no image" if not images else f"{len(images)} arrays"
        raise FormatError(path, f"it holds {content}; keep one array, named 'image', and open it again.")
    return next(iter(images.values()))


def _channels_first(array: NDArray[Any], path: Path) -> NDArray[Any]:
    """Arrange an array as (C, Z, Y, X)."""
    axes = _axes(array.shape)
    if axes is None:
        raise FormatError(path, f"its array has {array.ndim} axes; save two (a picture), three (a volume) or four (channels first).")
    voxels = channels_first(array, axes)
    return voxels[:3] if axes == "YXS" else voxels


def _axes(shape: tuple[int, ...]) -> str | None:
    """Name the axes of an array; None for fewer than two and more than four."""
    match len(shape):
        case 2:
            return "YX"
        case 3:
            return "YXS" if shape[-1] in (3, 4) and min(shape[:2]) > 4 else "ZYX"
        case 4:
            return "ZYXC" if shape[-1] <= 4 < shape[0] else "CZYX"
    return None


def _geometry(dataset: h5py.Dataset) -> Geometry:
    affine, spacing = dataset.attrs.get("affine_kji_to_lps_mm"), dataset.attrs.get("spacing_zyx_mm")
    if affine is not None and np.shape(affine) == (4, 4):
        return Geometry.from_affine(np.asarray(affine, np.float64))
    if spacing is not None and np.shape(spacing) == (3,):
        z, y, x = (float(n) for n in spacing)
        return Geometry((z, y, x))
    return Geometry()


FORMATS.register("hdf5")(Hdf5())
