from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, discover, files_of, read, read_by_region

RNG = np.random.default_rng(4)
FULL = RNG.integers(0, 60_000, (3, 2, 4, 12, 15), np.uint16)  # times, channels, slices, rows, columns


def tagged(path: Path, array: NDArray[Any], axes: str, name: str = "exported_data") -> Path:
    tags = json.dumps({"axes": [{"key": axis, "typeFlags": 2, "resolution": 0, "description": ""} for axis in axes]})
    with h5py.File(path, "w") as file:
        file.create_dataset(name, data=array, chunks=True).attrs["axistags"] = tags
    return path


def alike(path: Path, part: str, expected: NDArray[Any]) -> None:
    """The image read whole, and by region."""
    whole, parts = read(Source(path, part)), read_by_region(Source(path, part), large=0)
    assert np.array_equal(whole.voxels, expected)
    assert np.array_equal(np.asarray(parts.voxels), expected)
    assert np.array_equal(parts.voxels[:, :, 2:5, 3], expected[:, :, 2:5, 3])
    assert (whole.notes, whole.geometry) == (parts.notes, parts.geometry)


@pytest.mark.parametrize("axes", ["yxc", "xyz", "zyxc", "cyx", "zyx", "cxyz", "xy", "zcyx"])
def test_that_axes_are_read_by_their_tags(tmp_path: Path, axes: str) -> None:
    place = {axis: FULL.shape[n] for n, axis in enumerate("tczyx")}
    kept = [slice(None) if axis in axes else 0 for axis in "tczyx"]
    array = FULL[tuple(kept)]
    present = [axis for axis in "tczyx" if axis in axes]
    path = tagged(tmp_path / "a.h5", array.transpose([present.index(axis) for axis in axes]), axes)
    c, z = (place[axis] if axis in axes else 1 for axis in "cz")
    alike(path, "", FULL[0, :c, :z])


def test_that_times_are_images_beside_slices_and_slices_alone(tmp_path: Path) -> None:
    path = tagged(tmp_path / "a.h5", FULL.transpose(0, 2, 3, 4, 1), "tzyxc")
    assert [(one.key, one.name) for one in FORMATS["hdf5"].parts(path)] == [("t=0", "time 1"), ("t=1", "time 2"), ("t=2", "time 3")]
    for time in range(3):
        alike(path, f"t={time}", FULL[time])
    film = tagged(tmp_path / "b.h5", FULL[:, 0, 0], "tyx")
    alike(film, "", FULL[None, :, 0, 0])
    assert read(film).notes == ("Its 3 times are shown as slices.",)


