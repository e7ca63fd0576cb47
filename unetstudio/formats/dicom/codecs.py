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
