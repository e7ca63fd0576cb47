"""Benchmark of reading images, beside SimpleITK, tifffile and nibabel alone, as ratios measured in the same run.

python benchmarks/reading.py [--slices 512] [--edge 512] [--picture 16384] [--repeats 5] [--folder FOLDER]

It makes a CT of one file a slice, pictures as uncompressed, deflated and tiled TIFF, a TIFF stack, and a compressed NIfTI, of smooth noise
that compresses about as scans do. Each is read by turns by the other library into an array, and by this program as the window and the
command line read it: found, read, and checked. Files are in the system's cache for both. Columns: the median of each in seconds, the
median of the ratios, the limit, and how long the hash takes by which a moved image is known again. A CT folder may take 1.5 times what
SimpleITK takes.
"""

from __future__ import annotations

import argparse
import functools
import gc
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK
import tifffile
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

from unetstudio.formats import discover, read, sha256_of

LIMIT = 1.5


@dataclass(frozen=True)
class Subject:
    """A file or folder, and how another library reads it into an array (Z, Y, X) or (Y, X)."""

    name: str
    path: Path
    library: str
    by_library: Callable[[Path], NDArray[Any]]
    limit: float | None = None


def voxels(shape: tuple[int, ...], seed: int = 0) -> NDArray[np.int16]:
    """Make smooth structures with noise, -1000 to 1000, as int16."""
    rng = np.random.default_rng(seed)
    waves = [np.sin(np.linspace(0, 9 + n, edge)) for n, edge in enumerate(shape)]
    smooth = waves[-2][:, None] * waves[-1][None]
    noise = rng.normal(0, 12, smooth.shape).astype(np.float32)
    plane = (700 * smooth + noise).astype(np.int16)
    if len(shape) == 2:
        return plane
    return np.stack([np.roll(plane, 3 * k, axis=1) + np.int16(100 * waves[0][k]) for k in range(shape[0])])


def write_ct(folder: Path, slices: int, edge: int) -> Path:
    """Write a CT series, one file a slice."""
    folder.mkdir()
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for k, pixels in enumerate(voxels((slices, edge, edge))):
        dataset = Dataset()
        dataset.file_meta = FileMetaDataset()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID = CTImageStorage
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID = generate_uid()
        dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.FrameOfReferenceUID = study, series, frame
        dataset.Modality, dataset.SeriesNumber, dataset.InstanceNumber = "CT", 2, k + 1
        dataset.ImagePositionPatient, dataset.ImageOrientationPatient = [-200, -200, 0.625 * k], [1, 0, 0, 0, 1, 0]
        dataset.PixelSpacing, dataset.SliceThickness = [0.78, 0.78], 0.625
        dataset.RescaleSlope, dataset.RescaleIntercept = 1, -1024
        dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
        dataset.Rows, dataset.Columns = pixels.shape
        dataset.BitsAllocated = dataset.BitsStored = 16
        dataset.HighBit, dataset.PixelRepresentation = 15, 1
        dataset.PixelData = pixels.astype("<i2").tobytes()
        dataset.save_as(folder / f"IM{k:05}", enforce_file_format=True)
    return folder


def by_simpleitk(folder: Path) -> NDArray[Any]:
    """Read a series as SimpleITK's users do."""
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    return np.asarray(SimpleITK.GetArrayFromImage(reader.Execute()))


def by_nibabel(path: Path) -> NDArray[Any]:
    """Read voxels as (Z, Y, X)."""
    return np.asanyarray(nibabel.load(path).dataobj).copy().T  # otherwise an uncompressed file would not be read at all


def subjects(folder: Path, slices: int, edge: int, picture: int) -> list[Subject]:
    """Write all files."""
    plain, deflated, tiled, stack = (folder / f"{name}.tif" for name in ("plain", "deflated", "tiled", "stack"))
    pixels = voxels((picture, picture)).astype(np.uint16)
    tifffile.imwrite(plain, pixels, photometric="minisblack")
    tifffile.imwrite(deflated, pixels, photometric="minisblack", compression="zlib", predictor=True, rowsperstrip=64)
    tifffile.imwrite(tiled, pixels, photometric="minisblack", compression="zlib", tile=(512, 512))
    volume = voxels((slices // 2, edge, edge))
    tifffile.imwrite(stack, volume.astype(np.uint16), imagej=True, metadata={"axes": "ZYX", "spacing": 1.0, "unit": "mm"})
    nifti = folder / "volume.nii.gz"
    nibabel.save(nibabel.Nifti1Image(volume.T, np.diag([-0.8, -0.8, 1.0, 1.0])), nifti)
    raw = folder / "volume.nii"
    nibabel.save(nibabel.Nifti1Image(volume.T, np.diag([-0.8, -0.8, 1.0, 1.0])), raw)
    size = f"{picture:,} x {picture:,}"
    depth = f"{slices // 2} x {edge} x {edge}"
    ct = write_ct(folder / "ct", slices, edge)
    return [
        Subject(f"CT folder, {slices} slices of {edge} x {edge}", ct, "SimpleITK", by_simpleitk, LIMIT),
        Subject(f"NIfTI, {depth}, gzip", nifti, "nibabel", by_nibabel),
        Subject(f"NIfTI, {depth}", raw, "nibabel", by_nibabel),
        Subject(f"TIFF, {size}, 16 bits", plain, "tifffile", tifffile.imread),
        Subject(f"TIFF, {size}, deflated strips", deflated, "tifffile", tifffile.imread),
        Subject(f"TIFF, {size}, deflated tiles", tiled, "tifffile", tifffile.imread),
        Subject(f"TIFF stack, {depth}", stack, "tifffile", tifffile.imread),
    ]


def by_us(path: Path) -> NDArray[Any]:
    """Find and read the only image of a file or folder."""
    (source,) = discover([path])
    return read(source).array


def forget() -> None:
    """Clear what this program keeps of files that it has read: a file is opened for the first time."""
    for kept in gc.get_objects():
        if isinstance(kept, functools._lru_cache_wrapper) and kept.__module__.startswith("unetstudio"):
            kept.cache_clear()


def seconds(work: Callable[[Path], object], path: Path) -> float:
    """Return how long a call takes."""
    forget()
    began = time.perf_counter()
    work(path)
    return time.perf_counter() - began


def measure(subject: Subject, repeats: int) -> str:
    """Read a subject by turns, check that both read the same, and return a row of the table."""
    theirs, ours = subject.by_library(subject.path), by_us(subject.path)
    assert np.array_equal(ours.reshape(theirs.shape), theirs), subject.name
    del theirs, ours
    pairs = [(seconds(subject.by_library, subject.path), seconds(by_us, subject.path)) for _ in range(repeats)]
    other, own = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(own / other for other, own in pairs)
    hashing = statistics.median(seconds(lambda path: sha256_of(discover([path])[0]), subject.path) for _ in range(min(3, repeats)))
    limit = "" if subject.limit is None else f"{subject.limit:.1f}"
    return f"| {subject.name} | {subject.library} | {other:.3f} | {own:.3f} | {ratio:.2f} | {limit} | {hashing:.3f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slices", type=int, default=512)
    parser.add_argument("--edge", type=int, default=512)
    parser.add_argument("--picture", type=int, default=16_384)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files are written; by default the system's temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        made = subjects(Path(folder), options.slices, options.edge, options.picture)
        print("| image | library | library s | ours s | ratio | limit | our hash s |\n|---|---|---:|---:|---:|---:|---:|")
        for subject in made:
            print(measure(subject, options.repeats), flush=True)


if __name__ == "__main__":
    main()