def test_that_dimension_labels_name_the_axes(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        data = file.create_dataset("data", data=FULL[0, :, 0].transpose(2, 1, 0))
        for dimension, label in zip(data.dims, "xyc", strict=True):
            dimension.label = label
    alike(tmp_path / "a.h5", "", FULL[0, :, :1])


def test_that_axes_without_names_are_guessed_and_that_this_is_said(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["data"] = FULL
    alike(tmp_path / "a.h5", "t=1", FULL[1])
    assert "taken for times, channels, slices, rows, columns" in read(Source(tmp_path / "a.h5", "t=1")).notes[0]


def test_that_the_element_size_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("raw", data=FULL[0, 0]).attrs["element_size_um"] = [2.0, 0.5, 0.25]
    assert read(tmp_path / "a.h5").geometry.spacing == pytest.approx((2e-3, 0.5e-3, 0.25e-3))


def test_that_several_arrays_are_images_by_name_and_tables_are_none(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["group/label of all"], file["raw"], file["affine"] = FULL[0, 1].astype(np.uint8), FULL[0, 0], np.eye(4)
    parts = FORMATS["hdf5"].parts(tmp_path / "a.h5")
    assert [(one.key, one.name) for one in parts] == [("data=raw", "raw"), ("data=group%2Flabel%20of%20all", "group/label of all")]
    alike(tmp_path / "a.h5", parts[0].key, FULL[0, :1])
    alike(tmp_path / "a.h5", parts[1].key, FULL[0, 1:].astype(np.uint8))
    assert "group/label of all" in read(tmp_path / "a.h5").notes[0]


def test_that_a_mask_is_the_array_named_like_one(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["raw"], file["label"] = FULL[0, 0], (FULL[0, 0] > 9000).astype(np.uint8)
    values, _ = FORMATS["hdf5"].read_values(tmp_path / "a.h5")
    assert np.array_equal(values[0], FULL[0, 0] > 9000)


def characters(text: str) -> NDArray[np.bytes_]:
    return np.array(list(text), "S1")


@pytest.mark.parametrize("space", [" ", "_"])
def test_that_imaris_volumes_have_their_channels_times_size_and_no_margin(tmp_path: Path, space: str) -> None:
    path = tmp_path / "a.ims"
    with h5py.File(path, "w") as file:
        for level in (0, 1):
            for time in range(11):
                for channel in range(2):
                    group = file.create_group(f"DataSet/ResolutionLevel{space}{level}/TimePoint{space}{time}/Channel{space}{channel}")
                    for axis, size in zip("ZYX", (4, 12, 15), strict=True):
                        group.attrs[f"ImageSize{axis}"] = characters(str(size))
                    group["Data"] = np.pad(FULL[time % 3, channel] + time, ((0, 4), (0, 4), (0, 1))) if level == 0 else FULL[0, 0, ::2]
        about = file.create_group("DataSetInfo/Image")
        about.attrs["Unit"] = characters("um")
        for n, (low, high) in enumerate(((-5.0, 10.0), (0.0, 24.0), (2.0, 14.0))):
            about.attrs[f"ExtMin{n}"], about.attrs[f"ExtMax{n}"] = characters(str(low)), characters(str(high))
    sources = discover([path])
    assert [source.part for source in sources] == [f"t={n}" for n in range(11)]
    alike(path, "t=10", FULL[1] + 10)
    assert read(sources[0]).geometry.spacing == pytest.approx((3e-3, 2e-3, 1e-3))


def bdv(path: Path, setups: int, xml: str = "") -> Path:
    with h5py.File(path, "w") as file:
        for time in range(2):
            for setup in range(setups):
                file[f"t{time:05d}/s{setup:02d}/0/cells"] = FULL[time, setup].view(np.int16)
                file[f"t{time:05d}/s{setup:02d}/1/cells"] = FULL[time, setup, :, ::2, ::2].view(np.int16)
        for setup in range(setups):
            file[f"s{setup:02d}/resolutions"] = np.ones((2, 3))
    if xml:
        path.with_suffix(".xml").write_text(xml, encoding="utf-8")
    return path


def setup_xml(number: int, channel: int, angle: int) -> str:
    attributes = f"<attributes><channel>{channel}</channel><angle>{angle}</angle></attributes>"
    return f"<ViewSetup><id>{number}</id><voxelSize><unit>µm</unit><size>0.5 0.25 2.0</size></voxelSize>{attributes}</ViewSetup>"


def test_that_bigdataviewer_channels_are_together_where_the_description_says_so(tmp_path: Path) -> None:
    path = bdv(tmp_path / "a.h5", 2, f"<SpimData>{setup_xml(0, 0, 0)}{setup_xml(1, 1, 0)}</SpimData>")
    assert [source.part for source in discover([path])] == ["t=0", "t=1"]
    alike(path, "t=1", FULL[1])  # values above 32,767 are stored as negative numbers
    assert read(path).geometry.spacing == pytest.approx((2e-3, 0.25e-3, 0.5e-3))
    assert files_of(Source(path)) == [path, tmp_path / "a.xml"]


def test_that_bigdataviewer_views_are_images_of_their_own(tmp_path: Path) -> None:
    angles = bdv(tmp_path / "a.h5", 2, f"<SpimData>{setup_xml(0, 0, 0)}{setup_xml(1, 0, 90)}</SpimData>")
    silent = bdv(tmp_path / "b.h5", 2)
    for path in (angles, silent):
        parts = FORMATS["hdf5"].parts(path)
        assert [(one.key, one.name) for one in parts][:2] == [("t=0,s=0", "time 1, view 1"), ("t=0,s=1", "time 1, view 2")]
        alike(path, "t=1,s=1", FULL[1, 1:])


def test_that_arrays_in_other_files_are_never_opened(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as file:
        file["x"] = FULL[0, 0]
    with h5py.File(tmp_path / "a.ims", "w") as file:
        file["DataSet/ResolutionLevel 0/TimePoint 0/Channel 0/Data"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "/x")
    with pytest.raises(FormatError, match="in other files"):
        read(tmp_path / "a.ims")


def test_that_a_file_without_an_image_says_so(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file["numbers"] = np.arange(9)
    with pytest.raises(FormatError, match="holds no image"):
        read(tmp_path / "a.h5")
