"""NRRD as SimpleITK and pynrrd read and write it."""

from __future__ import annotations

import bz2
import gzip
from pathlib import Path
from typing import Any

import nrrd
import numpy as np
import pytest
import SimpleITK
from formats.itk import GEOMETRIES, itk_image, same_place
from formats.nifti_files import turned
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import MaskDocument, discover, files_of, read, read_by_region, read_mask, sha256_of, write_mask
from unetstudio.formats.finding.recognition import stem
from unetstudio.formats.masks.mask_files import read_content

CLASSES = ClassTable.named(["background", "liver", "left kidney"], [(0, 0, 0), (200, 60, 60), (51, 102, 255)])


def text_file(path: Path, lines: str, data: bytes = b"") -> Path:
    """A file of header lines and data."""
    path.write_bytes(("NRRD0004\n" + lines.strip() + "\n\n").encode() + data)
    return path


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["a.nrrd", "a.nhdr"])
def test_that_files_of_itk_come_out_in_their_place(
    tmp_path: Path, phantom: NDArray[np.int16], geometry: Geometry, compressed: bool, name: str
) -> None:
    SimpleITK.WriteImage(itk_image(phantom, geometry), str(tmp_path / name), compressed)
    scan = read(tmp_path / name)
    assert (scan.kind, scan.name) == ("NRRD", "a")
    assert np.array_equal(scan.array[0], phantom)
    assert same_place(scan.geometry, tmp_path / name)
    parts = read_by_region(tmp_path / name, 0)
    assert isinstance(parts.voxels, np.ndarray) is compressed
    assert np.array_equal(parts.array, scan.array)


@pytest.mark.parametrize(
    ("space", "signs"), [("right-anterior-superior", (-1, -1, 1)), ("LAS", (1, -1, 1)), ("left-posterior-superior", (1, 1, 1))]
)
def test_that_every_space_becomes_lps(tmp_path: Path, phantom: NDArray[np.int16], space: str, signs: tuple[int, int, int]) -> None:
    directions, origin = turned(1)[:3, :3].T, np.array([1.0, 2, 3])
    nrrd.write(str(tmp_path / "a.nrrd"), phantom.T, {"space": space, "space directions": directions, "space origin": origin})
    matrix = read(tmp_path / "a.nrrd").geometry.matrix
    assert np.allclose(matrix[:3, [2, 1, 0]], (directions * signs).T)
    assert np.allclose(matrix[:3, 3], origin * signs)
    if space != "LAS":  # ITK ignores the signs of this one
        assert same_place(read(tmp_path / "a.nrrd").geometry, tmp_path / "a.nrrd")


@pytest.mark.parametrize("kind", [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64])
@pytest.mark.parametrize("encoding", ["raw", "gzip", "bzip2", "ascii"])
def test_that_types_and_encodings_keep_values(tmp_path: Path, phantom: NDArray[np.int16], kind: Any, encoding: str) -> None:
    volume = (phantom % 100).astype(kind)
    nrrd.write(str(tmp_path / "a.nrrd"), volume.T, {"encoding": encoding, "endian": "big"})
    assert np.array_equal(read(tmp_path / "a.nrrd").array[0], volume)
    assert np.array_equal(read_by_region(tmp_path / "a.nrrd", 0).array[0], volume)


