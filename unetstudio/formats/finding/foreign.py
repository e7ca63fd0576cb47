"""Advice for files of known kinds that the program does not read."""

from __future__ import annotations

_RAW = "it is a raw camera file; develop it with the camera's program, RawTherapee or darktable, and save a 16-bit TIFF."
_HEIC = "it is a HEIC picture, which cannot be read here; save it as JPEG or PNG (phones offer this when sharing) and open that."
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")

_BEGINNINGS = (
    (b"FUJIFILMCCD-RAW", _RAW), (b"IIRO", _RAW), (b"IIRS", _RAW), (b"MMOR", _RAW), (b"IIU\0", _RAW), (b"FOVb", _RAW), (b"\0MRM", _RAW),
    (b"8BPS", "it is a Photoshop document; flatten it and save it as TIFF or PNG."),
    (b"%PDF", "it is a PDF document; save the picture in it as PNG or TIFF."),
    (b"\x0e\x03\x13\x01", "it is an HDF4 file; convert it to HDF5, with h4toh5 for example."),
    (b"\xd0\xcf\x11\xe0", "it is a compound document (such as OIB, ZVI or a text document) that cannot be read; export it as OME-TIFF."),
)  # fmt: skip


def advice_for(head: bytes) -> str | None:
    """Return what a file is that begins with these bytes, and what to do with it; None for an unknown one."""
    if head[4:8] == b"ftyp":
        if head[8:11] == b"crx":
            return _RAW
        if head[8:12] in _HEIC_BRANDS:
            return _HEIC
    return next((advice for beginning, advice in _BEGINNINGS if head.startswith(beginning)), None)
