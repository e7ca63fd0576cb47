"""The choice of a decoder for each DICOM transfer syntax; JPEG Extended, JPEG Lossless and JPEG-LS use imagecodecs.

pydicom looks its decoders up by name in modules with this shape: DECODER_DEPENDENCIES, is_available, and a function.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pydicom.pixels.decoders.base import Decoder, DecodeRunner

_EXTENDED = "1.2.840.10008.1.2.4.51"
_LOSSLESS = ("1.2.840.10008.1.2.4.57", "1.2.840.10008.1.2.4.70")
_JPEG_LS = ("1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.81")
_BASELINE = "1.2.840.10008.1.2.4.50"
_JPEG_2000 = ("1.2.840.10008.1.2.4.90", "1.2.840.10008.1.2.4.91")
_HIGH_THROUGHPUT = ("1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202", "1.2.840.10008.1.2.4.203")
_RLE = "1.2.840.10008.1.2.5"

_ITEM = b"\xfe\xff\x00\xe0"
_LOOKED_AT = 2**16
_FRAMES = {0xC0: _BASELINE, 0xC1: _EXTENDED, 0xC3: _LOSSLESS[0], 0xF7: _JPEG_LS[1]}
"""Transfer syntaxes by the marker that begins a frame of the JPEG family."""

OURS = "imagecodecs"
DECODER_DEPENDENCIES = dict.fromkeys((_EXTENDED, *_LOSSLESS, *_JPEG_LS), ("imagecodecs",))


def is_available(uid: str) -> bool:
    """Whether `decode_frame` can decompress the syntax."""
    return uid in DECODER_DEPENDENCIES


def decoder_for(uid: str) -> tuple[Decoder, str]:
    """Return pydicom's decoder for a transfer syntax and the plugin to use; raise NotImplementedError when there is none."""
    from pydicom.pixels.decoders.base import get_decoder

    decoder = get_decoder(uid)
    if uid in DECODER_DEPENDENCIES:
        if OURS not in decoder.available_plugins:
            decoder.add_plugin(OURS, (__name__, "decode_frame"))
        return decoder, OURS
    if uid in (*_JPEG_2000, *_HIGH_THROUGHPUT):
        return decoder, "pylibjpeg"
    return decoder, {_BASELINE: "pillow", _RLE: "pydicom"}.get(uid, "")


def syntax_of(pixels: bytes) -> str:
    """Return the transfer syntax by which compressed pixels can be decoded, judged by their first frame; empty when it is not known."""
    table = int.from_bytes(pixels[4:8], "little")  # of offsets, in an item of its own before the first frame
    stream = pixels[16 + table : 16 + table + _LOOKED_AT]
    if pixels[:4] != _ITEM or pixels[8 + table : 12 + table] != _ITEM:
        return ""
    if stream.startswith(b"\xff\x4f\xff\x51"):
        return _JPEG_2000[1]
    at = 2
    while stream.startswith(b"\xff\xd8") and stream[at : at + 1] == b"\xff" and at + 4 <= len(stream):
        if stream[at + 1] in _FRAMES:
            return _FRAMES[stream[at + 1]]
        at += 2 + int.from_bytes(stream[at + 2 : at + 4], "big")
    return ""


def decode_frame(src: bytes, runner: DecodeRunner) -> bytes:
    """Decode little-endian samples of one frame, colours by pixel, in containers of 8 or 16 bits."""
    import imagecodecs

    uid = runner.transfer_syntax
    if uid in _JPEG_LS:
        frame = imagecodecs.jpegls_decode(src)
    elif uid in _LOSSLESS:
        frame = imagecodecs.jpegsof3_decode(src)
    else:
        same = "RGB" if runner.samples_per_pixel == 3 else None  # no colour conversion: pydicom does it by the tags
        frame = imagecodecs.jpeg8_decode(src, colorspace=same, outcolorspace=same)
    if frame.ndim == 3:
        runner.set_option("planar_configuration", 0)
    expected = (runner.rows, runner.columns)
    if frame.shape[:2] != expected:
        raise ValueError(f"the frame is {frame.shape[:2]} and not {expected}")
    runner.set_option("bits_allocated", 8 * frame.dtype.itemsize)
    return np.ascontiguousarray(frame).astype(frame.dtype.newbyteorder("<"), copy=False).tobytes()
