from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pydicom.encaps
import pytest
import SimpleITK
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import discover, read, sha256_of
from unetstudio.formats.voxel_files.voxels import rescaled

Write = Callable[..., Path]
OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0)
REVERSED = (1.0, 0.0, 0.0, 0.0, -1.0, 0.0)
CORONAL = (1.0, 0.0, 0.0, 0.0, 0.0, -1.0)


@pytest.mark.parametrize("orientation", [(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), OBLIQUE, REVERSED, CORONAL])
def test_that_a_series_is_sorted_by_position_and_placed(
    tmp_path: Path, phantom: NDArray[np.int16], write_series: Write, orientation: tuple[float, ...]
) -> None:
    folder = write_series(tmp_path / "ct", phantom, orientation=orientation)
    (source,) = discover([folder])
    scan = read(source)
    assert np.array_equal(scan.voxels[0], phantom)
    assert scan.geometry.spacing == pytest.approx((3.0, 0.8, 0.5))
    reader = SimpleITK.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    assert np.array_equal(SimpleITK.GetArrayFromImage(image), scan.voxels[0])
    for index in ((0, 0, 0), (4, 6, 8), (2, 5, 1)):
        assert np.allclose((scan.geometry.matrix @ (*index, 1))[:3], image.TransformIndexToPhysicalPoint(index[::-1]), atol=1e-4)


def test_that_hounsfield_units_are_whole_numbers(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    path = write_slice(tmp_path / "a.dcm", phantom[0].astype(np.uint16), RescaleSlope=1, RescaleIntercept=-1024)
    scan = read(path)
    assert np.array_equal(scan.voxels[0, 0], phantom[0] - 1024)
    assert (scan.voxels.dtype, scan.kind) == (np.int16, "DICOM CT")


@pytest.mark.parametrize("kind", [np.uint8, np.int16, np.uint16, np.int32])
@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (2, 0), (-7, 5), (100, 40_000), (3, -70_000)])
def test_that_whole_numbers_are_rescaled_exactly_at_their_ends(kind: type[np.integer[Any]], slope: int, intercept: int) -> None:
    ends = np.array([np.iinfo(kind).min, np.iinfo(kind).max], kind) // kind(4 if np.iinfo(kind).bits > 16 else 1)
    values = rescaled(ends, slope, intercept)
    if values.dtype.kind in "iu":
        assert values.tolist() == [int(end) * slope + intercept for end in ends]
    else:
        assert values == pytest.approx([int(end) * slope + intercept for end in ends], rel=1e-6)


def test_that_each_slice_is_rescaled_by_its_own_slope(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "pet", phantom, tags_of=lambda k: {"RescaleSlope": str(0.5 + k), "RescaleIntercept": "0"})
    scan = read(discover([folder])[0])
    assert np.allclose(scan.voxels[0], phantom * (0.5 + np.arange(5))[:, None, None])


