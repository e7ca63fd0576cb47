"""DICOM segmentations that are written come back voxel for voxel, and highdicom finds them on the slices that they name."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pydicom
import pytest
from formats.dicom_masks import (
    CLASSES,
    FRAME,
    PLACES,
    SHAPE,
    TAGS,
    Write,
    document,
    labels,
    secrets_of,
    series,
    tilted_series,
)
from highdicom.seg import segread
from pydicom.dataset import Dataset

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskDocument, MaskGrid, discover, read, write_mask
from unetstudio.formats.masks.mask_files import read_content, read_content_onto


@pytest.mark.parametrize("identified", [False, True])
@pytest.mark.parametrize(
    ("orientation", "depth", "step"),
    PLACES,
)
def test_that_what_is_written_comes_back_and_lies_on_its_slices(
    tmp_path: Path, write_series: Write, orientation: tuple[float, ...], depth: int, step: float, identified: bool
) -> None:
    source, grid = series(write_series, tmp_path / "ct", orientation=orientation, depth=depth, step=step)
    values = labels((depth, 7, 9))
    path = tmp_path / "a.seg.dcm"
    write_mask(path, document(source, grid, values, identified=identified))
    content = read_content_onto(path, grid)
    assert np.array_equal(content.values, values)
    assert (dict(content.names), content.colours[2]) == ({1: "nerve", 2: "vessel"}, (221, 130, 101))
    seg = segread(path)
    slices = {str(one.SOPInstanceUID): one for one in map(pydicom.dcmread, FORMATS["dicom"].files(source))}
    stored = seg.pixel_array.reshape(-1, 7, 9)
    for frame, group in zip(stored, seg.PerFrameFunctionalGroupsSequence, strict=True):
        position = group.PlanePositionSequence[0].ImagePositionPatient
        number = group.SegmentIdentificationSequence[0].ReferencedSegmentNumber
        k = int(np.rint((np.linalg.inv(grid.geometry.matrix) @ [*map(float, position), 1])[0]))
        assert np.array_equal(frame, values[k] == number)
        if identified:
            (reference,) = group.DerivationImageSequence[0].SourceImageSequence
            assert np.allclose(slices[reference.ReferencedSOPInstanceUID].ImagePositionPatient, position)
    if identified:
        assert {str(one[2]) for one in seg.get_source_image_uids()} == set(slices)
        found = seg.get_pixels_by_source_instance(list(slices), combine_segments=True, assert_missing_frames_are_empty=True)
        for uid, mask in zip(slices, found, strict=True):
            k = int(np.rint((np.linalg.inv(grid.geometry.matrix) @ [*map(float, slices[uid].ImagePositionPatient), 1])[0]))
            assert np.array_equal(mask, values[k])


def test_that_segments_say_what_they_are_and_who_made_them(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    for made_by, kind in (("painted by hand", "MANUAL"), ("predicted by checkpoint 3fa9", "SEMIAUTOMATIC")):
        write_mask(tmp_path / "a.seg.dcm", document(source, grid, labels(), made_by=made_by))
        nerve, vessel = segread(tmp_path / "a.seg.dcm").SegmentSequence
        assert [nerve.SegmentLabel, vessel.SegmentLabel] == ["nerve", "vessel"]
        assert nerve.SegmentAlgorithmType == kind
        assert nerve.SegmentedPropertyCategoryCodeSequence[0].CodeMeaning == "Anatomical Structure"


@pytest.mark.parametrize("identified", [False, True])
def test_that_the_patient_is_named_only_when_the_user_says_so(tmp_path: Path, write_series: Write, identified: bool) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    path = tmp_path / "a.seg.dcm"
    write_mask(path, document(source, grid, labels(), identified=identified))
    seg = pydicom.dcmread(path)
    assert (str(seg.PatientName), seg.PatientID) == (("Doe^Canary", "CANARY-1") if identified else ("ANONYMOUS", "ANONYMOUS"))
    assert (seg.StudyInstanceUID == "1.2.3.4", seg.FrameOfReferenceUID == FRAME) == (identified, identified)
    assert ("ReferencedSeriesSequence" in seg) == identified
    secrets = secrets_of(source)
    data = path.read_bytes()
    assert [secret in data for secret in secrets] == [identified] * len(secrets)


@pytest.mark.parametrize("name", ["dicom_seg", "rtstruct"])
def test_that_voxels_without_a_label_come_back_without_one(tmp_path: Path, write_series: Write, name: str) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    values = labels()
    values[:, :, 4:] = 255
    path = tmp_path / f"a{FORMATS[name].suffixes[0]}"
    write_mask(path, document(source, grid, values))
    content = read_content_onto(path, grid)
    assert content.unknown is not None
    assert np.array_equal(np.where(content.unknown, 255, content.values), values)
    assert content.names == {1: "nerve", 2: "vessel"}
    write_mask(path, document(source, grid, labels()))
    assert read_content_onto(path, grid).unknown is None


def test_that_other_programs_see_the_background_only_where_labels_are_missing(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    for missing, names in ((0, ["nerve", "vessel"]), (255, ["nerve", "vessel", "background"])):
        values = labels()
        values[0, 0] = missing
        write_mask(tmp_path / "a.seg.dcm", document(source, grid, values))
        assert [segment.SegmentLabel for segment in segread(tmp_path / "a.seg.dcm").SegmentSequence] == names


def test_that_removed_classes_leave_no_gap_in_the_numbers(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    values = labels()
    values[values == 1] = 0
    values[0, 0, 0] = 3
    classes = CLASSES.removed(1).added("bone", (9, 9, 9))
    write_mask(tmp_path / "a.seg.dcm", MaskDocument(values, grid.geometry, classes, source))
    content = read_content_onto(tmp_path / "a.seg.dcm", grid)
    assert content.names == {1: "vessel", 2: "bone"}
    assert np.array_equal(content.values, np.select([values == 2, values == 3], [1, 2], 0))


@pytest.mark.parametrize("name", ["dicom_seg", "rtstruct"])
def test_that_an_empty_mask_can_be_written_and_read(tmp_path: Path, write_series: Write, name: str) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    path = tmp_path / f"a{FORMATS[name].suffixes[0]}"
    write_mask(path, document(source, grid, np.zeros(SHAPE, np.uint8)))
    content = read_content_onto(path, grid)
    assert not content.values.any()
    assert content.unknown is None


@pytest.mark.parametrize("name", ["x" * 90, "left\\right", "Größe 肝臓", "a^b=c"])
def test_that_long_and_odd_names_come_back(tmp_path: Path, write_series: Write, name: str) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    classes = ClassTable.named(["background", name], [(0, 0, 0), (1, 200, 3)])
    write_mask(tmp_path / "a.seg.dcm", MaskDocument(np.minimum(labels(), 1), grid.geometry, classes, source))
    assert read_content(tmp_path / "a.seg.dcm").names == {1: name}
    assert len(pydicom.dcmread(tmp_path / "a.seg.dcm").SegmentSequence[0].SegmentLabel) <= 64


def test_that_a_series_without_identifiers_gets_a_mask_by_position(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct", tags_of=lambda _: {"SOPInstanceUID": "", "FrameOfReferenceUID": ""})
    write_mask(tmp_path / "a.seg.dcm", document(source, grid, labels(), identified=True))
    assert np.array_equal(read_content_onto(tmp_path / "a.seg.dcm", grid).values, labels())
    assert FORMATS["dicom_seg"].refers_to(tmp_path / "a.seg.dcm", source) is not False


def test_that_a_picture_without_a_place_can_be_written(tmp_path: Path, write_slice: Write) -> None:
    none = {"ImagePositionPatient": None, "ImageOrientationPatient": None, "PixelSpacing": None}
    source = Source(write_slice(tmp_path / "a.dcm", np.ones((7, 9), np.uint16), **none))
    scan = read(source)
    for identified in (False, True):
        write_mask(tmp_path / "m.seg.dcm", MaskDocument(labels((1, 7, 9)), scan.geometry, CLASSES, source, identified=identified))
        content = read_content_onto(tmp_path / "m.seg.dcm", MaskGrid(scan.shape, scan.geometry, source))
        assert np.array_equal(content.values, labels((1, 7, 9)))
        segread(tmp_path / "m.seg.dcm")


def test_that_frames_of_one_file_are_referred_to_by_number(tmp_path: Path, write_slice: Write) -> None:
    order = [3, 0, 4, 1, 2]
    groups = []
    for k in order:
        place, group = Dataset(), Dataset()
        place.ImagePositionPatient = [0, 0, 3.0 * k]
        group.PlanePositionSequence = [place]
        groups.append(group)
    pixels = np.zeros(SHAPE, "<i2").tobytes()
    tags = {"NumberOfFrames": 5, "PixelData": pixels, "PerFrameFunctionalGroupsSequence": groups, "ImagePositionPatient": None}
    source = Source(write_slice(tmp_path / "a.dcm", np.zeros((7, 9), np.int16), **tags))
    scan = read(source)
    write_mask(tmp_path / "m.seg.dcm", MaskDocument(labels(), scan.geometry, CLASSES, source, identified=True))
    grid = MaskGrid(scan.shape, scan.geometry, source)
    assert np.array_equal(read_content_onto(tmp_path / "m.seg.dcm", grid).values, labels())
    seg = segread(tmp_path / "m.seg.dcm")
    for group in seg.PerFrameFunctionalGroupsSequence:
        k = round(float(group.PlanePositionSequence[0].ImagePositionPatient[2]) / 3)
        (reference,) = group.DerivationImageSequence[0].SourceImageSequence
        assert reference.ReferencedFrameNumber == order.index(k) + 1
        assert reference.ReferencedSOPInstanceUID == pydicom.dcmread(source.path).SOPInstanceUID


@pytest.mark.parametrize("name", ["dicom_seg", "rtstruct"])
def test_that_a_mask_of_one_of_two_echoes_in_a_file_names_the_frames_of_this_echo(tmp_path: Path, write_slice: Write, name: str) -> None:
    groups = []
    for k, echo in itertools.product(range(5), (5.0, 12.5)):
        place, time, group = Dataset(), Dataset(), Dataset()
        place.ImagePositionPatient, time.EffectiveEchoTime = [0, 0, 3.0 * k], echo
        group.PlanePositionSequence, group.MREchoSequence = [place], [time]
        groups.append(group)
    pixels = np.zeros((10, *SHAPE[1:]), "<i2").tobytes()
    tags = {"NumberOfFrames": 10, "PixelData": pixels, "PerFrameFunctionalGroupsSequence": groups, "ImagePositionPatient": None}
    sources = discover([write_slice(tmp_path / "a.dcm", np.zeros((7, 9), np.int16), **tags)])
    assert [read(source).name for source in sources] == ["a, echo 1", "a, echo 2"]
    for echo, source in enumerate(sources):
        scan, path = read(source), tmp_path / f"{echo}{FORMATS[name].suffixes[0]}"
        write_mask(path, MaskDocument(labels(), scan.geometry, CLASSES, source, identified=True))
        numbers = {int(item.value) for item in pydicom.dcmread(path).iterall() if item.keyword == "ReferencedFrameNumber"}
        assert numbers
        assert numbers <= set(range(1 + echo, 11, 2))
        assert [FORMATS[name].refers_to(path, one) for one in sources] == [echo == 0, echo == 1]
        assert np.array_equal(read_content_onto(path, MaskGrid(scan.shape, scan.geometry, source)).values, labels())


def test_that_labels_on_a_straightened_volume_go_to_the_tilted_slices_and_back(tmp_path: Path, write_series: Write) -> None:
    source, grid, values = tilted_series(write_series, tmp_path / "ct")
    path = tmp_path / "a.seg.dcm"
    write_mask(path, document(source, grid, values, identified=True))
    seg = segread(path)
    slices = sorted(map(pydicom.dcmread, FORMATS["dicom"].files(source)), key=lambda one: one.ImagePositionPatient[2])
    stored = seg.get_pixels_by_source_instance([one.SOPInstanceUID for one in slices], combine_segments=True)
    assert np.array_equal(stored, labels())
    assert np.array_equal(read_content_onto(path, grid).values, values)


@pytest.mark.parametrize("identified", [False, True])
def test_that_labels_on_a_slide_are_written_as_tiles(tmp_path: Path, write_slice: Write, identified: bool) -> None:
    size = {"TotalPixelMatrixRows": 10, "TotalPixelMatrixColumns": 13, "NumberOfFrames": 12, "DimensionOrganizationType": "TILED_FULL"}
    tiles = np.zeros((12, 4, 4), "<i2")
    none = {"ImagePositionPatient": None, "ImageOrientationPatient": None}
    source = Source(write_slice(tmp_path / "a.dcm", tiles[0], PixelData=tiles.tobytes(), **size, **none, **TAGS))
    scan = read(source)
    values = np.zeros((1, 10, 13), np.uint8)
    values[0, 1:7, 2:6], values[0, 5:10, 8:13] = 1, 2
    path = tmp_path / "m.seg.dcm"
    write_mask(path, MaskDocument(values, scan.geometry, CLASSES, source, identified=identified))
    assert np.array_equal(segread(path).get_total_pixel_matrix(combine_segments=True), values[0])
    assert np.array_equal(read_content_onto(path, MaskGrid(scan.shape, scan.geometry, source)).values, values)
    instance = pydicom.dcmread(source.path).SOPInstanceUID.encode()
    assert (instance in path.read_bytes()) == identified
    assert [FORMATS[name].suits(source, volume=False) for name in ("dicom_seg", "rtstruct")] == [True, False]
    with pytest.raises(FormatError, match="does not say where it lies in the patient"):
        write_mask(tmp_path / "m.rtstruct.dcm", MaskDocument(values, scan.geometry, CLASSES, source))
    write_mask(path, MaskDocument(np.zeros_like(values), scan.geometry, CLASSES, source, identified=identified))
    assert not read_content_onto(path, MaskGrid(scan.shape, scan.geometry, source)).values.any()


def test_that_levels_between_uneven_slices_take_the_nearest_one(tmp_path: Path, write_series: Write) -> None:
    write_series(tmp_path / "ct", np.zeros((7, 7, 9), np.int16), skip=(1, 3), tags_of=lambda _: TAGS)  # slices at 0, 2, 4, 5 and 6
    source = Source(tmp_path / "ct")
    affine = np.diag([0.0, 0.0, 0.0, 1.0])
    affine[:3, 3] = (-11.0, 20.0, 30.0)
    affine[2, 0], affine[1, 1], affine[0, 2] = 3.0, 0.8, 0.5
    grid = MaskGrid((7, 7, 9), Geometry.from_affine(affine), source)
    values = labels((7, 7, 9))
    write_mask(tmp_path / "a.seg.dcm", document(source, grid, values))
    back = read_content_onto(tmp_path / "a.seg.dcm", grid).values
    assert np.array_equal(back[[0, 2, 4, 5, 6]], values[[0, 2, 4, 5, 6]])
    assert all(any(np.array_equal(back[n], values[m]) for m in (n - 1, n + 1)) for n in (1, 3))


def test_that_only_dicom_images_get_a_segmentation(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    (tmp_path / "a.pgm").write_bytes(b"P5 9 7 255\n" + bytes(63))
    seg = FORMATS["dicom_seg"]
    assert seg.suits(source, volume=True)
    assert not seg.suits(Source(tmp_path / "a.pgm"), volume=False)
    with pytest.raises(FormatError, match="only for a DICOM image"):
        write_mask(tmp_path / "a.seg.dcm", MaskDocument(labels((1, 7, 9)), source=Source(tmp_path / "a.pgm")))
    with pytest.raises(FormatError, match="only for a DICOM image"):
        write_mask(tmp_path / "a.seg.dcm", MaskDocument(labels()))
    with pytest.raises(FormatError, match="not those that the labels were drawn on"):
        write_mask(tmp_path / "a.seg.dcm", document(source, grid, labels((6, 7, 9))))
    (tmp_path / "ct").rename(tmp_path / "moved")
    with pytest.raises(FormatError, match="the image is not there"):
        write_mask(tmp_path / "a.seg.dcm", document(source, grid, labels()))


def test_that_frames_without_a_place_are_refused(tmp_path: Path, write_slice: Write) -> None:
    film = {"NumberOfFrames": 5, "PixelData": np.zeros(SHAPE, "<i2").tobytes(), "ImagePositionPatient": None}
    source = Source(write_slice(tmp_path / "a.dcm", np.zeros((7, 9), np.int16), **film))
    assert [FORMATS[name].suits(source, volume=True) for name in ("dicom_seg", "rtstruct")] == [False, False]
    with pytest.raises(FormatError, match="no known place"):
        write_mask(tmp_path / "m.seg.dcm", MaskDocument(labels(), read(source).geometry, CLASSES, source))


def test_that_numbered_objects_are_segments_of_their_own(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    write_mask(tmp_path / "a.seg.dcm", MaskDocument(labels().astype(np.uint16) * 3, grid.geometry, CLASSES, source))
    content = read_content_onto(tmp_path / "a.seg.dcm", grid)
    assert content.names == {1: "3", 2: "6"}
    assert np.array_equal(content.values, labels())
