"""The stored values of a segmentation's frames, one bit or more per pixel, decompressed one after another."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError

if TYPE_CHECKING:
    from pydicom import Dataset

_DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
_RLE = "1.2.840.10008.1.2.5"
_RLE_HEADER = 64


def stored_values(dataset: Dataset, path: Path) -> Iterator[NDArray[Any]]:
    """Yield the stored values (Y, X) of one frame after another; raise FormatError when the compression is unknown."""
    syntax, single_bits = dataset.file_meta.TransferSyntaxUID, int(dataset.BitsAllocated) == 1
    if syntax == _DEFLATED_FRAMES:
        yield from _decompressed(dataset, _inflated)
    elif single_bits and syntax == _RLE:
        yield from _decompressed(dataset, _run_lengths_expanded)
    elif single_bits and not syntax.is_compressed:
        yield from _unpacked(dataset)
    else:
        yield from _decoded(dataset, path)


def is_compressed(dataset: Dataset) -> bool:
    """Whether the frames are compressed one by one."""
    syntax = dataset.file_meta.TransferSyntaxUID
    return bool(syntax == _DEFLATED_FRAMES or syntax.is_compressed)


def _decoded(dataset: Dataset, path: Path) -> Iterator[NDArray[Any]]:
    """Decode frames as those of images."""
    from unetstudio.formats.dicom.codecs import decoder_for

    syntax = dataset.file_meta.TransferSyntaxUID
    try:
        decoder, plugin = decoder_for(syntax)
    except NotImplementedError:
        raise FormatError(path, f"its compression ({syntax.name}) is not supported; export it uncompressed.") from None
    for values, _ in decoder.iter_array(dataset, decoding_plugin=plugin):
        yield np.asarray(values).reshape(int(dataset.Rows), int(dataset.Columns))


def _unpacked(dataset: Dataset) -> Iterator[NDArray[Any]]:
    """Unpack frames of one bit per pixel, which follow one another without a gap, not even to the next byte."""
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    packed, bits = np.frombuffer(dataset.PixelData, np.uint8), rows * columns
    for n in range(int(dataset.get("NumberOfFrames") or 1)):
        first, last = n * bits // 8, -(-(n + 1) * bits // 8)
        offset = n * bits - 8 * first
        yield np.unpackbits(packed[first:last], bitorder="little")[offset : offset + bits].reshape(rows, columns)


def _decompressed(dataset: Dataset, decompress: Callable[[bytes, int], bytes]) -> Iterator[NDArray[Any]]:
    """Decompress frames that begin at a byte each."""
    from pydicom.encaps import generate_frames

    rows, columns, bits = int(dataset.Rows), int(dataset.Columns), int(dataset.BitsAllocated)
    size = -(-rows * columns * bits // 8)
    for packed in generate_frames(dataset.PixelData, number_of_frames=int(dataset.get("NumberOfFrames") or 1)):
        plain = np.frombuffer(decompress(packed, size)[:size], np.uint8)
        values: NDArray[Any] = np.unpackbits(plain, bitorder="little") if bits == 1 else plain.view(f"<u{bits // 8}")
        yield values[: rows * columns].reshape(rows, columns)


def _inflated(packed: bytes, size: int) -> bytes:
    return zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, size)


def _run_lengths_expanded(packed: bytes, size: int) -> bytes:
    """Expand the single segment of a frame behind its header; the library that decodes images knows no single bits."""
    import imagecodecs

    return bytes(imagecodecs.packbits_decode(packed[_RLE_HEADER:], out=size))
