"""HDF5: masks with spacing and class names, and images in files of other programs."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.hdf5.bdv import bdv_images, is_bdv, xml_beside
from unetstudio.formats.hdf5.dataset import chunk_bytes, own_dataset
from unetstudio.formats.hdf5.image import Hdf5Image
from unetstudio.formats.hdf5.imaris import imaris_images, is_imaris
from unetstudio.formats.hdf5.plain import plain_images
from unetstudio.formats.ilastik_arrays import result_in
from unetstudio.formats.masks.content import MaskContent, MaskGrid, content_of
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.masks.legend import legend
from unetstudio.formats.masks.part_of_scan import mask_part
from unetstudio.formats.part import Part
from unetstudio.formats.voxel_files.axes import channels_first
from unetstudio.formats.voxel_files.lazy_voxels import LazyVoxels, tidy_lazily
from unetstudio.formats.voxel_files.memory_check import require_memory, require_plausible_size
from unetstudio.formats.voxel_files.several_images import chosen, first_of_several
from unetstudio.formats.voxel_files.voxels import tidy

if TYPE_CHECKING:
    import h5py

_CHUNK = (16, 256, 256)
LARGEST = 64 * 2**20
"""Bytes of the largest chunk in files that are read in parts."""


class Hdf5(Format):
    """HDF5 files; masks are a dataset `labels` (Z, Y, X) with `spacing_zyx_mm`, `affine_kji_to_lps_mm` and the legend as attributes."""

    title = "HDF5"
    suffixes = (".h5", ".hdf5", ".hdf", ".he5", ".ims")
    volumes = True
    writes = True
    receivers = "Python, MATLAB and ilastik read class values from the array “labels”, with voxel size and legend beside it."

    def recognises(self, head: bytes) -> bool:
        """Look for the eight bytes at its beginning."""
        return head.startswith(b"\x89HDF\r\n\x1a\n")

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Leave out MINC volumes, which are HDF5 with a layout of their own."""
        if not self.recognises(head):
            return False
        import h5py

        try:
            with h5py.File(path, "r", locking=False) as file:
                return "minc-2.0" not in file
        except (OSError, RuntimeError, ValueError, KeyError):
            return True  # damaged: reading it raises a specific error

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the times of a volume, or the arrays of a file that holds several."""
        with _opened(path) as file:
            return [image.part for image in _images(file, path)]

    def files(self, source: Source) -> list[Path]:
        """Return the file, and the description beside a BigDataViewer volume."""
        beside = xml_beside(source.path)
        if beside is None:
            return [source.path]
        with _opened(source.path) as file:
            return [source.path, beside] if is_bdv(file) else [source.path]

    def read(self, source: Source) -> Scan:
        """Read (C, Z, Y, X), the axes ordered by their names, or by their number where they have none."""
        return self._scan(source, mask=False)

    def read_values(self, path: Path) -> tuple[NDArray[Any], Geometry]:
        """Read the array of a usual name for masks first."""
        scan = self._scan(Source(path), mask=True)
        return scan.array, scan.geometry

    def read_by_region(self, source: Source, large: int) -> Scan | None:
        """Leave large datasets in the file, unless their chunks are too large."""
        path = source.path
        with _opened(path) as file:
            image, notes = _image(_images(file, path), source)
            if image.nbytes <= large or _largest_chunk(file, image, path) > LARGEST:
                return None
            require_plausible_size(path, image.nbytes, path.stat().st_size)
        voxels = LazyVoxels(path, self.title, image.stored(path), image.stored_roles)
        voxels = voxels.map(_without_fourth) if "S" in image.roles else voxels
        return Scan(tidy_lazily(voxels), image.geometry, kind=self.title, notes=notes)

    def _scan(self, source: Source, *, mask: bool) -> Scan:
        path = source.path
        with _opened(path) as file:
            image, notes = _image(_images(file, path, mask=mask), source)
            by_region = _largest_chunk(file, image, path) <= LARGEST
            require_memory(path, image.nbytes, path.stat().st_size, by_region=by_region)
        stored, roles = image.stored(path), image.stored_roles
        whole = stored[tuple(slice(0, size) for size in stored.shape)]
        voxels = channels_first(whole[tuple(0 if role == "-" else slice(None) for role in roles)], roles.replace("-", ""))
        voxels = _without_fourth(voxels) if "S" in roles else voxels
        return Scan(tidy(voxels, path), image.geometry, kind=self.title, notes=notes)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read a mask; results of ilastik count classes from 1 or hold probabilities."""
        if (result := result_in(path)) is not None:
            return result
        with _opened(path) as file:
            images = _images(file, path, mask=True)
        key, notes = mask_part([image.part for image in images if image.datasets == images[0].datasets], path, grid)
        scan = self._scan(Source(path, key), mask=True)
        content = content_of(scan.array, scan.geometry, path)
        return replace(content, notes=(*content.notes, *notes))

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


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    import h5py
    import hdf5plugin  # noqa: F401  (its compressions are known to h5py once it is imported)

    with h5py.File(path, "r", locking=False) as file:
        yield file


def _images(file: h5py.File, path: Path, *, mask: bool = False) -> list[Hdf5Image]:
    """Return the images in a file by its layout; raise FormatError without one."""
    images = imaris_images(file, path) if is_imaris(file) else bdv_images(file, path) if is_bdv(file) else []
    return images or plain_images(file, path, mask=mask)


def _image(images: Sequence[Hdf5Image], source: Source) -> tuple[Hdf5Image, tuple[str, ...]]:
    """Return the image that the source names, and what is to be said about it."""
    parts = [image.part for image in images]
    image = images[chosen(parts, source.part, source.path)]
    return image, (*first_of_several(parts, source.part), *image.notes)


def _largest_chunk(file: h5py.File, image: Hdf5Image, path: Path) -> int:
    return max(chunk_bytes(own_dataset(file, name, path)) for name in image.datasets)


def _without_fourth(voxels: NDArray[Any]) -> NDArray[Any]:
    """Drop the alpha of colours."""
    return voxels[:3]


FORMATS.register("hdf5")(Hdf5())
