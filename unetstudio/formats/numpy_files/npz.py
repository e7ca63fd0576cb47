"""Archives of arrays of NumPy (.npz): each array of two axes or more is an image."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.masks.label_values import label_content, mask_volume
from unetstudio.formats.numpy_files.array_axes import array_axes
from unetstudio.formats.numpy_files.array_header import ArrayHeader, read_array_header
from unetstudio.formats.part import Part, key_of, places_in
from unetstudio.formats.voxel_files.packed_file import read_exactly
from unetstudio.formats.voxel_files.volume_file import VolumeFile
from unetstudio.formats.voxel_files.voxels import tidy

_ZIP = b"PK\x03\x04"
_OURS = {"probabilities", "values"}
_MASKS = ("labels", "label", "masks", "mask", "segmentation", "seg", "gts", "gt")
"""Names by which the labels are found among several arrays, in this order."""


@dataclass(frozen=True)
class _Member:
    name: str
    header: ArrayHeader


class Npz(Format):
    """Archives, whose arrays are numbered in their order and named in what is shown."""

    title = "NumPy archive"
    suffixes = (".npz",)
    volumes = True

    def recognises(self, head: bytes) -> bool:
        """Look for a zip archive whose first file is an array."""
        return head.startswith(_ZIP) and head[30 : 30 + int.from_bytes(head[26:28], "little")].endswith(b".npy")

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Leave out probabilities that this program wrote beside masks."""
        if not self.recognises(head):
            return False
        try:
            with zipfile.ZipFile(path) as archive:
                return {_name(entry) for entry in archive.namelist()} != _OURS
        except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
            return True  # reading it raises a specific error

    def parts(self, path: Path) -> Sequence[Part]:
        """Return the arrays, and the volumes in each."""
        members = _images(path)
        if len(members) == 1:
            return _file(path, members[0]).parts
        parts = []
        for number, member in enumerate(members):
            file = _file(path, member)
            for n, part in enumerate(file.parts):
                places = {"array": number} | ({"t": n} if file.volumes > 1 else {})
                parts.append(Part(key_of(**places), f"{member.name}, {part.name}" if part.name else member.name))
        return parts

    def read(self, source: Source) -> Scan:
        """Read one array, or one volume of it."""
        members = _images(source.path)
        place = places_in(source.part).get("array", "0")
        if not place.isdecimal() or int(place) >= len(members):
            raise FormatError(source.path, f"it holds {len(members)} arrays and none of the key {source.part!r}; add it again.")
        file = _file(source.path, members[int(place)])
        notes = file.notes
        if len(members) > 1 and not source.part:
            names = ", ".join(member.name for member in members)
            notes = (f"It holds {len(members)} arrays ({names}), of which this is the first.", *notes)
        return Scan(tidy(file.read(file.volume_of(source.part)), source.path), file.geometry, kind=self.title, notes=notes)

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Read the only array, or the one that is named like labels."""
        members = _images(path)
        named = [member for name in _MASKS for member in members if member.name.lower() == name]
        if len(members) > 1 and not named:
            names = ", ".join(member.name for member in members)
            raise FormatError(path, f"it holds {len(members)} arrays ({names}); name the one with the labels 'labels', or save it alone.")
        chosen = named[0] if named else members[0]
        file = _file(path, chosen)
        volume, notes = mask_volume(path, file.volumes, grid)
        more = (f"Of the arrays in {path.name}, “{chosen.name}” was taken.",) if len(members) > 1 else ()
        return label_content(file.read(volume), file.geometry, path, notes + more)


def _images(path: Path) -> list[_Member]:
    """Return the arrays of two axes or more; raise FormatError when there is none, or one is a pickle."""
    members = []
    with zipfile.ZipFile(path) as archive:
        for entry in archive.namelist():
            if entry.endswith(".npy"):
                with archive.open(entry) as file:
                    members.append(_Member(_name(entry), read_array_header(file, path)))
    images = [member for member in members if len(member.header.shape) >= 2 and not member.header.dtype.hasobject]
    if not images:
        for member in members:  # says why
            array_axes(member.header.shape, member.header.dtype, path)
        raise FormatError(path, "it holds no array; save an array of two axes (a picture) or three (a volume).")
    return [member for member in images if member.header.dtype.kind in "iufb"] or images


def _file(path: Path, member: _Member) -> VolumeFile:
    header = member.header
    roles, notes = array_axes(header.shape, header.dtype, path)
    shape = header.shape[::-1] if header.columns_first else header.shape

    def stored() -> NDArray[Any]:
        with zipfile.ZipFile(path) as archive, archive.open(f"{member.name}.npy") as file:
            read_array_header(file, path)
            data = read_exactly(file, math.prod(shape) * header.dtype.itemsize, path)  # type: ignore[arg-type]
        return np.frombuffer(data, header.dtype).reshape(shape)

    return VolumeFile(path, shape, roles[::-1] if header.columns_first else roles, header.dtype, Geometry(), stored, notes=notes)


def _name(entry: str) -> str:
    return entry.removesuffix(".npy")


FORMATS.register("npz")(Npz())
