"""MetaImage as SimpleITK reads and writes it."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import SimpleITK
from formats.itk import GEOMETRIES, itk_image, same_place
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import MaskDocument, discover, files_of, read, read_by_region, read_mask, sha256_of, write_mask
from unetstudio.formats.masks.mask_files import read_content

KINDS = [np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.uint64, np.float32, np.float64]


def text_file(path: Path, lines: str, data: bytes = b"") -> Path:
    """A file of header lines and data."""
    path.write_bytes((lines.strip() + "\n").encode() + data)
    return path


@pytest.mark.parametrize("geometry", GEOMETRIES)
@pytest.mark.parametrize("compressed", [False, True])
@pytest.mark.parametrize("name", ["a.mha", "a.mhd"])
def test_that_files_of_itk_come_out_in_their_place(
    tmp_path: Path, phantom: NDArray[np.int16], geometry: Geometry, compressed: bool, name: str
) -> None:
    SimpleITK.WriteImage(itk_image(phantom, geometry), str(tmp_path / name), compressed)
    scan = read(tmp_path / name)
    assert (scan.kind, scan.name, scan.notes) == ("MetaImage", "a", ())
    assert np.array_equal(scan.array[0], phantom)
    assert same_place(scan.geometry, tmp_path / name)
    parts = read_by_region(tmp_path / name, 0)
    assert isinstance(parts.voxels, np.ndarray) is compressed
    assert np.array_equal(parts.array, scan.array)


@pytest.mark.parametrize("kind", KINDS)
def test_that_types_keep_values(tmp_path: Path, phantom: NDArray[np.int16], kind: Any) -> None:
    volume = (phantom % 100).astype(kind)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(volume), str(tmp_path / "a.mha"))
    assert np.array_equal(read(tmp_path / "a.mha").array[0], volume)


@pytest.mark.parametrize("channels", [3, 4, 5])
def test_that_several_values_a_voxel_are_channels(tmp_path: Path, phantom: NDArray[np.int16], channels: int) -> None:
    vectors = np.stack([phantom + n for n in range(channels)], -1)
    SimpleITK.WriteImage(itk_image(vectors, GEOMETRIES[0], vector=True), str(tmp_path / "a.mha"))
    for scan in (read(tmp_path / "a.mha"), read_by_region(tmp_path / "a.mha", 0)):
        assert np.array_equal(scan.array, np.moveaxis(vectors, -1, 0))


@pytest.mark.parametrize("compressed", [False, True])
def test_that_a_fourth_axis_holds_volumes(tmp_path: Path, phantom: NDArray[np.int16], compressed: bool) -> None:
    path = tmp_path / "a.mha"
    SimpleITK.WriteImage(SimpleITK.JoinSeries([itk_image(phantom + 1000 * n, GEOMETRIES[1]) for n in range(3)]), str(path), compressed)
    assert discover([path]) == [Source(path, f"t={n}") for n in range(3)]
    for n in range(3):
        for scan in (read(Source(path, f"t={n}")), read_by_region(Source(path, f"t={n}"), 0)):
            assert np.array_equal(scan.array[0], phantom + 1000 * n)
            assert np.allclose(scan.geometry.matrix, GEOMETRIES[1].matrix)
    assert "3 volumes" in read(path).notes[0]


def test_that_a_picture_has_only_a_spacing(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    image = SimpleITK.GetImageFromArray(phantom[0])
    SimpleITK.WriteImage(image, str(tmp_path / "a.mha"))
    assert read(tmp_path / "a.mha").geometry == Geometry()
    image.SetSpacing((0.5, 0.8))
    SimpleITK.WriteImage(image, str(tmp_path / "a.mha"))
    scan = read(tmp_path / "a.mha")
    assert scan.geometry == Geometry((1.0, 0.8, 0.5))
    assert np.array_equal(scan.array, phantom[:1][None])


BARE = "ObjectType = Image\nNDims = 3\nDimSize = 9 7 5\nElementType = MET_SHORT\n"


def test_that_a_file_that_says_little_is_not_believed_to_say_more(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    data = phantom.astype("<i2").tobytes()
    scan = read(text_file(tmp_path / "a.mha", BARE + "ElementDataFile = LOCAL", data))
    assert (scan.geometry, scan.notes) == (Geometry(), ())
    scan = read(text_file(tmp_path / "a.mha", BARE + "ElementSpacing = 0.5 0.8 3\nElementDataFile = LOCAL", data))
    assert scan.geometry == Geometry((3.0, 0.8, 0.5))
    assert "only its spacing is known" in scan.notes[0]
    scan = read(text_file(tmp_path / "a.mha", BARE + "ElementSize = 0.5 0.8 3\nPosition = 1 2 3\nElementDataFile = LOCAL", data))
    assert np.allclose((scan.geometry.matrix @ (1, 1, 1, 1))[:3], (1.5, 2.8, 6))


def test_that_byte_order_text_and_odd_headers_are_read(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    big = phantom.astype(">i2").tobytes()
    for switch in ("BinaryDataByteOrderMSB", "ElementByteOrderMSB"):
        path = text_file(tmp_path / "a.mha", f"{BARE}BinaryData = True\n{switch} = True\nElementDataFile = LOCAL", big)
        assert np.array_equal(read(path).array[0], phantom)
        assert np.array_equal(read_by_region(path, 0).array[0], phantom)
    numbers = " ".join(str(n) for n in phantom.reshape(-1)).encode()
    path = text_file(tmp_path / "a.mha", f"{BARE}BinaryData = False\nElementDataFile = LOCAL", numbers)
    assert np.array_equal(read(path).array[0], phantom)
    path = text_file(
        tmp_path / "a.mha",
        "NDims=3\nDimSize=9 7 5\nElementType=MET_SHORT\nHeaderSize=-1\nElementDataFile=LOCAL",
        bytes(55) + phantom.tobytes(),
    )
    assert np.array_equal(read(path).array[0], phantom)
    packed = zlib.compress(phantom.tobytes())
    path = text_file(tmp_path / "a.mha", f"{BARE}CompressedData = True\nElementDataFile = LOCAL", packed)
    assert np.array_equal(read(path).array[0], phantom)


@pytest.mark.parametrize("skip", [0, 7, -1])
def test_that_voxels_beside_the_header_belong_to_it(tmp_path: Path, phantom: NDArray[np.int16], skip: int) -> None:
    (tmp_path / "raw").mkdir()
    raw = tmp_path / "raw" / "a.bin"
    raw.write_bytes(bytes(7 if skip else 0) + phantom.astype("<i2").tobytes())
    path = text_file(tmp_path / "a.mhd", f"{BARE}HeaderSize = {skip}\nElementDataFile = raw/a.bin")
    assert np.array_equal(read(path).array[0], phantom)
    assert np.array_equal(read_by_region(path, 0).array[0], phantom)
    assert files_of(Source(path)) == [path, raw]
    before = sha256_of(path)
    raw.write_bytes(raw.read_bytes()[::-1])
    assert sha256_of(path) != before
    raw.write_bytes(bytes(10))
    with pytest.raises(FormatError, match="cut short"):
        read(path)
    raw.unlink()
    with pytest.raises(FormatError, match="which is not beside it"):
        read(path)


@pytest.mark.parametrize(
    "naming",
    ["s%02d.raw 1 5 1", "LIST\ns01.raw\ns02.raw\ns03.raw\ns04.raw\ns05.raw", "LIST 2D\n" + "\n".join(f"s0{n}.raw" for n in range(1, 6))],
)
def test_that_a_file_per_slice_is_one_volume(tmp_path: Path, phantom: NDArray[np.int16], naming: str) -> None:
    for n, plane in enumerate(phantom, start=1):
        (tmp_path / f"s{n:02}.raw").write_bytes(bytes(3) + plane.astype("<i2").tobytes())
    path = text_file(tmp_path / "a.mhd", f"{BARE}HeaderSize = 3\nElementDataFile = {naming}")
    assert np.array_equal(read(path).array[0], phantom)
    assert len(files_of(Source(path))) == 6
    if "%" in naming:
        assert np.array_equal(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))), phantom)


@pytest.mark.parametrize("name", ["../secret.raw", "/etc/hostname", "C:\\secret.raw", "LIST\n../secret.raw"])
def test_that_a_header_shows_no_file_outside_of_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "secret.raw").write_bytes(bytes(630))
    with pytest.raises(FormatError, match="voxels outside of its folder"):
        read(text_file(tmp_path / "in" / "a.mhd", f"{BARE}ElementDataFile = {name}"))


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ("ObjectType = Mesh\nNDims = 3\nElementDataFile = LOCAL", "object of the kind “Mesh”"),
        ("ObjectType = Image\nNDims = 3\nDimSize = 4 4 4\nElementType = MET_UCHAR", "field “ElementDataFile”"),
        ("ObjectType = Image\nNDims = 3\nDimSize = 4 4\nElementType = MET_UCHAR\nElementDataFile = LOCAL", "field “DimSize”"),
        ("ObjectType = Image\nNDims = 1\nDimSize = 16\nElementType = MET_UCHAR\nElementDataFile = LOCAL", "one axis only"),
        ("ObjectType = Image\nNDims = 2\nDimSize = 4 4\nElementType = MET_STRING\nElementDataFile = LOCAL", "which is no number"),
        ("ObjectType = Image\nNDims = 2\nDimSize = 4 9\nElementType = MET_UCHAR\nElementDataFile = LOCAL", "cut short"),
        (
            "ObjectType = Image\nNDims = 2\nDimSize = 4 4\nElementSpacing = a b\nElementType = MET_UCHAR\nElementDataFile = LOCAL",
            "ElementSpacing",
        ),
        (
            "ObjectType = Image\nNDims = 3\nDimSize = 4 2 2\nTransformMatrix = 1 0\nElementType = MET_UCHAR\nElementDataFile = LOCAL",
            "Transform",
        ),
        (BARE + "CompressedData = True\nElementDataFile = LOCAL", "damaged"),
    ],
)
def test_that_a_damaged_header_is_told_in_a_sentence(tmp_path: Path, lines: str, sentence: str) -> None:
    with pytest.raises(FormatError, match=sentence):
        read(text_file(tmp_path / "a.mha", lines, bytes(16)))


@pytest.mark.parametrize(
    "text", ["title = text\nNDims of it\n", "NDims = three\nDimSize = 3", "[a]\nNDims = 3\nDimSize = 3 3 3", "NDims = 3\n"]
)
def test_that_other_texts_are_no_metaimage(tmp_path: Path, text: str) -> None:
    with pytest.raises(FormatError, match="is not a"):
        read(text_file(tmp_path / "a.txt", text))


@pytest.mark.parametrize("geometry", [*GEOMETRIES, Geometry((3.0, 0.8, 0.5)), Geometry()])
@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.int32])
def test_that_written_labels_are_the_same_for_all_readers(
    tmp_path: Path, phantom: NDArray[np.int16], geometry: Geometry, kind: Any
) -> None:
    labels = (phantom % 3).astype(kind)
    write_mask(tmp_path / "mask.mha", MaskDocument(labels, geometry))
    found = read_content(tmp_path / "mask.mha")
    assert np.array_equal(found.values, labels)
    if geometry.affine is None:
        assert found.geometry == geometry
    else:
        assert np.allclose(found.geometry.matrix, geometry.matrix)
        assert same_place(geometry, tmp_path / "mask.mha")
    image = SimpleITK.ReadImage(str(tmp_path / "mask.mha"))
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), labels)
    assert image.GetSpacing() == pytest.approx(geometry.spacing_or_one[::-1])


def test_that_nan_in_a_mask_is_not_annotated(tmp_path: Path, phantom: NDArray[np.int16]) -> None:
    floats = np.where(phantom == 3, np.nan, phantom % 4).astype(np.float32)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(floats), str(tmp_path / "a.mha"))
    found = read_content(tmp_path / "a.mha")
    assert found.unknown is not None
    assert np.array_equal(found.unknown, phantom == 3)
    with pytest.raises(FormatError, match="fractions"):
        SimpleITK.WriteImage(SimpleITK.GetImageFromArray(floats / 2), str(tmp_path / "a.mha"))
        read_mask(tmp_path / "a.mha")
