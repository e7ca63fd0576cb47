"""The samples by which every format is tried: files that other programs wrote, with what they hold, and how others read our masks.

A file in `builders` adds those of a format:

    @reader("nrrd", checked="pynrrd")
    def nrrd(folder: Path) -> Made:
        nrrd.write(str(folder / "a.nrrd"), VOLUME.T)
        return Made(folder / "a.nrrd", VOLUME[None])

    @writer("nrrd", checked="SimpleITK")
    def reread(path: Path) -> NDArray[Any]:
        return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(path))
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.formats import FORMATS
from unetstudio.formats.masks.content import MaskGrid

PICTURE = np.random.default_rng(1).integers(0, 256, (6, 9)).astype(np.uint8)
"""A picture (Y, X) in which all voxels and both edges differ."""
COLOUR = np.random.default_rng(2).integers(0, 256, (6, 9, 3)).astype(np.uint8)
VOLUME = np.random.default_rng(3).integers(0, 4000, (4, 6, 9)).astype(np.uint16)
"""A volume (Z, Y, X)."""
SPACING, ORIGIN = (2.0, 0.8, 0.5), (-11.0, 20.0, 30.0)


@dataclass(frozen=True, eq=False)
class Made:
    """An image that another program wrote: the path to open, and its voxels (C, Z, Y, X) as the other program has them.

    `others` are the voxels of further images in the file, in order. Spacing (z, y, x in mm) and affine ((k, j, i, 1) to LPS mm) are
    compared where they are given. `exact` is False where the coding is lossy, so that only our reading is compared, and not a mask.
    """

    path: Path
    voxels: NDArray[Any]
    spacing: tuple[float, float, float] | None = None
    affine: NDArray[np.float64] | None = None
    others: tuple[NDArray[Any], ...] = ()
    exact: bool = True

    @property
    def files(self) -> list[Path]:
        """The files that hold it."""
        return files_of_sample(self.path)


@dataclass(frozen=True, eq=False)
class MadeMask:
    """A mask that another program wrote: the path, the values (Z, Y, X) that it means, and the scan that it is for."""

    path: Path
    values: NDArray[np.integer[Any]]
    grid: MaskGrid | None = None
    names: dict[int, str] = field(default_factory=dict)

    @property
    def files(self) -> list[Path]:
        """The files that hold it."""
        return files_of_sample(self.path)


def files_of_sample(path: Path) -> list[Path]:
    """Return a file and what lies beside it for it, or the files below a folder."""
    return sorted(file for file in (path if path.is_dir() else path.parent).rglob("*") if file.is_file())


@dataclass(frozen=True, eq=False)
class Reader:
    """A file written by another program: `checked` names the program by which values and geometry are known."""

    make: Callable[[Path], Made]
    checked: str


@dataclass(frozen=True, eq=False)
class MaskReader:
    """A mask written by another program, of a format that holds masks."""

    make: Callable[[Path], MadeMask]
    checked: str


Labels = Callable[[tuple[int, int, int]], NDArray[np.uint8]]


def any_labels(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Make labels (Z, Y, X) of classes 0 to 2 in which all neighbours may differ, with voxels that are not annotated."""
    values = np.random.default_rng(4).integers(0, 3, shape).astype(np.uint8)
    values[0, 0, :2] = values[-1, -1, -1] = 255
    return values


def whole_labels(shape: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Make labels (Z, Y, X) of classes 0 to 2, all annotated, for formats that cannot hold less."""
    return any_labels(shape) % 255


@dataclass(frozen=True, eq=False)
class Writer:
    """How another program reads a mask of ours: `reread` returns class values (Z, Y, X).

    `scan` makes the scan that a mask refers to, where the format needs one; its voxels are then (Z, Y, X) of `VOLUME`'s shape.
    """

    reread: Callable[[Path], NDArray[Any]]
    checked: str
    labels: Labels = any_labels
    scan: Callable[[Path], Source] | None = None


READERS: dict[str, list[Reader]] = {}
MASK_READERS: dict[str, list[MaskReader]] = {}
WRITERS: dict[str, Writer] = {}
ELSEWHERE: dict[str, str] = {}
"""What reading is checked against in formats for which no sample can be written, tried by tests of their own."""


def reader(name: str, *, checked: str) -> Callable[[Callable[[Path], Made]], Callable[[Path], Made]]:
    """Register a sample of an image format."""

    def keep(make: Callable[[Path], Made]) -> Callable[[Path], Made]:
        READERS.setdefault(name, []).append(Reader(make, checked))
        return make

    return keep


def mask_reader(name: str, *, checked: str) -> Callable[[Callable[[Path], MadeMask]], Callable[[Path], MadeMask]]:
    """Register a sample of a mask format."""

    def keep(make: Callable[[Path], MadeMask]) -> Callable[[Path], MadeMask]:
        MASK_READERS.setdefault(name, []).append(MaskReader(make, checked))
        return make

    return keep


def writer(
    name: str, *, checked: str, labels: Labels = any_labels, scan: Callable[[Path], Source] | None = None
) -> Callable[[Callable[[Path], NDArray[Any]]], Callable[[Path], NDArray[Any]]]:
    """Register how another program reads our masks."""

    def keep(reread: Callable[[Path], NDArray[Any]]) -> Callable[[Path], NDArray[Any]]:
        WRITERS[name] = Writer(reread, checked, labels, scan)
        return reread

    return keep


def load() -> None:
    """Register the samples of all builders, without those of formats that are not there."""
    for file in sorted((Path(__file__).parent / "builders").glob("*.py")):
        importlib.import_module(f"formats.trials.builders.{file.stem}")
    for table in (READERS, MASK_READERS, WRITERS, ELSEWHERE):
        for name in [name for name in table if name not in FORMATS]:
            del table[name]  # type: ignore[attr-defined]


def by_simpleitk(path: Path, files: Sequence[Path] = ()) -> Made:
    """Return a volume as SimpleITK reads it, from a file or from slices in order."""
    import SimpleITK

    image = SimpleITK.ReadImage([str(file) for file in files]) if files else SimpleITK.ReadImage(str(path))
    affine = np.eye(4)
    affine[:3, :3] = (np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing())[:, ::-1]
    affine[:3, 3] = image.GetOrigin()
    x, y, z = image.GetSpacing()
    return Made(path, SimpleITK.GetArrayFromImage(image)[None], (z, y, x), affine)


def oblique() -> Geometry:
    """Return a geometry whose axes are not those of the patient: turned about z, then about x."""
    about_z = np.array([[0.8, -0.6, 0.0], [0.6, 0.8, 0.0], [0.0, 0.0, 1.0]])
    about_x = np.array([[1.0, 0.0, 0.0], [0.0, 0.96, -0.28], [0.0, 0.28, 0.96]])
    affine = np.eye(4)
    affine[:3, :3] = (about_x @ about_z)[:, ::-1] * SPACING
    affine[:3, 3] = ORIGIN
    return Geometry.from_affine(affine)
