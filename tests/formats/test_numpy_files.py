"""Bare arrays: their axes are told by their lengths alone, and nothing in them is ever run."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.prediction import Prediction
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskGrid, discover, read, read_by_region, read_mask
from unetstudio.formats.finding.recognition import recognise
from unetstudio.formats.masks.mask_files import read_content
from unetstudio.inference.mask_files import save_probabilities

RNG = np.random.default_rng(0)


def saved(path: Path, array: NDArray[Any]) -> Path:
    np.save(path, array)
    return path


@pytest.mark.parametrize(
    ("shape", "axes", "expected"),
    [
        ((7, 9), (0, 1), (1, 1, 7, 9)),
        ((5, 7, 9), (0, 1, 2), (1, 5, 7, 9)),
        ((7, 9, 3), (2, 0, 1), (3, 1, 7, 9)),
        ((2, 5, 7, 9), (0, 1, 2, 3), (2, 5, 7, 9)),
        ((5, 7, 9, 2), (3, 0, 1, 2), (2, 5, 7, 9)),
        ((1, 1, 5, 7, 9), (0, 1, 2, 3, 4), (1, 5, 7, 9)),
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("kind", [np.uint8, ">u2", np.int16, np.float64, np.bool_])
def test_that_axes_become_channels_slices_rows_and_columns(
    tmp_path: Path, shape: tuple[int, ...], axes: tuple[int, ...], expected: tuple[int, ...], order: Any, kind: Any
) -> None:
    array = np.asarray(RNG.integers(0, 200, shape).astype(kind), order=order)
    path = saved(tmp_path / "a.npy", array)
    for scan in (read(path), read_by_region(path, 0)):
        assert np.array_equal(scan.array, array.transpose(axes).reshape(expected))


def test_that_alpha_is_dropped(tmp_path: Path) -> None:
    array = RNG.integers(0, 200, (7, 9, 4)).astype(np.uint8)
    assert np.array_equal(read(saved(tmp_path / "a.npy", array)).array[:, 0], np.moveaxis(array[..., :3], -1, 0))


def test_that_a_short_first_axis_is_told(tmp_path: Path) -> None:
    assert "taken for slices" in read(saved(tmp_path / "a.npy", np.zeros((3, 7, 9)))).notes[0]
    assert read(saved(tmp_path / "a.npy", np.zeros((5, 7, 9)))).notes == ()


@pytest.mark.parametrize("order", ["C", "F"])
def test_that_long_first_axes_of_four_hold_volumes(tmp_path: Path, order: Any) -> None:
    array = np.asarray(RNG.integers(0, 200, (6, 5, 7, 9)), order=order)
    path = saved(tmp_path / "a.npy", array)
    assert discover([path]) == [Source(path, f"t={n}") for n in range(6)]
    for n in range(6):
        assert np.array_equal(read(Source(path, f"t={n}")).array[0], array[n])


class Harm:
    """Something that would run when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (pytest.fail, ("code in a file was run",))


def test_that_pickles_are_refused_unread(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.array([{"a": 1}], object), allow_pickle=True)
    data = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(data[:128] + pickle.dumps(Harm()))
    np.savez(tmp_path / "b.npz", a=np.array([[1, "x"]], object))
    for path in (tmp_path / "a.npy", tmp_path / "b.npz"):
        for opened in (read, read_mask, lambda one: read_by_region(one, 0)):
            with pytest.raises(FormatError, match=r"a pickle.*numpy\.save"):
                opened(path)


@pytest.mark.parametrize(
    "array", [np.zeros(5), np.zeros((3, 0)), np.zeros((2, 3), np.complex64), np.zeros((2, 3), "U3"), np.zeros((2, 3, 4, 5, 6))]
)
def test_that_what_is_no_image_is_told_in_a_sentence(tmp_path: Path, array: NDArray[Any]) -> None:
    with pytest.raises(FormatError, match=r"; (save|export)"):
        read(saved(tmp_path / "a.npy", array))


@pytest.mark.parametrize(
    "header", [b"{'descr': '<u1'", b"__import__('os').abort()", b"{'descr': '<u1', 'fortran_order': 0, 'shape': (-1, 4)}"]
)
def test_that_a_damaged_header_is_told(tmp_path: Path, header: bytes) -> None:
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\1\0" + len(header).to_bytes(2, "little") + header + bytes(99))
    with pytest.raises(FormatError, match="damaged"):
        read(tmp_path / "a.npy")


def test_that_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.npy", np.ones((50, 60)))
    path.write_bytes(path.read_bytes()[:-9])
    with pytest.raises(FormatError, match="cut short"):
        read(path)


def test_that_later_versions_of_the_header_are_read(tmp_path: Path) -> None:
    for version in ((2, 0), (3, 0)):
        with (tmp_path / "a.npy").open("wb") as file:
            np.lib.format.write_array(file, np.arange(63).reshape(7, 9), version)
        assert np.array_equal(read(tmp_path / "a.npy").array[0, 0], np.arange(63).reshape(7, 9))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_that_arrays_of_an_archive_are_images_by_name(tmp_path: Path, save: Any) -> None:
    first, second = RNG.integers(0, 9, (5, 7, 9)), np.asfortranarray(RNG.integers(0, 9, (6, 5, 7, 9)))
    save(tmp_path / "a.npz", first=first, second=second, spacing=np.ones(3))
    path = tmp_path / "a.npz"
    assert [part.name for part in FORMATS["npz"].parts(path)][:2] == ["first", "second, volume 1"]
    assert discover([path])[:2] == [Source(path, "array=0"), Source(path, "array=1,t=0")]
    assert np.array_equal(read(Source(path, "array=0")).array[0], first)
    assert np.array_equal(read(Source(path, "array=1,t=4")).array[0], second[4])
    assert "It holds 2 arrays (first, second)" in read(path).notes[0]
    with pytest.raises(FormatError, match="none of the key"):
        read(Source(path, "array=2"))


def test_that_the_only_array_of_an_archive_is_the_image(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", RNG.integers(0, 9, (5, 7, 9)))
    assert discover([tmp_path / "a.npz"]) == [Source(tmp_path / "a.npz")]
    assert read(tmp_path / "a.npz").notes == ()


def test_that_masks_are_read_from_arrays(tmp_path: Path) -> None:
    labels = RNG.integers(0, 4, (5, 7, 9))
    assert np.array_equal(read_mask(saved(tmp_path / "a.npy", labels))[0], labels)
    assert np.array_equal(read_mask(saved(tmp_path / "a.npy", labels > 1))[0], labels > 1)
    np.savez(tmp_path / "a.npz", image=labels * 1.5, mask=labels)
    found = read_content(tmp_path / "a.npz", MaskGrid((5, 7, 9)))
    assert np.array_equal(found.values, labels)
    assert "“mask” was taken" in found.notes[0]
    np.savez(tmp_path / "a.npz", one=labels, two=labels)
    with pytest.raises(FormatError, match=r"2 arrays \(one, two\)"):
        read_mask(tmp_path / "a.npz")


def test_that_other_archives_and_our_own_probabilities_are_no_images(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("notes.txt", "text")
    prediction = Prediction((1, 7, 9), (0, 1))
    save_probabilities(tmp_path / "b.npz", prediction)
    assert recognise(tmp_path / "a.zip") is recognise(tmp_path / "b.npz") is None
