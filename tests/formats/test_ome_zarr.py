from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, discover, files_of, read, read_by_region, sha256_of

zarr = pytest.importorskip("zarr")
RNG = np.random.default_rng(7)
FILM = RNG.integers(0, 60_000, (2, 3, 4, 12, 15), np.uint16)  # times, channels, slices, rows, columns
SIZES = {"t": 3.0, "c": 1.0, "z": 2.0, "y": 0.5, "x": 0.25}


def described(axes: str, version: str, unit: str = "micrometer", path: str = "0") -> list[dict[str, Any]]:
    kinds = {"t": "time", "c": "channel"}
    named = [{"name": axis, "type": kinds.get(axis, "space"), **({"unit": unit} if axis in "zyx" else {})} for axis in axes]
    levels = [
        {"path": path, "coordinateTransformations": [{"type": "scale", "scale": [SIZES[axis] for axis in axes]}]},
        {"path": "1", "coordinateTransformations": [{"type": "scale", "scale": [2 * SIZES[axis] for axis in axes]}]},
    ]
    whole = [{"type": "scale", "scale": [1.0 if axis != "x" else 2.0 for axis in axes]}]
    return [{"version": version, "axes": named, "datasets": levels, "coordinateTransformations": whole}]


def image(folder: Path, array: NDArray[Any], axes: str, zarr_format: int = 3, **more: Any) -> Path:
    """Write an image of two levels."""
    group = zarr.open_group(folder, mode="w", zarr_format=zarr_format)
    about = described(axes, "0.5" if zarr_format == 3 else "0.4", **more)
    group.attrs.update({"ome": {"version": "0.5", "multiscales": about}} if zarr_format == 3 else {"multiscales": about})
    group.create_array("0", data=array, chunks=tuple(min(n, 8) for n in array.shape))
    group.create_array("1", data=array[..., ::2, ::2])
    return folder


def alike(path: Path, part: str, expected: NDArray[Any]) -> None:
    """The image read whole, and by region."""
    whole, parts = read(Source(path, part)), read_by_region(Source(path, part), large=0)
    assert np.array_equal(whole.voxels, expected)
    assert np.array_equal(np.asarray(parts.voxels), expected)
    assert np.array_equal(parts.voxels[:, :, 2:5, 3], expected[:, :, 2:5, 3])
    assert (whole.notes, whole.geometry) == (parts.notes, parts.geometry)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_that_each_time_is_an_image_at_full_resolution_with_its_size_in_mm(tmp_path: Path, zarr_format: int) -> None:
    path = image(tmp_path / "a.ome.zarr", FILM, "tczyx", zarr_format)
    sources = discover([path])
    assert sources == discover([tmp_path])
    assert [source.part for source in sources] == ["t=0", "t=1"]
    for time in range(2):
        alike(path, f"t={time}", FILM[time])
    assert read(sources[0]).geometry.spacing == pytest.approx((2e-3, 0.5e-3, 0.5e-3))
    assert read(sources[0]).name == "a, time 1"
    assert sha256_of(sources[0]) != sha256_of(sources[1])
    assert {file.name for file in files_of(sources[0])} >= {"zarr.json"} if zarr_format == 3 else {".zarray"}


def test_that_a_unit_that_is_not_stated_is_not_made_up(tmp_path: Path) -> None:
    assert read(image(tmp_path / "a.zarr", FILM[0], "czyx", unit="")).geometry.spacing is None


def test_that_series_and_the_fields_of_a_plate_are_images(tmp_path: Path) -> None:
    folder = tmp_path / "a.zarr"
    zarr.open_group(folder, mode="w", zarr_format=2).attrs.update({"bioformats2raw.layout": 3})
    for number in range(2):
        image(folder / str(number), FILM[number], "czyx", 2)
    assert [one.key for one in FORMATS["ome_zarr"].parts(folder)] == ["image=0", "image=1"]
    alike(folder, "image=1", FILM[1])
    plate = tmp_path / "p.zarr"
    zarr.open_group(plate, mode="w", zarr_format=2).attrs.update({"plate": {"wells": [{"path": "A/1"}, {"path": "B/2"}]}})
    for well, number in (("A/1", 0), ("B/2", 1)):
        zarr.open_group(plate / well, mode="w", zarr_format=2).attrs.update({"well": {"images": [{"path": "0"}]}})
        image(plate / well / "0", FILM[number], "czyx", 2)
    assert [(one.key, one.name) for one in FORMATS["ome_zarr"].parts(plate)] == [("image=A%2F1%2F0", "A/1/0"), ("image=B%2F2%2F0", "B/2/0")]
    alike(plate, "image=B%2F2%2F0", FILM[1])


def test_that_a_zip_file_opens_like_the_folder(tmp_path: Path) -> None:
    folder = image(tmp_path / "a.ome.zarr", FILM[0], "czyx")
    with zipfile.ZipFile(tmp_path / "a.zarr.zip", "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, file.relative_to(folder).as_posix())
    alike(tmp_path / "a.zarr.zip", "", FILM[0])


def test_that_a_plain_array_opens_and_says_what_is_assumed(tmp_path: Path) -> None:
    zarr.create_array(tmp_path / "a.zarr", data=FILM[0])
    alike(tmp_path / "a.zarr", "", FILM[0])
    assert read(tmp_path / "a.zarr").notes == ("Its axes have no names and are taken for c, z, y, x.",)


def test_that_codecs_that_could_run_code_are_refused(tmp_path: Path) -> None:
    folder = image(tmp_path / "a.zarr", FILM[0], "czyx", 2)
    about = json.loads((folder / "0" / ".zarray").read_text())
    for change in ({"filters": [{"id": "pickle"}]}, {"dtype": "|O"}, {"compressor": {"id": "mystery"}}):
        (folder / "0" / ".zarray").write_text(json.dumps({**about, **change}))
        with pytest.raises(FormatError, match=r"not read here|not plain numbers"):
            read(folder)


def test_that_an_array_outside_the_folder_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    image(tmp_path / "secret.zarr", FILM[0], "czyx")
    for place in ("../secret.zarr/0", "7"):
        folder = image(tmp_path / "a.zarr", FILM[0], "czyx", path=place)
        with pytest.raises(FormatError, match="is missing"):
            read(folder)


def test_that_a_group_without_an_image_says_so(tmp_path: Path) -> None:
    zarr.open_group(tmp_path / "a.zarr", mode="w")
    with pytest.raises(FormatError, match="no image"):
        read(tmp_path / "a.zarr")


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_that_blocks_that_are_not_stored_are_said(tmp_path: Path, zarr_format: int) -> None:
    folder = image(tmp_path / "a.zarr", FILM[0], "czyx", zarr_format)
    assert read(folder).notes == ()
    (folder / "0" / ("0.0.0.0" if zarr_format == 2 else "c/0/0/0/0")).unlink()
    assert read(folder).notes == ("1 of its 4 blocks are not stored and read as 0: empty, or lost in a copy.",)
