"""Portable maps (PBM, PGM, PPM, PAM, PFM), an exchange format of image analysis programs; read only, the values as stored."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.voxel_files.memory_check import require_memory
from unetstudio.formats.voxel_files.voxels import tidy, without_alpha

_FIELDS = {b"P1": 2, b"P4": 2, b"P2": 3, b"P3": 3, b"P5": 3, b"P6": 3, b"Pf": 3, b"PF": 3}
"""Number of values in the header, after the letters."""

_WORD = re.compile(rb"(?:\s|#[^\n]*\n)*([^\s#]+)")


@dataclass(frozen=True)
class _Header:
    letters: bytes
    width: int
    height: int
    channels: int
    most: float  # maxval; of floating point the byte order, negative for little endian
    end: int  # of the header
    alpha: bool = False


class Pnm(Format):
    """Portable maps in black and white, grey or colours of up to 16 bits, or floating point."""

    title = "PNM"
    suffixes = (".pnm", ".pgm", ".ppm", ".pbm", ".pfm", ".pam")

    def recognises(self, head: bytes) -> bool:
        """Look for the letter P, a digit (f for floating point) and white space."""
        return head[:1] == b"P" and head[1:2] in b"1234567fF" and head[1:2] != b"" and head[2:3].isspace()

    def read(self, source: Source) -> Scan:
        """Read (C, 1, Y, X); white is 1 in black and white maps."""
        data = source.path.read_bytes()
        header = _arbitrary(data) if data[:2] == b"P7" else _plain(data)
        count = header.width * header.height * header.channels
        if header.width <= 0 or header.height <= 0 or not 0 < header.channels <= 64:
            raise FormatError(source.path, "it holds no pixels; export it again from the program that made it.")
        require_memory(source.path, count * 4, len(data))
        values = _values(data, header, count)
        if len(values) < count:
            raise FormatError(source.path, "it is cut short: part of its pixels is missing; copy it again from its origin.")
        pixels = values[:count].reshape(header.height, header.width, header.channels)
        voxels = np.moveaxis(pixels, -1, 0)[:, None]
        voxels = voxels[..., ::-1, :] if header.letters in (b"Pf", b"PF") else voxels  # stored from bottom to top
        return Scan(tidy(without_alpha(voxels) if header.alpha else voxels, source.path), kind=self.title)


def _plain(data: bytes) -> _Header:
    """Read the values after the letters, between which comments may stand."""
    letters, place, fields = data[:2], 2, []
    for _ in range(_FIELDS[letters]):
        word = _WORD.match(data, place)
        if word is None:
            raise ValueError("the header ends early")
        fields.append(float(word[1]))
        place = word.end()
    most = fields[2] if len(fields) > 2 else 1
    return _Header(letters, int(fields[0]), int(fields[1]), 3 if letters in (b"P3", b"P6", b"PF") else 1, most, place + 1)


def _arbitrary(data: bytes) -> _Header:
    """Read the lines of a PAM header."""
    end = data.index(b"ENDHDR")
    fields = dict(line.split(None, 1) for line in data[2:end].splitlines() if len(line.split(None, 1)) == 2 and not line.startswith(b"#"))
    width, height, depth, most = (int(fields[name]) for name in (b"WIDTH", b"HEIGHT", b"DEPTH", b"MAXVAL"))
    alpha = fields.get(b"TUPLTYPE", b"").strip().endswith(b"_ALPHA") and depth in (2, 4)
    return _Header(b"P7", width, height, depth, most, data.index(b"\n", end) + 1, alpha)


def _values(data: bytes, header: _Header, count: int) -> NDArray[Any]:
    """Decode the samples in the order of the file."""
    if header.letters in (b"Pf", b"PF"):
        return np.frombuffer(data, "<f4" if header.most < 0 else ">f4", min(count, (len(data) - header.end) // 4), header.end)
    if not 0 < header.most < 2**16 or not math.isfinite(header.most):
        raise ValueError("the largest value is out of range")
    wide = header.most > 255
    if header.letters in (b"P2", b"P3"):
        numbers = np.array(re.sub(rb"#[^\n]*", b"", data[header.end - 1 :]).split()[:count], np.int64)
        return numbers.astype(np.uint16 if wide else np.uint8)
    if header.letters == b"P1":
        digits = re.sub(rb"#[^\n]*|\s", b"", data[header.end - 1 :])[:count]
        if digits.strip(b"01"):
            raise ValueError("a black and white map holds other digits than 0 and 1")
        return 1 - (np.frombuffer(digits, np.uint8) - ord("0"))
    if header.letters == b"P4":
        row = -(-header.width // 8)
        packed = np.frombuffer(data, np.uint8, min(row * header.height, len(data) - header.end), header.end)
        whole = packed[: len(packed) // row * row].reshape(-1, row)
        return 1 - np.unpackbits(whole, axis=1)[:, : header.width].ravel()
    size = 2 if wide else 1
    return np.frombuffer(data, ">u2" if wide else np.uint8, min(count, (len(data) - header.end) // size), header.end)


FORMATS.register("pnm")(Pnm())
