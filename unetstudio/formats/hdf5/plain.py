"""Images in HDF5 files of no fixed layout: every array that can be one, with the axes that ilastik or dimension labels name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import numpy as np

from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats.hdf5.dataset import own_dataset
from unetstudio.formats.hdf5.image import Hdf5Image
from unetstudio.formats.voxel_files.axes import depth_note
from unetstudio.formats.voxel_files.several_images import images_along

if TYPE_CHECKING:
    import h5py

_IMAGES = ("image", "raw", "data", "volume", "exported_data")
_MASKS = ("labels", "label", "masks", "mask", "segmentation", "exported_data")
_TABLE = 4
"""Extent up to which an array is a table, such as an affine matrix, where there are larger ones."""

_AXES = "TZCYXS"
_MICROMETRE = 1e-3


def plain_images(file: h5py.File, path: Path, *, mask: bool = False) -> list[Hdf5Image]:
    """Return the images, those of a usual name first: usual for a mask, or for an image. Raise FormatError without one."""
    names = _names(file, _MASKS if mask else _IMAGES)
    if not names:
        raise FormatError(path, "it holds no image: no array of numbers with two axes or more; export it again.")
    images = []
    for name in names:
        dataset = own_dataset(file, name, path)
        axes, notes = _axes(dataset, path)
        shape = tuple(int(n) for n in dataset.shape)
        several: dict[str, int | str] | None = {"data": quote(name, safe="")} if len(names) > 1 else None
        notes = (*notes, *depth_note(axes, shape))
        geometry = _geometry(dataset)
        for one in images_along(axes, shape, key=several, name=name if several else ""):
            images.append(Hdf5Image(one.part, (name,), one.roles, shape, dataset.dtype, geometry, one.places, notes))
    return images


def _names(file: h5py.File, usual: tuple[str, ...]) -> list[str]:
    import h5py

    shapes: dict[str, tuple[int, ...]] = {}

    def keep(name: str, node: object) -> None:
        if isinstance(node, h5py.Dataset) and node.ndim >= 2 and node.dtype.kind in "iufb" and node.size:
            shapes[name] = node.shape

    file.visititems(keep)
    pictures = {name: shape for name, shape in shapes.items() if sorted(shape)[-2] > _TABLE} or shapes
    return sorted(pictures, key=lambda name: usual.index(name) if name in usual else len(usual))


def _axes(dataset: h5py.Dataset, path: Path) -> tuple[str, tuple[str, ...]]:
    """Return the letters of the axes, and a sentence where they are guessed."""
    for stated in (_axistags(dataset), _labels(dataset), str(dataset.attrs.get("axes", ""))):
        axes = stated.upper()
        if len(axes) == dataset.ndim and set(axes) <= set(_AXES) and len(set(axes)) == len(axes) and {"Y", "X"} <= set(axes):
            return axes, ()
    return _guessed(dataset.shape, path)


def _axistags(dataset: h5py.Dataset) -> str:
    """Read the axes that ilastik and vigra write."""
    try:
        return "".join(str(axis["key"]) for axis in json.loads(dataset.attrs["axistags"])["axes"])
    except (KeyError, TypeError, ValueError):
        return ""


def _labels(dataset: h5py.Dataset) -> str:
    labels = [dimension.label for dimension in dataset.dims]
    return "".join(labels) if all(len(label) == 1 for label in labels) else ""


def _guessed(shape: tuple[int, ...], path: Path) -> tuple[str, tuple[str, ...]]:
    """Name the axes of an array that does not: of a picture, a volume, or channels and times of one."""
    match len(shape):
        case 2:
            return "YX", ()
        case 3:
            return ("YXS" if shape[-1] in (3, 4) and min(shape[:2]) > _TABLE else "ZYX"), ()
        case 4:
            axes, words = (
                ("ZYXC", "slices, rows, columns, channels") if shape[-1] <= 4 < shape[0] else ("CZYX", "channels, slices, rows, columns")
            )
        case 5:
            axes, words = "TCZYX", "times, channels, slices, rows, columns"
        case more:
            raise FormatError(
                path, f"its array has {more} axes without names; save at most four (channels first), or name them (axistags)."
            )
    return axes, (f"Its axes have no names and are taken for {words}.",)


def _geometry(dataset: h5py.Dataset) -> Geometry:
    affine, spacing = dataset.attrs.get("affine_kji_to_lps_mm"), dataset.attrs.get("spacing_zyx_mm")
    if affine is not None and np.shape(affine) == (4, 4):
        return Geometry.from_affine(np.asarray(affine, np.float64))
    lengths = _lengths(spacing, 1.0) or _lengths(dataset.attrs.get("element_size_um"), _MICROMETRE)
    return Geometry() if lengths is None else Geometry(lengths)


def _lengths(stated: Any, factor: float) -> tuple[float, float, float] | None:
    """Return (z, y, x) in mm; None unless there are three, or two of a picture, all positive."""
    if stated is None or np.asarray(stated).dtype.kind not in "iuf" or np.shape(stated) not in ((2,), (3,)):
        return None
    sizes = [float(n) * factor for n in np.asarray(stated, np.float64)]
    if not all(0 < n < float("inf") for n in sizes):
        return None
    return (1.0, sizes[0], sizes[1]) if len(sizes) == 2 else (sizes[0], sizes[1], sizes[2])
