"""Decoding of the pixels of CZI blocks."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.czi.directory import Block

_RAW, _JPEG, _LZW, _JPEG_XR, _ZSTD, _ZSTD_SPLIT = 0, 1, 2, 4, 5, 6


def decoded(data: bytes, block: Block) -> NDArray[Any]:
    """Return the pixels (Y, X, samples); colours are red, green, blue."""
    import imagecodecs

    match block.compression:
        case n if n == _RAW:
            flat = np.frombuffer(data, block.dtype)
        case n if n == _JPEG:
            return _shaped(imagecodecs.jpeg_decode(data), block)
        case n if n == _JPEG_XR:
            return _shaped(imagecodecs.jpegxr_decode(data), block)
        case n if n == _LZW:
            flat = np.frombuffer(imagecodecs.lzw_decode(data), block.dtype)
        case n if n == _ZSTD:
            flat = np.frombuffer(imagecodecs.zstd_decode(data), block.dtype)
        case n if n == _ZSTD_SPLIT:
            flat = _from_split(data, block)
        case _:
            raise ValueError(f"compression {block.compression} is not known")
    pixels = _shaped(flat, block)
    return pixels if block.samples == 1 else np.concatenate([pixels[..., 2::-1], pixels[..., 3:]], axis=-1)


def _from_split(data: bytes, block: Block) -> NDArray[Any]:
    """Decode bytes with a small header, which may say that low and high bytes of 16-bit numbers are stored apart."""
    import imagecodecs

    head = data[0]
    split = head >= 3 and data[1] == 1 and bool(data[2] & 1)
    plain = np.frombuffer(imagecodecs.zstd_decode(data[head:]), np.uint8)
    if split:
        plain = np.ascontiguousarray(plain.reshape(2, -1).T).ravel()
    return plain.view(block.dtype)


def _shaped(pixels: NDArray[Any], block: Block) -> NDArray[Any]:
    return pixels.reshape(block.stored["Y"], block.stored["X"], block.samples)