def test_that_monochrome1_is_shown_inverted_and_stored_as_it_is(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    scan = read(write_slice(tmp_path / "a.dcm", phantom[1], PhotometricInterpretation="MONOCHROME1"))
    assert scan.inverted
    assert np.array_equal(scan.voxels[0, 0], phantom[1])


def test_that_the_window_of_the_tags_is_suggested(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    scan = read(write_slice(tmp_path / "a.dcm", phantom[1], WindowCenter=[40, 300], WindowWidth=[400, 1500]))
    assert scan.window == (-160.0, 240.0)


def test_that_a_file_without_suffix_opens(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    scan = read(write_slice(tmp_path / "IM0001", phantom[0], SliceThickness=2.5))
    assert scan.geometry.spacing == pytest.approx((2.5, 0.8, 0.5))


def test_that_spacing_is_unknown_when_the_file_does_not_say(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    assert read(write_slice(tmp_path / "a.dcm", phantom[0], PixelSpacing=None)).geometry.spacing is None


def test_that_two_directions_in_one_series_are_two_scans(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    write_series(tmp_path / "mr", phantom)
    write_series(tmp_path / "mr", phantom[:4], orientation=CORONAL, prefix="CO")
    scans = [read(source) for source in discover([tmp_path / "mr"])]
    assert sorted(scan.shape[0] for scan in scans) == [4, 5]


def test_that_two_echoes_at_the_same_places_are_two_scans(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    for echo, prefix in ((2.5, "A"), (10.0, "B")):
        write_series(tmp_path / "mr", phantom + np.int16(echo), prefix=prefix, tags_of=lambda _, echo=echo: {"EchoTime": str(echo)})
    first, second = (read(source) for source in discover([tmp_path / "mr"]))
    assert np.array_equal(first.voxels[0], phantom + 2)
    assert np.array_equal(second.voxels[0], phantom + 10)
    assert (first.name, second.name) == ("mr, echo 1", "mr, echo 2")


def test_that_a_copy_of_a_slice_counts_once(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom)
    first = sorted(folder.iterdir())[0]
    (folder / "copy").write_bytes(first.read_bytes())
    assert read(discover([folder])[0]).shape == phantom.shape


def test_that_tiles_of_a_slide_are_one_picture(tmp_path: Path, write_slice: Write) -> None:
    slide = np.arange(5 * 7, dtype=np.int16).reshape(5, 7)
    tiles = np.zeros((6, 3, 3), np.int16)
    for n, (y, x) in enumerate((y, x) for y in (0, 3) for x in (0, 3, 6)):
        part = slide[y : y + 3, x : x + 3]
        tiles[n, : part.shape[0], : part.shape[1]] = part
    size = {"TotalPixelMatrixRows": 5, "TotalPixelMatrixColumns": 7, "NumberOfFrames": 6, "DimensionOrganizationType": "TILED_FULL"}
    scan = read(write_slice(tmp_path / "a.dcm", tiles[0], PixelData=tiles.astype("<i2").tobytes(), **size))
    assert np.array_equal(scan.voxels[0, 0], slide)
    assert scan.geometry.spacing == pytest.approx((1.0, 0.8, 0.5))


def test_that_files_of_one_series_named_one_by_one_are_one_scan(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom)
    assert discover(sorted(folder.iterdir())) == discover([folder])


def test_that_a_lone_slice_is_a_file(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    path = write_slice(tmp_path / "a.dcm", phantom[0])
    assert discover([tmp_path]) == [Source(path)]


def test_that_a_series_is_known_again_after_its_files_were_renamed(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom)
    before = sha256_of(discover([folder])[0])
    for number, file in enumerate(sorted(folder.iterdir(), reverse=True)):
        file.rename(folder / f"other{number}.dcm")
    assert sha256_of(discover([folder])[0]) == before


def test_that_nothing_of_the_patient_is_kept(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    source = discover([write_series(tmp_path / "ct", phantom, series="1.2.840.99999")])[0]
    scan = read(source)
    kept = repr((source, scan.name, scan.kind, scan.geometry))
    assert all(secret not in kept for secret in ("Doe", "Canary", "CANARY", "99999"))


def test_that_frames_of_one_file_are_slices(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    path = write_slice(tmp_path / "a.dcm", phantom[0], NumberOfFrames=5, PixelData=phantom.astype("<i2").tobytes())
    scan = read(path)
    assert np.array_equal(scan.voxels[0], phantom)
    assert scan.geometry.affine is None


def test_that_enhanced_frames_are_sorted_by_their_own_positions(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    order = [3, 0, 4, 1, 2]
    groups = []
    for k in order:
        place, values, group = pydicom.Dataset(), pydicom.Dataset(), pydicom.Dataset()
        place.ImagePositionPatient = [0, 0, 3.0 * k]
        values.RescaleSlope, values.RescaleIntercept = str(k + 1), "0"
        group.PlanePositionSequence, group.PixelValueTransformationSequence = [place], [values]
        groups.append(group)
    pixels = np.ascontiguousarray(phantom[order]).astype("<i2").tobytes()
    path = write_slice(
        tmp_path / "a.dcm",
        phantom[0],
        NumberOfFrames=5,
        PixelData=pixels,
        PerFrameFunctionalGroupsSequence=groups,
        ImagePositionPatient=None,
    )
    scan = read(path)
    assert np.array_equal(scan.voxels[0], phantom * np.arange(1, 6, dtype=np.int16)[:, None, None])
    assert scan.geometry.spacing == pytest.approx((3.0, 0.8, 0.5))


def test_that_a_truncated_dicom_is_refused_with_one_sentence(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    path = write_slice(tmp_path / "a.dcm", phantom[0])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FormatError, match=r"^a\.dcm: .*cut short"):
        read(path)


def test_that_a_report_is_told_from_an_image(tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write) -> None:
    path = write_slice(tmp_path / "a.dcm", phantom[0], PixelData=None)
    with pytest.raises(FormatError, match="holds no image"):
        read(discover([path])[0])


def test_that_a_series_that_went_away_is_named_by_its_folder(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    (source,) = discover([write_series(tmp_path / "ct", phantom)])
    for file in source.path.iterdir():
        file.unlink()
    with pytest.raises(FormatError, match=r"^ct: the folder holds no DICOM series"):
        read(source)


@pytest.mark.parametrize(
    "encode", [partial(imagecodecs.jpeg2k_encode, codecformat="J2K"), imagecodecs.jpegls_encode, imagecodecs.ljpeg_encode]
)
def test_that_a_misspelt_compression_is_known_by_the_pixels(
    tmp_path: Path, phantom: NDArray[np.int16], write_slice: Write, encode: Callable[..., bytes]
) -> None:
    pixels = phantom[1].astype(np.uint16)
    path = write_slice(tmp_path / "a.dcm", pixels, PixelData=pydicom.encaps.encapsulate([encode(pixels)]))
    dataset = pydicom.dcmread(path)
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = "1.2.840.1.8.1.2.4.9"
    pydicom.dcmwrite(path, dataset, implicit_vr=False, little_endian=True)
    assert np.array_equal(read(path).voxels[0, 0], pixels)
