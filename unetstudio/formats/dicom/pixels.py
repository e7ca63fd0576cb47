"""The pixels of a DICOM file: decompressed, coloured, and rescaled frame by frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.dicom.frame_plane import planes_of
from unetstudio.formats.voxel_files.memory_check import require_memory
from unetstudio.formats.voxel_files.voxels import looked_up, rescaled

if TYPE_CHECKING:
    from pydicom import Dataset

MOST_PIXELS = 65_535
"""Largest number of rows or columns, which DICOM stores in 16 bits."""


def frames_of(dataset: Dataset, path: Path) -> NDArray[Any]:
    """Decode the frames to (Z, C, Y, X): colours as RGB, values after the modality's rescaling."""
    _check(dataset, path)
    stored = _decoded(dataset, path)
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        return looked_up(stored[..., 0], _palette(dataset)).swapaxes(0, 1)
    frames = np.moveaxis(stored, -1, 1)
    if frames.shape[1] > 1:
        return frames
    if "ModalityLUTSequence" in dataset:
        from pydicom.pixels.processing import apply_modality_lut

        return np.asarray(apply_modality_lut(frames, dataset))
    scales = {(plane.slope, plane.intercept) for plane in planes_of(dataset, len(frames))}
    if len(scales) == 1:
        return rescaled(frames, *scales.pop())
    planes = planes_of(dataset, len(frames))
    return np.stack([rescaled(frame, plane.slope, plane.intercept) for frame, plane in zip(frames, planes, strict=True)])


def _check(dataset: Dataset, path: Path) -> None:
    """Raise FormatError unless the size is valid and the pixels are complete; guess a missing or unknown transfer syntax."""
    from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    rows, columns = (int(dataset.get(keyword) or 0) for keyword in ("Rows", "Columns"))
    if not (0 < rows <= MOST_PIXELS and 0 < columns <= MOST_PIXELS):
        raise FormatError(path, "its number of rows or columns is missing or zero; the file is damaged.")
    values = rows * columns * int(dataset.get("SamplesPerPixel") or 1) * int(dataset.get("NumberOfFrames") or 1)
    size = path.stat().st_size
    require_memory(path, values * max(1, int(dataset.get("BitsAllocated") or 8) // 8), size)
    if not hasattr(dataset, "file_meta") or "TransferSyntaxUID" not in dataset.file_meta:
        from pydicom.dataset import FileMetaDataset

        implicit, little = dataset.original_encoding
        guess = (ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian) if little else ExplicitVRBigEndian
        dataset.file_meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = guess
        dataset.setdefault("SamplesPerPixel", 1)
        dataset.setdefault("PhotometricInterpretation", "MONOCHROME2")
    syntax = dataset.file_meta.TransferSyntaxUID
    if not syntax.is_transfer_syntax and "PixelData" in dataset:
        from unetstudio.formats.dicom.codecs import syntax_of

        syntax = dataset.file_meta.TransferSyntaxUID = syntax_of(dataset.PixelData) or syntax
    plain = syntax in (ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian)
    if plain and "PixelData" in dataset and 8 * len(dataset.PixelData) < _bits(dataset, values):
        raise FormatError(path, "it is cut short: part of its pixels is missing; copy it again from its origin.")


def _bits(dataset: Dataset, values: int) -> int:
    """Return the bits that the pixels need; chroma-subsampled colours need two thirds."""
    bits = values * int(dataset.get("BitsAllocated") or 8)
    return bits * 2 // 3 if dataset.get("PhotometricInterpretation") == "YBR_FULL_422" else bits


def _decoded(dataset: Dataset, path: Path) -> NDArray[Any]:
    """Decode the stored values to (frames, Y, X, samples)."""
    from unetstudio.formats.dicom.codecs import decoder_for

    try:
        decoder, plugin = decoder_for(dataset.file_meta.TransferSyntaxUID)
    except NotImplementedError:
        name = dataset.file_meta.TransferSyntaxUID.name
        raise FormatError(path, f"its compression ({name}) is not supported; export it uncompressed or as lossless JPEG.") from None
    array, properties = decoder.as_array(dataset, decoding_plugin=plugin)
    frames, samples = int(properties["number_of_frames"]), int(properties["samples_per_pixel"])
    rows, columns = int(properties["rows"]), int(properties["columns"])
    return np.asarray(array).reshape(frames, rows, columns, samples)


def _palette(dataset: Dataset) -> NDArray[np.uint8]:
    """Return the colour tables as (N, 3), 16-bit entries reduced to 8 bits."""
    from pydicom.pixels.processing import apply_color_lut

    entries, first, _ = (int(n) for n in dataset.RedPaletteColorLookupTableDescriptor)
    bits = int(dataset.BitsAllocated)
    indices = np.arange(min((entries or 2**16) + max(first, 0), 2**bits), dtype=np.uint8 if bits == 8 else np.uint16)
    table = np.asarray(apply_color_lut(indices[None], dataset))[0]
    colours: NDArray[np.uint8] = (table >> 8 if table.dtype == np.uint16 else table).astype(np.uint8)
    return colours
