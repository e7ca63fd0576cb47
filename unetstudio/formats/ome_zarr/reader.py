"""OME-Zarr images of version 0.1 to 0.5, at full resolution and by region; read only."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS
from unetstudio.formats.ome_zarr.images import guessed_axes, images_in
from unetstudio.formats.ome_zarr.metadata import ZarrFolder
from unetstudio.formats.voxel_files.array_format import ArrayFormat, StoredArray, require_package
from unetstudio.formats.voxel_files.file_array import Slices

_MARKS = (".zattrs", ".zgroup", ".zarray", "zarr.json")
"""Files of which one lies in every Zarr folder."""


class OmeZarr(ArrayFormat):
    """OME-Zarr folders and zip files; other Zarr arrays, whose axes are guessed."""

    title = "OME-Zarr"
    suffixes = (".ome.zarr", ".zarr", ".zarr.zip", ".ozx")
    folders = True

    def recognises(self, head: bytes) -> bool:
        """A zip file has no signature of its own; see `recognises_file`."""
        del head
        return False

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for a Zarr description in the root of a zip file."""
        if not head.startswith(b"PK\3\4") or not path.name.lower().endswith((".zip", ".ozx")):
            return False
        try:
            with zipfile.ZipFile(path) as archive:
                return any(mark in archive.namelist() for mark in _MARKS)
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
            return False

    def recognises_folder(self, path: Path) -> bool:
        """Look for a Zarr description."""
        return any((path / mark).is_file() for mark in _MARKS)

    def files(self, source: Source) -> list[Path]:
        """Return all files of the folder."""
        return ZarrFolder(source.path).files()

    def arrays(self, path: Path) -> Sequence[StoredArray]:
        """Return each image at full resolution."""
        require_package(path, "zarr")
        folder = ZarrFolder(path)
        arrays = []
        for image in images_in(folder):
            folder.require_plain_array(image.array)
            array = ZarrArray(path, image.array)
            named = len(image.axes) == len(array.shape)
            axes = image.axes if named else guessed_axes(len(array.shape))
            if not axes:
                raise FormatError(path, f"its array has {len(array.shape)} axes without names; save it as OME-Zarr, which names them.")
            guess = () if named else (f"Its axes have no names and are taken for {', '.join(axes.lower())}.",)
            notes = (*guess, *array.gaps())
            key: dict[str, int | str] = {"image": quote(image.group, safe="") or "0"}
            arrays.append(StoredArray(axes, array, image.geometry, key, image.name or "image", notes))
        if not arrays:
            raise FormatError(path, "this Zarr folder holds no image that it describes; choose the folder of an array inside.")
        return arrays


class ZarrArray:
    """An array in a Zarr folder or zip file, opened for each read."""

    def __init__(self, path: Path, name: str) -> None:
        self._path, self._name = path, name
        array = self._array()
        self.shape, self.dtype = tuple(int(n) for n in array.shape), np.dtype(array.dtype)

    def __getitem__(self, index: Slices, /) -> NDArray[Any]:
        return np.asarray(self._array()[index])

    def gaps(self) -> tuple[str, ...]:
        """Return a sentence when blocks are not stored, which stands for a constant value as well as for a lost file."""
        array = self._array()
        blocks, stored = int(array.nchunks), int(array.nchunks_initialized)
        if stored >= blocks:
            return ()
        return (f"{blocks - stored} of its {blocks} blocks are not stored and read as {array.fill_value}: empty, or lost in a copy.",)

    def _array(self) -> Any:
        import zarr
        from zarr.storage import LocalStore, ZipStore

        store = LocalStore(self._path, read_only=True) if self._path.is_dir() else ZipStore(self._path, mode="r", read_only=True)
        return zarr.open_array(store, path=self._name, mode="r")


FORMATS.register("ome_zarr")(OmeZarr())
