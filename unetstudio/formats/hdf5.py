"""HDF5: masks with spacing and class names; of other programs' files the one image they hold."""

from __future__ import annotations

import io
import json
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
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.legend import legend
from unetstudio.formats.room import make_sure_it_fits
from unetstudio.formats.voxels import tidy

if TYPE_CHECKING:
    import h5py

_NAMES = ("labels", "image", "raw", "data", "volume", "exported_data")
_CHUNK = (16, 256, 256)


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
            if found.external or found.is_virtual:  # any file of this computer could be shown, and sent on, as an image
                raise FormatError(source.path, "its voxels lie in other files; save the image with all its voxels in one file.")
            make_sure_it_fits(source.path, found.size * found.dtype.itemsize, source.path.stat().st_size)
            voxels = _channels_first(np.squeeze(found[()]) if found.ndim > 4 else found[()], source.path)
            geometry = _geometry(found)
        return Scan(tidy(voxels, source.path), geometry, kind=self.title)

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


def _dataset(file: h5py.File, path: Path) -> h5py.Dataset:
    """The dataset of a known name, or the only one that can be an image."""
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
    match array.ndim:
        case 2:
            return array[None, None]
        case 3 if array.shape[-1] in (3, 4) and min(array.shape[:2]) > 4:
            return np.moveaxis(array[..., :3], -1, 0)[:, None]
        case 3:
            return array[None]
        case 4 if array.shape[-1] <= 4 < array.shape[0]:
            return np.moveaxis(array, -1, 0)
        case 4:
            return array
    raise FormatError(path, f"its array has {array.ndim} axes; save two (a picture), three (a volume) or four (channels first).")


def _geometry(found: h5py.Dataset) -> Geometry:
    affine, spacing = found.attrs.get("affine_kji_to_lps_mm"), found.attrs.get("spacing_zyx_mm")
    if affine is not None and np.shape(affine) == (4, 4):
        return Geometry.from_affine(np.asarray(affine, np.float64))
    if spacing is not None and np.shape(spacing) == (3,):
        z, y, x = (float(n) for n in spacing)
        return Geometry((z, y, x))
    return Geometry()


FORMATS.register("hdf5")(Hdf5())