def test_that_colours_and_vectors_are_channels(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    vectors = np.stack([phantom + n for n in range(5)], -1)
    SimpleITK.WriteImage(itk_image(vectors, GEOMETRIES[0], vector=True), str(tmp_path / "a.nrrd"))
    assert np.array_equal(read(tmp_path / "a.nrrd").array, np.moveaxis(vectors, -1, 0))
    assert same_place(read(tmp_path / "a.nrrd").geometry, tmp_path / "a.nrrd")
    colours = np.random.default_rng(0).integers(0, 255, (5, 7, 9, 4), np.uint8)
    nrrd.write(str(tmp_path / "c.nrrd"), colours[..., :2].transpose(3, 2, 1, 0), {"kinds": ["complex", "domain", "domain", "domain"]})
    with pytest.raises(FormatError, match="save their magnitude"):
        read(tmp_path / "c.nrrd")
    header = {"kinds": ["RGBA-color", "domain", "domain", "domain"], "encoding": "raw"}
    nrrd.write(str(tmp_path / "b.nrrd"), colours.transpose(3, 2, 1, 0), header)
    for scan in (read(tmp_path / "b.nrrd"), read_by_region(tmp_path / "b.nrrd", 0)):
        assert np.array_equal(scan.array, np.moveaxis(colours[..., :3], -1, 0))


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("kind", ["list", "time"])
@pytest.mark.parametrize("encoding", ["raw", "gzip"])
def test_that_lists_and_times_are_volumes(tmp_path: Path, phantom: NDArray[np.int16], first: bool, kind: str, encoding: str) -> None:
    series = np.stack([phantom.T + 1000 * n for n in range(3)], 0 if first else -1)
    directions = np.vstack([np.full(3, np.nan), np.diag([0.5, 0.8, 3])] if first else [np.diag([0.5, 0.8, 3]), np.full(3, np.nan)])
    kinds = [kind, *["domain"] * 3] if first else [*["domain"] * 3, kind]
    header = {"kinds": kinds, "space": "left-posterior-superior", "space directions": directions, "encoding": encoding}
    nrrd.write(str(tmp_path / "a.nrrd"), series, {**header, "measurement frame": np.eye(3) * -1})
    assert discover([tmp_path / "a.nrrd"]) == [Source(tmp_path / "a.nrrd", f"t={n}") for n in range(3)]
    for n in range(3):
        for scan in (read(Source(tmp_path / "a.nrrd", f"t={n}")), read_by_region(Source(tmp_path / "a.nrrd", f"t={n}"), 0)):
            assert np.array_equal(scan.array[0], phantom + 1000 * n)
            assert scan.geometry.spacing == (3.0, 0.8, 0.5)
    assert "3 volumes" in read(tmp_path / "a.nrrd").notes[0]
    with pytest.raises(FormatError, match="a mask is one volume"):
        read_mask(tmp_path / "a.nrrd")


def test_that_a_file_without_orientation_has_its_spacing_alone(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    nrrd.write(str(tmp_path / "a.nrrd"), phantom.T, {"spacings": [0.5, 0.8, 3.0]})
    assert read(tmp_path / "a.nrrd").geometry == Geometry((3.0, 0.8, 0.5))
    nrrd.write(str(tmp_path / "a.nrrd"), phantom.T)
    assert read(tmp_path / "a.nrrd").geometry == Geometry()
    header = {"space": "3D-right-handed", "space directions": np.diag([0.5, 0.8, 3.0]), "space units": ["cm"] * 3}
    nrrd.write(str(tmp_path / "a.nrrd"), phantom.T, header)
    assert read(tmp_path / "a.nrrd").geometry == Geometry((30.0, 8.0, 5.0))
    assert "only its spacing is known" in read(tmp_path / "a.nrrd").notes[0]


def test_that_a_slice_in_the_patient_keeps_its_place(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    header = {"space": "LPS", "space directions": [(0, 0.5, 0), (0, 0, -0.8)], "space origin": (4, 5, 6)}
    nrrd.write(str(tmp_path / "a.nrrd"), phantom[0].T, header)
    scan = read(tmp_path / "a.nrrd")
    assert scan.shape == (1, 7, 9)
    assert np.allclose((scan.geometry.matrix @ (0, 2, 3, 1))[:3], (4, 6.5, 4.4))
    assert scan.geometry.spacing == pytest.approx((1.0, 0.8, 0.5))


BARE = "type: int16\ndimension: 3\nsizes: 9 7 5\nendian: little\n"


@pytest.mark.parametrize("naming", ["data file: a.bin", "datafile: below/a.bin", "data file: below\\a.bin"])
def test_that_voxels_beside_the_header_belong_to_it(tmp_path: Path, phantom: NDArray[np.int16], naming: str) -> None:
    (tmp_path / "below").mkdir()
    place = tmp_path / ("below/a.bin" if "below" in naming else "a.bin")
    place.write_bytes(b"line one\nline two\n" + bytes(6) + phantom.astype("<i2").tobytes())
    path = text_file(tmp_path / "a.nhdr", BARE + f"encoding: raw\nline skip: 2\nbyte skip: 6\n{naming}")
    assert np.array_equal(read(path).array[0], phantom)
    assert files_of(Source(path)) == [path, place]
    before = sha256_of(path)
    place.write_bytes(place.read_bytes()[::-1])
    assert sha256_of(path) != before
    text_file(path, BARE + f"encoding: raw\nbyte skip: -1\n{naming}")
    place.write_bytes(bytes(77) + phantom.astype("<i2").tobytes())
    assert np.array_equal(read(path).array[0], phantom)
    place.unlink()
    with pytest.raises(FormatError, match="which is not beside it; copy both files"):
        read(path)


@pytest.mark.parametrize("pack", [("raw", lambda data: data), ("gzip", gzip.compress), ("bzip2", bz2.compress)])
@pytest.mark.parametrize("naming", ["data file: s%02d.bin 1 9 2", "data file: LIST\ns01.bin\ns03.bin\ns05.bin\ns07.bin\ns09.bin"])
def test_that_voxels_in_a_file_per_slice_are_one_volume(tmp_path: Path, phantom: NDArray[np.int16], pack: Any, naming: str) -> None:
    for n, plane in enumerate(phantom):
        (tmp_path / f"s{2 * n + 1:02}.bin").write_bytes(pack[1](plane.astype("<i2").tobytes()))
    path = tmp_path / "a.nhdr"
    path.write_text("NRRD0004\n" + BARE + f"encoding: {pack[0]}\n{naming}\n")
    assert np.array_equal(read(path).array[0], phantom)
    assert np.array_equal(read_by_region(path, 0).array[0], phantom)
    assert len(files_of(Source(path))) == 6


@pytest.mark.parametrize("name", ["../secret.bin", "/etc/hostname", "C:\\secret.bin", "below/../../a.bin", "..\\a.bin", "\\\\host\\a"])
def test_that_a_header_shows_no_file_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "in" / "below").mkdir(parents=True)
    (tmp_path / "secret.bin").write_bytes(bytes(630))
    path = text_file(tmp_path / "in" / "a.nhdr", BARE + f"encoding: raw\ndata file: {name}")
    with pytest.raises(FormatError, match="voxels outside of its folder"):
        read(path)
    path.write_text(f"NRRD0004\n{BARE}encoding: raw\ndata file: LIST\n{name}\n")
    with pytest.raises(FormatError, match="voxels outside of its folder"):
        read(path)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("type: block\ndimension: 2\nsizes: 4 4\nencoding: raw", "which is no number"),
        ("type: uchar\ndimension: 2\nsizes: 4 x\nencoding: raw", "field “sizes”"),
        ("type: uchar\ndimension: 3\nsizes: 4 4\nencoding: raw", "field “sizes”"),
        ("type: uchar\ndimension: 2\nsizes: 4 4\nencoding: zebra", "packed as “zebra”"),
        ("type: uchar\ndimension: 2\nsizes: 4 9\nencoding: raw", "cut short"),
        ("type: uchar\ndimension: 2\nsizes: 4 9\nencoding: ascii", "cut short"),
        ("type: uchar\ndimension: 1\nsizes: 16\nencoding: raw", "fewer than two axes"),
        ("type: float\ndimension: 3\nsizes: 90000 90000 90000\nencoding: gzip", "it is damaged"),
        ("type: uchar\ndimension: 2\nsizes: 4 4\nspace: LPS\nspace directions: (1,0,0)\nencoding: raw", "directions for other axes"),
    ],
)
def test_that_a_damaged_header_is_told_in_a_sentence(tmp_path: Path, lines: str, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        read(text_file(tmp_path / "a.nrrd", lines, bytes(16)))


@pytest.mark.parametrize("geometry", [*GEOMETRIES, Geometry((3.0, 0.8, 0.5)), Geometry()])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32])
@pytest.mark.parametrize("ending", [".nrrd", ".seg.nrrd"])
def test_that_written_labels_are_the_same_for_all_readers(
    tmp_path: Path, phantom: NDArray[np.int16], geometry: Geometry, kind: Any, ending: str
) -> None:
    labels = (phantom % 3).astype(kind)
    path = tmp_path / f"mask{ending}"
    write_mask(path, MaskDocument(labels, geometry, CLASSES))
    found = read_content(path)
    assert np.array_equal(found.values, labels)
    if geometry.affine is None:
        assert found.geometry == geometry
    else:
        assert np.allclose(found.geometry.matrix, geometry.matrix)
        assert same_place(geometry, path)
    assert np.array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))), labels)
    assert np.array_equal(nrrd.read(str(path))[0].T, labels)
    assert stem(path) == "mask"
