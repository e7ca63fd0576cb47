from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from numpy.typing import NDArray
from PIL import Image

from unetstudio.data.case import Source
from unetstudio.formats import discover, read, sha256_of

Write = Callable[..., Path]
FRAME = {"FrameOfReferenceUID": "1.2.7"}


def spread(write_slice: Write, folder: Path, volume: NDArray[np.int16], place: Callable[[int], str], **more: Any) -> Path:
    """Write slices 3 mm apart, each into the subfolder that `place` names."""
    for k, pixels in enumerate(volume):
        home = folder / place(k)
        home.mkdir(parents=True, exist_ok=True)
        tags = {name: value(k) if callable(value) else value for name, value in more.items()}
        write_slice(home / f"I{k}", pixels, position=(0, 0, 3 * k), **tags)
    return folder


def logo(path: Path) -> Path:
    Image.fromarray(np.arange(12, dtype=np.uint8).reshape(3, 4)).save(path)
    return path


@pytest.mark.parametrize(
    "place", [lambda k: f"IM_{k % 2}", lambda k: f"IM_{k // 3}", lambda k: f"slice{k}/deep", lambda k: "more" * (k > 3)]
)
def test_that_a_series_over_several_folders_is_one_volume(
    tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write, place: Callable[[int], str]
) -> None:
    folder = spread(write_slice, tmp_path / "ct", phantom, place, **FRAME)
    (source,) = discover([folder])
    assert source.path == folder
    assert np.array_equal(read(source).voxels[0], phantom)
    assert discover([tmp_path]) == [source]
    assert sha256_of(source) == sha256_of(discover([tmp_path])[0])


@pytest.mark.parametrize("place", [lambda k: f"IM_{k % 3}", lambda k: f"IM_{k // 7}"])
def test_that_a_lost_slice_parts_no_series_over_folders(tmp_path: Path, write_slice: Write, place: Callable[[int], str]) -> None:
    volume = np.arange(14 * 20, dtype=np.int16).reshape(14, 4, 5)
    folder = spread(write_slice, tmp_path / "ct", volume, place, **FRAME)
    next(folder.glob("*/I4")).unlink()
    (source,) = discover([folder])
    assert np.array_equal(read(source).voxels[0], np.delete(volume, 4, 0))
    assert "missing between slices 4 and 5" in read(source).notes[0]


