"""Samples of the volume formats of medical programs, and how other programs read our masks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import SimpleITK
from formats.trials.samples import ORIGIN, SPACING, VOLUME, Made, MadeMask, any_labels, by_simpleitk, mask_reader, oblique, reader, writer
from numpy.typing import NDArray

from unetstudio.data.geometry import Geometry


def itk_image() -> SimpleITK.Image:
    """Return the volume with its place, as SimpleITK has it."""
    image = SimpleITK.GetImageFromArray(VOLUME)
    image.SetSpacing(SPACING[::-1])
    image.SetOrigin(ORIGIN)
    image.SetDirection((oblique().matrix[:3, :3] / SPACING)[:, ::-1].ravel().tolist())
    return image


def itk_values(path: Path) -> NDArray[Any]:
    """Read voxels (Z, Y, X) with SimpleITK."""
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


@reader("nrrd", checked="SimpleITK, pynrrd")
def nrrd(folder: Path) -> Made:
    """An oblique volume."""
    import nrrd as pynrrd

    header = {"space": "left-posterior-superior", "space directions": oblique().matrix[:3, 2::-1].T, "space origin": ORIGIN}
    pynrrd.write(str(folder / "a.nrrd"), VOLUME.T, header)
    return by_simpleitk(folder / "a.nrrd")


@reader("nrrd", checked="SimpleITK")
def nrrd_detached(folder: Path) -> Made:
    """A header with voxels beside it."""
    SimpleITK.WriteImage(itk_image(), str(folder / "a.nhdr"))
    return by_simpleitk(folder / "a.nhdr")


@writer("nrrd", checked="SimpleITK")
def read_nrrd(path: Path) -> NDArray[Any]:
    """Read voxels."""
    return itk_values(path)


@mask_reader("seg_nrrd", checked="pynrrd")
def seg_nrrd(folder: Path) -> MadeMask:
    """Two segments in one layer, as 3D Slicer writes them."""
    import nrrd as pynrrd

    values = any_labels(VOLUME.shape) % 3
    header: dict[str, Any] = {
        "space": "left-posterior-superior",
        "space directions": oblique().matrix[:3, 2::-1].T,
        "space origin": ORIGIN,
        "Segmentation_MasterRepresentation": "Binary labelmap",
    }
    for number, (value, name) in enumerate(((1, "nerve"), (2, "vessel"))):
        header |= {f"Segment{number}_ID": f"s{value}", f"Segment{number}_Name": name, f"Segment{number}_LabelValue": str(value)}
        header |= {f"Segment{number}_Layer": "0", f"Segment{number}_Color": "0.9 0.6 0", f"Segment{number}_Extent": "0 8 0 5 0 3"}
    pynrrd.write(str(folder / "a.seg.nrrd"), values.T, header)
    return MadeMask(folder / "a.seg.nrrd", values, names={1: "nerve", 2: "vessel"})


@writer("seg_nrrd", checked="SimpleITK")
def read_seg_nrrd(path: Path) -> NDArray[Any]:
    """Read label values."""
    return itk_values(path)


@reader("metaimage", checked="SimpleITK")
def metaimage(folder: Path) -> Made:
    """An oblique volume, compressed."""
    SimpleITK.WriteImage(itk_image(), str(folder / "a.mha"), useCompression=True)
    return by_simpleitk(folder / "a.mha")


@reader("metaimage", checked="SimpleITK")
def metaimage_pair(folder: Path) -> Made:
    """A header with voxels beside it."""
    SimpleITK.WriteImage(itk_image(), str(folder / "a.mhd"))
    return by_simpleitk(folder / "a.mhd")


@writer("metaimage", checked="SimpleITK")
def read_metaimage(path: Path) -> NDArray[Any]:
    """Read voxels."""
    return itk_values(path)


@reader("nifti", checked="SimpleITK, nibabel")
def nifti_pair(folder: Path) -> Made:
    """A header with voxels beside it."""
    nibabel.save(nibabel.Nifti1Pair(VOLUME.T, oblique().nifti_affine()), folder / "a.img")
    made = by_simpleitk(folder / "a.hdr")
    return Made(folder / "a.hdr", made.voxels, made.spacing, made.affine)


@reader("mgh", checked="nibabel")
def mgh(folder: Path) -> Made:
    """An oblique volume, compressed."""
    image = nibabel.MGHImage(VOLUME.T.astype(np.int16), oblique().nifti_affine())
    nibabel.save(image, folder / "a.mgz")
    geometry = Geometry.from_nifti(nibabel.load(folder / "a.mgz").affine)
    return Made(folder / "a.mgz", VOLUME.astype(np.int16)[None], geometry.spacing, geometry.matrix)


@reader("minc", checked="nibabel")
def minc(folder: Path) -> Made:
    """A volume of version 2."""
    from formats.test_minc import minc2

    stored = (VOLUME % 256).astype(np.uint8)
    low, high = np.zeros(len(stored)), np.full(len(stored), 255.0)
    path = minc2(folder / "a.mnc", stored, low, high)
    image = nibabel.load(path)
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine  # nibabel has (z, y, x) as the file
    return Made(path, np.asarray(image.dataobj)[None], affine=affine)


@reader("analyze", checked="nibabel")
def analyze(folder: Path) -> Made:
    """A header with voxels beside it."""
    image = nibabel.AnalyzeImage(VOLUME.T.astype(np.int16), np.diag([0.5, 0.8, 2.0, 1.0]))
    nibabel.save(image, folder / "a.img")
    return Made(folder / "a.hdr", VOLUME.astype(np.int16)[None], SPACING)


@reader("npy", checked="NumPy")
def npy(folder: Path) -> Made:
    """A volume."""
    np.save(folder / "a.npy", VOLUME)
    return Made(folder / "a.npy", VOLUME[None])


@reader("npz", checked="NumPy")
def npz(folder: Path) -> Made:
    """A volume, compressed."""
    np.savez_compressed(folder / "a.npz", image=VOLUME)
    return Made(folder / "a.npz", VOLUME[None])
