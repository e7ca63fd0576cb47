"""The last complete prediction of a case on disk, shown when the case is opened; if lost, it is made anew."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

import numpy as np

from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Index
from unetstudio.errors import ProjectError
from unetstudio.project import durable, folders, hdf5_validation
from unetstudio.project.file_reading import read_bytes

NAME = "prediction.h5"
DIGEST = 32
"""Bytes of SHA-256 after the HDF5 image; readers of HDF5 ignore them."""


def save(folder: Path, prediction: Prediction) -> None:
    """Write a complete prediction into a case's folder, replacing the older one; raise MissingError when the project is gone."""
    import h5py
    import hdf5plugin

    with h5py.File(hdf5_validation.unique_name(), "w", driver="core", backing_store=False, libver=("v110", "v110")) as file:
        file.attrs["checkpoint"] = prediction.checkpoint
        file.attrs["values"] = np.array(prediction.values, np.uint8)
        file.create_dataset("probabilities", data=prediction.probabilities, chunks=True, **hdf5plugin.Zstd(clevel=1))
        file.flush()
        image: bytes = file.id.get_file_image()
    folders.make_folder(folder, within=folder.parent.parent)
    folders.remove_temporary_files(folder, NAME)
    durable.write_bytes(folder / NAME, image + hashlib.sha256(image).digest(), replace=True)


def load(folder: Path, shape: Index) -> Prediction | None:
    """Load the prediction for a scan of `shape` (Z, Y, X); None when there is none that is whole and fits."""
    try:
        data = read_bytes(folder / NAME)
    except ProjectError:
        return None
    image = data[:-DIGEST]
    if hashlib.sha256(image).digest() != data[-DIGEST:]:
        return None
    try:
        with hdf5_validation.open_image(image) as file:
            values = tuple(int(v) for v in file.attrs["values"])
            if hdf5_validation.find_problem(file, {"probabilities": (len(values), *shape)}):
                return None
            hdf5_validation.require_memory(folder, (len(values), *shape))
            prediction = Prediction(shape, values, str(file.attrs["checkpoint"]))
            hdf5_validation.unpack(file["probabilities"], prediction.probabilities)
    except (OSError, KeyError, ValueError, RuntimeError, TypeError, ProjectError):
        return None
    prediction.known[:] = True
    return prediction


def averaged_folder(project: Path, case: str) -> Path:
    """Return the folder of a prediction averaged over mirrored images, which lies there until it is exported."""
    return project / "cache" / f"averaged-{case}"


def forget_averaged(project: Path) -> None:
    """Remove the averaged predictions after an export."""
    for folder in (project / "cache").glob("averaged-*"):
        shutil.rmtree(folder, ignore_errors=True)