def test_that_slices_with_a_series_each_are_one_volume(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    folder = spread(write_slice, tmp_path / "ct", phantom, lambda k: f"S{k}", series=lambda k: f"1.2.3.{k}", **FRAME)
    (source,) = discover([folder])
    assert np.array_equal(read(source).voxels[0], phantom)


def test_that_slices_with_a_series_each_far_from_each_other_stay_apart(
    tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write
) -> None:
    spread(write_slice, tmp_path, phantom, lambda _: "", series=lambda k: f"1.2.3.{k}", SliceThickness="1", **FRAME)
    assert len(discover([tmp_path])) == 5


def test_that_patients_with_the_same_identifiers_are_not_mixed(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    write_series(tmp_path / "one", phantom)
    write_series(tmp_path / "two", phantom + np.int16(9))
    write_series(tmp_path / "three", phantom, origin=(-11, 20, 31.3))
    scans = {source.path.name: read(source) for source in discover([tmp_path])}
    assert {name: int(scan.voxels[0, 0, 0, 0]) for name, scan in scans.items()} == {"one": 0, "two": 9, "three": 0}
    assert all(scan.shape[0] == 5 for scan in scans.values())


def test_that_patients_at_other_heights_are_not_mixed(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    write_series(tmp_path / "one", np.concatenate([phantom, phantom]), skip=(4,))
    write_series(tmp_path / "two", phantom, origin=(-11, 20, 300.7))
    assert [(source.path.name, read(source).shape[0]) for source in discover([tmp_path])] == [("one", 9), ("two", 5)]


def test_that_times_in_a_folder_each_are_volumes_of_their_own(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    for n in range(3):
        write_series(tmp_path / f"t{n}", phantom + np.int16(n), tags_of=lambda _, n=n: {"TemporalPositionIdentifier": n + 1, **FRAME})
    scans = [read(source) for source in discover([tmp_path])]
    assert [int(scan.voxels[0, 0, 0, 0]) for scan in scans] == [0, 1, 2]
    assert all(np.ptp(scan.voxels[0, 0]) == 62 for scan in scans)


def test_that_a_copied_folder_is_no_second_volume(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    write_series(tmp_path / "ct", phantom)
    write_series(tmp_path / "ct copy", phantom)
    (source,) = discover([tmp_path])
    assert np.array_equal(read(source).voxels[0], phantom)


def test_that_a_logo_on_a_disc_hides_no_series(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    logo(tmp_path / "logo.png")
    (tmp_path / "DICOM" / "ST0").mkdir(parents=True)
    logo(tmp_path / "DICOM" / "thumbnail.png")
    write_series(tmp_path / "DICOM" / "ST0" / "SE0", phantom)
    assert sorted(source.path.name for source in discover([tmp_path])) == ["SE0", "logo.png", "thumbnail.png"]


def test_that_a_series_hides_none_in_the_folders_below(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    write_series(tmp_path / "ct", phantom, series="1.2.3")
    write_series(tmp_path / "ct" / "thin", phantom[:4], series="1.2.4", prefix="T")
    assert [(source.path.name, read(source).shape[0]) for source in discover([tmp_path])] == [("ct", 5), ("thin", 4)]


def test_that_segmentations_beside_images_are_no_images(
    tmp_path: Path, phantom: NDArray[np.int16], write_series: Write, write_slice: Write
) -> None:
    folder = write_series(tmp_path / "ct", phantom)
    mask = write_slice(folder / "seg.dcm", phantom[0], series="1.2.5", Modality="SEG")
    assert [source.path for source in discover([folder])] == [folder]
    assert discover([mask]) == [Source(mask)]


def test_that_a_folder_with_broken_files_opens_and_names_them(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom)
    whole = (folder / "IM003").read_bytes()  # the lowest slice
    (folder / "IM003").write_bytes(whole[:-60])
    (folder / "cut").write_bytes(whole[:400])
    (folder / "empty.dcm").write_bytes(b"")
    (folder / "notes.txt").write_text("no image")
    (source,) = discover([folder])
    scan = read(source)
    assert np.array_equal(scan.voxels[0], phantom[1:])
    assert scan.geometry.spacing == pytest.approx((3.0, 0.8, 0.5))
    assert scan.notes == (
        "2 files could not be read and were left out: cut, empty.dcm.",
        "One file could not be read and was left out: IM003.",
    )


def test_that_a_tag_of_an_unknown_kind_spoils_nothing(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom, tags_of=lambda _: {"ReferringPhysicianName": "", **FRAME})
    for file in folder.iterdir():
        data = file.read_bytes()
        for tag, kind in ((b"\x20\0\x0e\0", b"UI"), (b"\x08\0\x90\0", b"PN")):
            assert data.count(tag + kind) == 1
            data = data.replace(tag + kind, tag + b"QX")
        file.write_bytes(data)
    (source,) = discover([folder])
    assert np.array_equal(read(source).voxels[0], phantom)


def test_that_a_slice_named_alone_is_that_slice(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom)
    first, second, *_ = sorted(folder.iterdir())
    assert discover([first]) == [Source(first)]
    assert discover([first, second]) == discover([folder])


def test_that_reports_and_the_directory_of_a_disc_are_no_damaged_images(
    tmp_path: Path, phantom: NDArray[np.int16], write_series: Write, write_slice: Write
) -> None:
    folder = write_series(tmp_path / "ct", phantom)
    bare = {"PixelData": None, "Rows": None, "Columns": None}
    write_slice(folder / "report", phantom[0], SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", **bare)
    directory = pydicom.dcmread(folder / "report")
    directory.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.1.3.10"
    del directory.SOPClassUID
    directory.save_as(folder / "DICOMDIR", enforce_file_format=False)
    (source,) = discover([folder])
    assert read(source).notes == ()
