"""NRRD files of labels: the header's lines, and the voxels packed with gzip."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.geometry import Geometry

_TYPES = {
    **{"u1": "unsigned char", "i1": "signed char", "u2": "unsigned short", "i2": "short", "u4": "unsigned int", "i4": "int"},
    **{"u8": "unsigned long long", "i8": "long long"},
}


def nrrd_bytes(labels: NDArray[np.integer[Any]], geometry: Geometry, keys: Mapping[str, str] | None = None) -> bytes:
    """Encode (Z, Y, X) whole numbers, in LPS as 3D Slicer writes it, with keys for other programs."""
    z, y, x = labels.shape
    lines = [
        "NRRD0004",
        f"# {RESEARCH_USE}",
        f"type: {_TYPES[labels.dtype.str[1:]]}",
        "dimension: 3",
        *(["space: left-posterior-superior"] if geometry.affine is not None else []),
        f"sizes: {x} {y} {z}",
        *_place(geometry),
        "kinds: domain domain domain",
        *(["endian: little"] if labels.dtype.itemsize > 1 else []),
        "encoding: gzip",
        *(f"{key}:={_escaped(value)}" for key, value in (keys or {}).items()),
    ]
    data = np.ascontiguousarray(labels, labels.dtype.newbyteorder("<")).tobytes()
    return "\n".join([*lines, "", ""]).encode() + gzip.compress(data, compresslevel=6, mtime=0)


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _place(geometry: Geometry) -> list[str]:
    """Return the lines that place the voxels; none when nothing is known."""
    if geometry.affine is None:
        if geometry.spacing is None:
            return []
        z, y, x = geometry.spacing
        return [f"spacings: {x!r} {y!r} {z!r}", 'units: "mm" "mm" "mm"']
    matrix = geometry.matrix
    return [
        "space directions: " + " ".join(_vector(matrix[:3, axis]) for axis in (2, 1, 0)),
        "space origin: " + _vector(matrix[:3, 3]),
    ]


def _vector(numbers: NDArray[np.float64]) -> str:
    return "(" + ",".join(repr(float(n)) for n in numbers) + ")"
