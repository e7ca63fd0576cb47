"""The scratch folder of a label map that is too large for memory: it lies beside the future mask and outlives an interruption."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

import numpy as np
from numpy.typing import NDArray

from unetstudio.atomic_file import make_folder, replace_file, write_error
from unetstudio.data.region import Index, Region
from unetstudio.errors import FormatError, UserError
from unetstudio.formats.voxel_files.file_array import RawArray

ABOUT, DONE = "about.json", "done.txt"
SAVED_EVERY = 5.0
"""Largest number of seconds of work that a power failure may cost."""

Labels = NDArray[np.uint8]


class DiskArray:
    """An array of (Z, Y, X) bytes in a file, zero where nothing was written yet."""

    def __init__(self, path: Path, shape: Index) -> None:
        self.path, self.shape = path, shape
        size = shape[0] * shape[1] * shape[2]
        try:
            if not path.exists() or path.stat().st_size != size:
                with path.open("wb") as file:
                    file.truncate(size)
            self._file: BinaryIO = path.open("r+b", buffering=0)
        except OSError as error:
            raise write_error(path, error) from error
        self._stored = RawArray(path, 0, shape, np.dtype(np.uint8))

    def read(self, region: Region) -> Labels:
        """Read the bytes of a region."""
        return np.asarray(self._stored[region.slices])

    def write(self, region: Region, values: Labels) -> None:
        """Write the bytes of a region; raise FormatError when the disk refuses."""
        _, rows, columns = self.shape
        z0, y0, x0 = region.start
        whole_rows = region.shape[2] == columns
        try:
            for z, plane in enumerate(np.ascontiguousarray(values), start=z0):
                for y, row in ((y0, plane.reshape(-1)),) if whole_rows else enumerate(plane, start=y0):
                    self._file.seek((z * rows + y) * columns + x0)
                    rest = row.data
                    while rest:
                        rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise write_error(self.path, error) from error

    def save(self) -> None:
        """Write through to the disk."""
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Close the file."""
        self._file.close()


class Scratch:
    """A scratch folder, used as a context manager: resumes from the folder's files if it was begun with the same `key`, and begins anew
    otherwise. The files stay on exit, unless `remove` was called.

    `done` maps finished regions to the sum and count that were recorded of each; `tile_edge` is the one that the folder was begun with.
    """

    def __init__(self, folder: Path, shape: Index, key: str, tile_edge: int) -> None:
        self.folder, self.shape = folder, shape
        self.done: dict[Region, tuple[int, int]] = {}
        self.tile_edge = tile_edge
        self._arrays: dict[str, DiskArray] = {}
        self._fresh: list[Region] = []  # finished, and not yet on disk
        self._saved = time.monotonic()
        before = _begun(folder)
        if before is not None and before.get("key") == key:
            self.tile_edge = int(before["tile"])
            labels = folder / "labels.raw"
            if labels.is_file() and labels.stat().st_size == shape[0] * shape[1] * shape[2]:
                self.done = _regions(folder / DONE)
        else:
            clear(folder)
            make_folder(folder)
            replace_file(folder / ABOUT, json.dumps({"key": key, "tile": tile_edge}, indent=1).encode())

    def array(self, name: str) -> DiskArray:
        """Return the array of that name, zero at first."""
        if name not in self._arrays:
            self._arrays[name] = DiskArray(self.folder / f"{name}.raw", self.shape)
        return self._arrays[name]

    def finish(self, region: Region, parts: tuple[int, int]) -> None:
        """Record that a region is written, and its `parts` to be summed; on disk with the next save, after the region itself."""
        self.done[region] = parts
        self._fresh.append(region)
        if time.monotonic() - self._saved > SAVED_EVERY:
            self.save()

    def save(self) -> None:
        """Write through to the disk; raise FormatError when it refuses."""
        try:
            for array in self._arrays.values():
                array.save()
            if self._fresh:
                with (self.folder / DONE).open("a", encoding="ascii") as file:
                    file.writelines(" ".join(map(str, (*one.start, *one.stop, *self.done[one]))) + "\n" for one in self._fresh)
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise write_error(self.folder, error) from error
        self._fresh.clear()
        self._saved = time.monotonic()

    def remove(self) -> None:
        """Remove the folder after the mask is written."""
        self._close()
        clear(self.folder)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            if self._arrays and (kind is None or not issubclass(kind, FormatError)):
                self.save()
        finally:
            self._close()

    def _close(self) -> None:
        for array in self._arrays.values():
            array.close()
        self._arrays.clear()


def make_sure_there_is_room(folder: Path, nbytes: int) -> None:
    """Raise FormatError when the disk has fewer than `nbytes` free."""
    free = shutil.disk_usage(folder).free
    if free < nbytes:
        raise FormatError(folder, f"{nbytes / 1e9:,.1f} GB are needed there and {free / 1e9:,.1f} GB are free; choose another folder.")


def clear(folder: Path) -> None:
    """Remove a scratch folder; raise UserError when there is something else in its place."""
    if not folder.exists():
        return
    if not folder.is_dir() or (_begun(folder) is None and any(folder.iterdir())):
        raise UserError(f"{folder.name} is in {folder.parent.name} already and is not this program's own; choose another folder.")
    for path in sorted(folder.iterdir(), key=lambda path: path.name == ABOUT):  # last: until then the folder is recognised as ours
        if path.suffix == ".raw" or path.name in (ABOUT, DONE):
            path.unlink()
    if not any(folder.iterdir()):
        folder.rmdir()


def _begun(folder: Path) -> dict[str, Any] | None:
    """Read the key and tile edge that a scratch folder was begun with; None for any other folder."""
    try:
        description = json.loads((folder / ABOUT).read_bytes())
    except (OSError, ValueError):
        return None
    return description if isinstance(description, dict) and isinstance(description.get("tile"), int) and description["tile"] > 0 else None


def _regions(path: Path) -> dict[Region, tuple[int, int]]:
    """Read the finished regions; a last line that was cut off does not count."""
    try:
        lines = path.read_text(encoding="ascii").split("\n")[:-1]
    except (OSError, ValueError):
        return {}
    regions = {}
    for line in lines:
        numbers = line.split()
        if len(numbers) == 8 and all(number.isdecimal() for number in numbers):
            z0, y0, x0, z1, y1, x1, total, count = map(int, numbers)
            regions[Region((z0, y0, x0), (z1, y1, x1))] = (total, count)
    return regions
