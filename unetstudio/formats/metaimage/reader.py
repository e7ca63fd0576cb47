"""MetaImage volumes (.mha, .mhd with voxels beside it) and label maps."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np

from unetstudio import RESEARCH_USE
from unetstudio.data.geometry import Geometry
from unetstudio.formats.format import FORMATS
from unetstudio.formats.masks.document import MaskDocument
from unetstudio.formats.metaimage.geometry import read_geometry
from unetstudio.formats.metaimage.header import is_metaimage, read_header
from unetstudio.formats.metaimage.voxels import array_shape, data_files, raw_array, stored_array
from unetstudio.formats.voxel_files.one_place import OnePlaceFormat
from unetstudio.formats.voxel_files.volume_file import VolumeFile

_WRITTEN = {"u1": "UCHAR", "i1": "CHAR", "u2": "USHORT", "i2": "SHORT", "u4": "UINT", "i4": "INT", "u8": "ULONG_LONG", "i8": "LONG_LONG"}


class MetaImage(OnePlaceFormat):
    """MetaImage files; axes are the file's, slowest first, and a fourth one holds volumes."""

    title = "MetaImage"
    suffixes = (".mha", ".mhd")
    receivers = (
        "ITK-SNAP, 3D Slicer and elastix show a label map in the scan's place, as class numbers; the legend beside it has the names."
    )

    def recognises(self, head: bytes) -> bool:
        """Look for the lines that every header has."""
        return is_metaimage(head)

    def open(self, path: Path) -> VolumeFile:
        """Parse the header."""
        header = read_header(path)
        files = data_files(header)
        geometry, notes = read_geometry(header)
        axes = len(header.sizes)
        return VolumeFile(
            path=path,
            shape=array_shape(header),
            roles="t" * (axes - 3) + "ZYX"[-axes:] + ("" if header.channels == 1 else "C"),
            dtype=header.dtype,
            geometry=geometry,
            stored=lambda: stored_array(header, files),
            raw=raw_array(header, files),
            files=(path, *(file for file in files if file != path)),
            notes=notes,
        )

    def encode_labels(self, document: MaskDocument) -> bytes:
        """Encode a label map, packed by zlib."""
        labels = document.labels
        z, y, x = labels.shape
        data = zlib.compress(np.ascontiguousarray(labels, labels.dtype.newbyteorder("<")).tobytes(), 6)
        lines = {
            "ObjectType": "Image",
            "NDims": 3,
            "Comment": RESEARCH_USE,
            "BinaryData": "True",
            "BinaryDataByteOrderMSB": "False",
            "CompressedData": "True",
            "CompressedDataSize": len(data),
            **_place(document.geometry),
            "DimSize": f"{x} {y} {z}",
            "ElementType": f"MET_{_WRITTEN[labels.dtype.str[1:]]}",
            "ElementDataFile": "LOCAL",
        }
        return "".join(f"{name} = {value}\n" for name, value in lines.items()).encode() + data


def _place(geometry: Geometry) -> dict[str, Any]:
    """Return the fields that place the voxels; none when nothing is known."""
    if geometry.spacing is None:
        return {}
    spacing = {"ElementSpacing": _words(np.array(geometry.spacing)[::-1])}
    if geometry.affine is None:
        return spacing
    columns = geometry.matrix[:3, [2, 1, 0]]
    directions = columns / np.linalg.norm(columns, axis=0)
    return {"TransformMatrix": _words(directions.T.reshape(-1)), "Offset": _words(geometry.matrix[:3, 3]), **spacing}


def _words(numbers: Any) -> str:
    return " ".join(repr(float(n)) for n in numbers)


FORMATS.register("metaimage")(MetaImage())
