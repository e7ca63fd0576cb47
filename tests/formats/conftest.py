"""Fixtures that make DICOM files: an asymmetric phantom in any orientation, as single slices, a series or a multi-frame file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)
PATIENT = "Doe^Canary"


def slice_dataset(
    pixels: NDArray[Any], series: str, position: Any, orientation: Any = AXIAL, spacing: tuple[float, float] = (0.8, 0.5), **tags: Any
) -> Dataset:
    """Make a CT slice (Y, X) in memory; `tags` set further elements, None removes one."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
    dataset.PatientName, dataset.PatientID, dataset.StudyInstanceUID = PATIENT, "CANARY-1", generate_uid()
    dataset.SeriesInstanceUID, dataset.Modality, dataset.SeriesNumber = series, "CT", 1
    dataset.ImagePositionPatient = [n if isinstance(n, str) else f"{n:.6f}" for n in position]
    dataset.ImageOrientationPatient = [f"{n:.6f}" for n in orientation]
    dataset.PixelSpacing = list(spacing)
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated = dataset.BitsStored = 16
    dataset.HighBit, dataset.PixelRepresentation = 15, int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.astype("<i2" if pixels.dtype.kind == "i" else "<u2").tobytes()
    for keyword, value in tags.items():
        if value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


@pytest.fixture
def phantom() -> NDArray[np.int16]:
    """Make (5, 7, 9) int16 with all voxels and all axis lengths different."""
    return np.arange(5 * 7 * 9, dtype=np.int16).reshape(5, 7, 9)


@pytest.fixture
def write_slice() -> Callable[..., Path]:
    """Return write_slice(path, pixels (Y, X), series="1.2.3", position=(0, 0, 0), ...) -> path."""

    def write(path: Path, pixels: NDArray[Any], series: str = "1.2.3", position: Any = (0.0, 0.0, 0.0), **more: Any) -> Path:
        slice_dataset(pixels, series, position, **more).save_as(path, enforce_file_format=True)
        return path

    return write


@pytest.fixture
def write_series(write_slice: Callable[..., Path]) -> Callable[..., Path]:
    """Return write_series(folder, volume, step=3.0, skip=(), shear=0.0, ...), which writes files whose names are not in slice order."""

    def write(
        folder: Path,
        volume: NDArray[Any],
        *,
        orientation: Any = AXIAL,
        origin: Any = (-11.0, 20.0, 30.0),
        step: float = 3.0,
        skip: tuple[int, ...] = (),
        shear: float = 0.0,
        heights: Sequence[float] | None = None,
        series: str = "1.2.3",
        prefix: str = "IM",
        tags_of: Callable[[int], dict[str, Any]] = lambda _: {},
    ) -> Path:
        folder.mkdir(exist_ok=True)
        row, column = np.array(orientation[:3]), np.array(orientation[3:])
        along = np.cross(row, column) * step + column * shear
        for k in range(len(volume)):
            if k not in skip:
                name = f"{prefix}{(k * 7 + 3) % 31:03d}"
                at = np.array(origin) + (k if heights is None else heights[k] / step) * along
                write_slice(folder / name, volume[k], series, at, orientation=orientation, **tags_of(k))
        return folder

    return write
