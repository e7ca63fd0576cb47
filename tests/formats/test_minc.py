"""MINC of both versions: real values by slice, and places by start, step and direction of each axis."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
import scipy.io
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, read, read_mask
from unetstudio.formats.finding.recognition import recognise

MINC = FORMATS["minc"]
TURN = np.linalg.qr(np.random.default_rng(3).normal(size=(3, 3)))[0]
AXES = {"xspace": (-11.0, 0.5, TURN[0]), "yspace": (20.0, -0.8, TURN[1]), "zspace": (5.0, 3.0, TURN[2])}
"""Start, step and direction of each axis."""


def attributes(name: str) -> dict[str, Any]:
    start, step, direction = AXES[name]
    return {"start": start, "step": step, "direction_cosines": direction, "spacing": "regular__"}


def place(**index: int) -> NDArray[np.float64]:
    """The RAS position of a voxel, by the definition of the format."""
    return sum(((AXES[name][0] + index[name[0]] * AXES[name][1]) * AXES[name][2] for name in AXES), np.zeros(3))


def minc2(
    path: Path, stored: NDArray[Any], low: NDArray[Any], high: NDArray[Any], order: tuple[str, ...] = ("zspace", "yspace", "xspace")
) -> Path:
    """A volume of version 2 whose slices reach from `low` to `high`."""
    with h5py.File(path, "w") as file:
        image = file.create_dataset("minc-2.0/image/0/image", data=stored)
        image.attrs["dimorder"] = np.bytes_(",".join(order))
        image.attrs["valid_range"] = [0.0, 255.0]
        for name, values in (("image-min", low), ("image-max", high)):
            file[f"minc-2.0/image/0/{name}"] = values
            file[f"minc-2.0/image/0/{name}"].attrs["dimorder"] = np.bytes_(order[0])
        for name, size in zip(order, stored.shape, strict=True):
            axis = file.create_dataset(f"minc-2.0/dimensions/{name}", data=0)
            axis.attrs["length"] = np.uint32(size)
            for key, value in attributes(name).items():
                axis.attrs[key] = np.bytes_(value) if isinstance(value, str) else value
    return path


def minc1(
    path: Path, stored: NDArray[Any], low: NDArray[Any], high: NDArray[Any], order: tuple[str, ...] = ("zspace", "yspace", "xspace")
) -> Path:
    """The same of version 1."""
    with scipy.io.netcdf_file(path, "w") as file:
        for name, size in zip(order, stored.shape, strict=True):
            file.createDimension(name, size)
            axis = file.createVariable(name, "i", ())
            for key, value in attributes(name).items():
                setattr(axis, key, value)
        image = file.createVariable("image", "b", order)
        image[:] = stored.view(np.int8)
        image.signtype, image.valid_range = "unsigned", np.array([0.0, 255.0])
        for name, values in (("image-min", low), ("image-max", high)):
            limits = file.createVariable(name, "d", order[:1])
            limits[:] = values
    return path


@pytest.mark.parametrize("write", [minc1, minc2])
@pytest.mark.parametrize("order", [("zspace", "yspace", "xspace"), ("yspace", "zspace", "xspace"), ("xspace", "zspace", "yspace")])
def test_that_voxels_have_their_value_and_place(tmp_path: Path, write: Any, order: tuple[str, ...]) -> None:
    stored = np.random.default_rng(0).integers(0, 256, (3, 4, 5), np.uint8)
    low, high = np.array([0.0, -10, 5]), np.array([1.0, 90, 5.5])
    path = write(tmp_path / "a.mnc", stored, low, high, order)
    scan = MINC.read(Source(path))
    expected = low[:, None, None] + stored / 255 * (high - low)[:, None, None]
    assert np.allclose(scan.array[0], expected, atol=1e-4)
    for index in ((0, 0, 0), (2, 0, 0), (0, 3, 0), (0, 0, 4), (2, 3, 4)):
        ras = place(**{name[0]: n for name, n in zip(order, index, strict=True)})
        assert np.allclose((scan.geometry.matrix @ (*index, 1))[:3], ras * (-1, -1, 1))


def test_that_version_one_is_recognised_among_netcdf(tmp_path: Path) -> None:
    ends = np.zeros(3), np.ones(3)
    path = minc1(tmp_path / "a.mnc", np.zeros((3, 4, 5), np.uint8), *ends)
    assert recognise(path) == ("minc", MINC)
    assert read(path).kind == "MINC"
    with scipy.io.netcdf_file(tmp_path / "b.nc", "w") as file:
        file.createDimension("lat", 3)
        file.createVariable("t", "d", ("lat",))[:] = 1.0
    assert recognise(tmp_path / "b.nc") is None


def test_that_version_two_is_told_from_other_hdf5(tmp_path: Path) -> None:
    path = minc2(tmp_path / "a.mnc", np.zeros((3, 4, 5), np.uint8), np.zeros(3), np.ones(3))
    assert MINC.recognises_file(path, path.read_bytes()[:1024])
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["image"] = np.zeros((3, 4, 5))
    assert not MINC.recognises_file(tmp_path / "b.h5", (tmp_path / "b.h5").read_bytes()[:1024])


def test_that_labels_survive_the_scaling_of_slices(tmp_path: Path) -> None:
    labels = np.random.default_rng(0).integers(0, 4, (3, 4, 5)).astype(np.uint8)
    path = minc1(tmp_path / "a.mnc", labels * 85, np.zeros(3), np.full(3, 3.0))
    assert np.array_equal(read_mask(path)[0], labels)
    path = minc1(tmp_path / "a.mnc", labels * 85, np.zeros(3), np.full(3, 1.5))
    with pytest.raises(FormatError, match="fractions"):
        read_mask(path)


def test_that_a_file_shows_no_other_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(range(60)))
    path = minc2(tmp_path / "a.mnc", np.zeros((3, 4, 5), np.uint8), np.zeros(3), np.ones(3))
    with h5py.File(path, "a") as file:
        kept = dict(file["minc-2.0/image/0/image"].attrs)
        del file["minc-2.0/image/0/image"]
        image = file["minc-2.0/image/0"].create_dataset("image", (3, 4, 5), np.uint8, external=[(str(tmp_path / "secret"), 0, 60)])
        image.attrs.update(kept)
    with pytest.raises(FormatError, match="voxels lie in other files"):
        MINC.read(Source(path))
    with h5py.File(path, "a") as file:
        del file["minc-2.0/image/0/image"]
        file["minc-2.0/image/0/image"] = h5py.ExternalLink("b.h5", "/image")
    with h5py.File(tmp_path / "b.h5", "w") as file:
        file["image"] = np.zeros((3, 4, 5), np.uint8)
    with pytest.raises(FormatError, match="voxels lie in other files"):
        MINC.read(Source(path))


def test_that_a_published_volume_has_its_values(shared_data: Path) -> None:
    path = shared_data / "reports" / "real" / "small.mnc"
    if not path.is_file():
        pytest.skip("the file is not there")
    scan = MINC.read(Source(path))
    assert scan.geometry.spacing == (9.0, 8.0, 7.0)
    assert (float(scan.array.min()), float(scan.array.max())) == pytest.approx((0.119, 92.877), abs=1e-3)
