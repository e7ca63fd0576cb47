"""Samples of volume formats, and how other programs read our volumes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import nibabel
import numpy as np
import SimpleITK
import tifffile
from formats.conftest import slice_dataset
from formats.trials.samples import COLOUR, VOLUME, Made, by_simpleitk, oblique, reader, writer
from numpy.typing import NDArray

STEP, PIXEL = 2.0, (0.8, 0.5)


@reader("dicom", checked="SimpleITK (GDCM)")
def dicom_series(folder: Path) -> Made:
    """A series whose names are not in the order of its slices."""
    series = folder / "ct"
    series.mkdir()
    for k, pixels in enumerate(VOLUME.astype(np.int16)):
        dataset = slice_dataset(pixels, "1.2.3", (-11.0, 20.0, 30.0 + STEP * k), spacing=PIXEL)
        dataset.save_as(series / f"IM{(7 * k + 3) % 5}", enforce_file_format=True)
    return by_simpleitk(series, [series / f"IM{(7 * k + 3) % 5}" for k in range(len(VOLUME))])


@reader("dicom", checked="SimpleITK (GDCM)")
def dicom_file(folder: Path) -> Made:
    """A single slice."""
    slice_dataset(VOLUME[0], "1.2.3", (0.0, 0.0, 0.0)).save_as(folder / "a.dcm", enforce_file_format=True)
    return Made(folder / "a.dcm", by_simpleitk(folder / "a.dcm").voxels)


@reader("nifti", checked="SimpleITK, nibabel")
def nifti(folder: Path) -> Made:
    """An oblique volume."""
    image = nibabel.Nifti1Image(VOLUME.T, oblique().nifti_affine())
    image.header.set_xyzt_units("mm")
    nibabel.save(image, folder / "a.nii.gz")
    made = by_simpleitk(folder / "a.nii.gz")
    assert np.array_equal(made.voxels[0], VOLUME)
    return made


@reader("nifti", checked="SimpleITK, nibabel")
def nifti_uncompressed(folder: Path) -> Made:
    """A volume without compression."""
    nibabel.save(nibabel.Nifti1Image(VOLUME.T.astype(np.float32), oblique().nifti_affine()), folder / "a.nii")
    return by_simpleitk(folder / "a.nii")


@writer("nifti", checked="SimpleITK")
def read_nifti(path: Path) -> NDArray[Any]:
    """Read voxels."""
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


@reader("tiff", checked="tifffile")
def tiff_stack(folder: Path) -> Made:
    """Slices with ImageJ's spacing."""
    resolution = (1 / 0.5, 1 / 0.8)
    metadata = {"axes": "ZYX", "spacing": 2.0, "unit": "mm"}
    tifffile.imwrite(folder / "a.tif", VOLUME, imagej=True, resolution=resolution, metadata=metadata)
    return Made(folder / "a.tif", tifffile.imread(folder / "a.tif")[None], (2.0, 0.8, 0.5))


@reader("tiff", checked="tifffile")
def tiff_colour(folder: Path) -> Made:
    """Colour, deflated."""
    tifffile.imwrite(folder / "a.tif", COLOUR, photometric="rgb", compression="zlib")
    return Made(folder / "a.tif", tifffile.imread(folder / "a.tif").transpose(2, 0, 1)[:, None])


@writer("tiff", checked="tifffile")
def read_tiff(path: Path) -> NDArray[Any]:
    """Read pages."""
    pages = tifffile.imread(path)
    return pages[None] if pages.ndim == 2 else pages


@reader("hdf5", checked="h5py")
def hdf5(folder: Path) -> Made:
    """A data set."""
    with h5py.File(folder / "a.h5", "w") as file:
        file.create_dataset("image", data=VOLUME, chunks=(2, 3, 9), compression="gzip")
    return Made(folder / "a.h5", VOLUME[None])


@writer("hdf5", checked="h5py")
def read_hdf5(path: Path) -> NDArray[Any]:
    """Read the labels."""
    with h5py.File(path) as file:
        return np.asarray(file["labels"])
