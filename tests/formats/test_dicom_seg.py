"""DICOM segmentations, as other programs write them, are read as they are."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from formats.dicom_masks import (
    AXIAL,
    DESCENDING,
    FRAME,
    OBLIQUE,
    SAGITTAL,
    SHAPE,
    TAGS,
    Write,
    document,
    labels,
    series,
)
from highdicom import Volume
from highdicom.seg import Segmentation, SegmentDescription, segread
from highdicom.sr.coding import CodedConcept
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian, JPEG2000Lossless, RLELossless, generate_uid

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import FORMATS, MaskGrid, discover, read, write_mask
from unetstudio.formats.finding.recognition import format_name, stem
from unetstudio.formats.masks.mask_files import read_content, read_content_onto


def described(number: int, label: str) -> SegmentDescription:
    code = CodedConcept("85756007", "SCT", "Tissue")
    return SegmentDescription(number, label, code, code, "MANUAL")


def segment_masks(
    source: Source, pixels: NDArray[Any], kind: str, syntax: str = ExplicitVRLittleEndian, count: int = 2, **more: Any
) -> Segmentation:
    """Let highdicom make a segmentation of (Z, Y, X, segments), or of a label map (Z, Y, X), in the order of positions."""
    slices = [pydicom.dcmread(path) for path in FORMATS["dicom"].files(source)]
    slices.sort(key=lambda one: float(one.ImagePositionPatient[2]))
    for one in slices:
        for keyword in ("PatientSex", "AccessionNumber", "StudyID", "StudyDate", "StudyTime"):
            setattr(one, keyword, None)
    names = [described(n, f"s{n}") for n in range(1, count + 1)]
    about = ("U", "M", "1", "1")
    return Segmentation(slices, pixels, kind, names, generate_uid(), 9, generate_uid(), 1, *about, transfer_syntax_uid=syntax, **more)


def moved(seg: Dataset, by: tuple[float, float, float]) -> Dataset:
    """Move all frames by mm."""
    groups = []
    for old in seg.PerFrameFunctionalGroupsSequence:
        group, place = Dataset(), Dataset()
        group.update(old)
        place.ImagePositionPatient = [float(n) + m for n, m in zip(old.PlanePositionSequence[0].ImagePositionPatient, by, strict=True)]
        group.PlanePositionSequence = [place]
        groups.append(group)
    seg.PerFrameFunctionalGroupsSequence = groups
    return seg


def saved(dataset: Dataset, path: Path) -> Path:
    dataset.save_as(path, enforce_file_format=True)
    return path


def test_that_disjoint_segments_keep_their_numbers_names_and_colours(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    seg = segment_masks(source, labels(), "BINARY")
    seg.SegmentSequence[1].RecommendedDisplayCIELabValue = [41661, 41167, 40792]
    content = read_content_onto(saved(seg, tmp_path / "a.dcm"), grid)
    assert np.array_equal(content.values, labels())
    assert (dict(content.names), dict(content.colours)) == ({1: "s1", 2: "s2"}, {2: (221, 130, 101)})
    assert (content.numbered, content.notes) == (False, ())


@pytest.mark.parametrize("orientation", [AXIAL, OBLIQUE, DESCENDING, SAGITTAL])
def test_that_omitted_frames_are_empty_slices_of_the_scan(tmp_path: Path, write_series: Write, orientation: tuple[float, ...]) -> None:
    source, grid = series(write_series, tmp_path / "ct", orientation=orientation)
    values = labels()
    values[[0, 2, 4]] = 0
    path = tmp_path / "a.seg.dcm"
    write_mask(path, document(source, grid, values))
    assert pydicom.dcmread(path).NumberOfFrames == 4
    assert np.array_equal(read_content_onto(path, grid).values, values)


def test_that_without_a_scan_the_frames_span_the_volume(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    values = labels()
    values[[0, 2]] = 0
    path = saved(segment_masks(source, values, "BINARY"), tmp_path / "a.dcm")
    content = read_content(path)
    assert np.array_equal(content.values, values[1:])
    assert np.allclose(content.geometry.matrix[:3, 3], grid.geometry.matrix[:3, 3] + grid.geometry.matrix[:3, 0])
    assert content.geometry.spacing == pytest.approx(grid.geometry.spacing)


def test_that_the_order_of_frames_does_not_matter(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    seg = segment_masks(source, labels(), "FRACTIONAL")
    order = np.random.default_rng(0).permutation(int(seg.NumberOfFrames))
    seg.PixelData = seg.pixel_array[order].tobytes() + b"\0" * (seg.pixel_array.size % 2)
    seg.PerFrameFunctionalGroupsSequence = [seg.PerFrameFunctionalGroupsSequence[int(n)] for n in order]
    assert np.array_equal(read_content_onto(saved(seg, tmp_path / "a.dcm"), grid).values, labels())


def test_that_the_later_of_overlapping_segments_is_on_top_and_the_overlap_is_counted(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    both = np.zeros((*SHAPE, 2), np.uint8)
    both[1:4, 1:5, 1:5, 0] = 1
    both[3:5, 2:6, 2:6, 1] = 1
    content = read_content_onto(saved(segment_masks(source, both, "BINARY"), tmp_path / "a.dcm"), grid)
    assert np.array_equal(content.values, np.where(both[..., 1], 2, both[..., 0]))
    (note,) = content.notes
    assert f"overlap in {np.count_nonzero(both.all(-1))} voxels" in note


def test_that_fractions_are_cut_at_half_of_the_largest_value_with_a_note(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    fractions = np.zeros((*SHAPE, 1))
    fractions[2, 1, 1:5, 0] = [0.2, 0.49, 0.5, 1.0]
    seg = segment_masks(source, fractions, "FRACTIONAL", count=1, max_fractional_value=200)
    content = read_content_onto(saved(seg, tmp_path / "a.dcm"), grid)
    assert content.values[2, 1, 1:5].tolist() == [0, 0, 1, 1]
    assert content.values.sum() == 2
    assert "3 voxels lie between" in content.notes[0]


@pytest.mark.parametrize(
    ("kind", "syntax"),
    [("LABELMAP", ExplicitVRLittleEndian), ("LABELMAP", RLELossless), ("FRACTIONAL", RLELossless)],
)
def test_that_label_maps_and_compressed_segments_are_read(tmp_path: Path, write_series: Write, kind: str, syntax: str) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    content = read_content_onto(saved(segment_masks(source, labels(), kind, syntax), tmp_path / "a.dcm"), grid)
    assert np.array_equal(content.values, labels())
    assert content.names == {1: "s1", 2: "s2"}
    assert content.notes == ()


def test_that_binary_segments_in_jpeg_2000_are_read(tmp_path: Path, write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", np.zeros((3, 40, 41), np.int16), tags_of=lambda _: TAGS)
    (source,) = discover([folder])
    values = labels((3, 40, 41))
    path = saved(segment_masks(source, values, "BINARY", JPEG2000Lossless), tmp_path / "a.dcm")
    assert np.array_equal(read_content(path).values, values)


def test_that_a_label_map_holds_numbers_beyond_a_byte(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    many = np.arange(315, dtype=np.uint16).reshape(SHAPE)
    content = read_content_onto(saved(segment_masks(source, many, "LABELMAP", count=314), tmp_path / "a.dcm"), grid)
    assert np.array_equal(content.values, many)


@pytest.mark.parametrize("shift", [0.2, 1.5])
def test_that_frames_between_the_slices_are_refused(tmp_path: Path, write_series: Write, shift: float) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    seg = segment_masks(source, labels(), "BINARY")
    moved(seg, (0, 0, shift * 3.0))
    with pytest.raises(FormatError, match="lie elsewhere than the slices"):
        read_content_onto(saved(seg, tmp_path / "a.dcm"), grid)


def test_that_a_shift_of_a_twentieth_of_a_voxel_is_the_same_place(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    seg = segment_masks(source, labels(), "BINARY")
    moved(seg, (0, 0, 0.15))
    assert np.array_equal(read_content_onto(saved(seg, tmp_path / "a.dcm"), grid).values, labels())


def test_that_segments_beyond_the_image_are_refused_or_counted(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    seg = segment_masks(source, labels(), "BINARY")
    moved(seg, (0, 0, 6.0))
    content = read_content_onto(saved(seg, tmp_path / "a.dcm"), grid)
    assert np.array_equal(content.values[2:], labels()[:3])
    assert f"{np.count_nonzero(labels()[3:])} of its voxels lie beyond" in content.notes[0]
    moved(seg, (0, 0, 60.0))
    with pytest.raises(FormatError, match="all its segments lie beyond the image"):
        read_content_onto(saved(seg, tmp_path / "b.dcm"), grid)


def test_that_a_cropped_segmentation_lies_where_it_was_cut_out(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    seg = segment_masks(source, labels(), "FRACTIONAL")
    frames = seg.pixel_array[:, 2:6, 3:8]
    seg.Rows, seg.Columns, seg.PixelData = 4, 5, frames.tobytes()
    moved(seg, (3 * 0.5, 2 * 0.8, 0))
    values = read_content_onto(saved(seg, tmp_path / "a.dcm"), grid).values
    assert np.array_equal(values[:, 2:6, 3:8], labels()[:, 2:6, 3:8])
    assert np.count_nonzero(values) == np.count_nonzero(labels()[:, 2:6, 3:8])


def test_that_sagittal_frames_lie_across_the_slices(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    volume = Volume(labels(), grid.geometry.matrix[:, [0, 1, 2, 3]], "PATIENT", frame_of_reference_uid=FRAME)
    turned = volume.permute_spatial_axes([2, 0, 1]).flip_spatial([0, 1])
    seg = segment_masks(source, turned, "BINARY")
    assert (seg.Rows, seg.Columns) == (5, 7)
    assert np.array_equal(read_content_onto(saved(seg, tmp_path / "a.dcm"), grid).values, labels())


def test_that_tiles_without_a_place_go_row_by_row_and_several_planes_are_refused(tmp_path: Path) -> None:
    seg = bare_segmentation(np.zeros((5, 4, 4), bool), names=["tumour"])
    seg.TotalPixelMatrixRows, seg.TotalPixelMatrixColumns, seg.DimensionOrganizationType = 8, 8, "TILED_FULL"
    with pytest.raises(FormatError, match="several focal planes"):
        read_content(saved(seg, tmp_path / "a.dcm"))
    seg.DimensionOrganizationType = "TILED_SPARSE"
    with pytest.raises(FormatError, match="do not say where they lie"):
        read_content(saved(seg, tmp_path / "b.dcm"))


def test_that_a_slide_of_another_program_is_read(tmp_path: Path, shared_data: Path) -> None:
    image = pydicom.dcmread(shared_data / "dicom_seg" / "highdicom_sm_image.dcm")
    whole = np.zeros((1, 50, 50), np.uint8)
    whole[0, 3:25, 5:25], whole[0, 16:46, 16:48] = 1, 2
    names = [described(1, "tumour"), described(2, "stroma")]
    more: dict[str, Any] = {"tile_pixel_array": True, "tile_size": (7, 9)}
    for kind in ("BINARY", "LABELMAP"):
        seg = Segmentation([image], whole, kind, names, generate_uid(), 9, generate_uid(), 1, "U", "M", "1", "1", **more)
        assert np.array_equal(read_content(saved(seg, tmp_path / "a.dcm"), MaskGrid((1, 50, 50))).values, whole)


@pytest.mark.parametrize("organisation", ["TILED_FULL", "TILED_SPARSE"])
def test_that_tiles_of_a_slide_are_one_mask(tmp_path: Path, organisation: str) -> None:
    whole = np.zeros((10, 13), np.uint8)
    whole[1:7, 2:9], whole[5:10, 8:13] = 1, 2
    places = [(y, x) for y in range(0, 10, 4) for x in range(0, 13, 4)]
    padded = np.pad(whole, ((0, 2), (0, 3)))
    frames, groups = [], []
    for segment in (1, 2):
        for y, x in places:
            tile = padded[y : y + 4, x : x + 4] == segment
            if organisation == "TILED_FULL" or tile.any():
                frames.append(tile)
                position, identified, group = Dataset(), Dataset(), Dataset()
                position.RowPositionInTotalImagePixelMatrix, position.ColumnPositionInTotalImagePixelMatrix = y + 1, x + 1
                identified.ReferencedSegmentNumber = segment
                group.PlanePositionSlideSequence, group.SegmentIdentificationSequence = [position], [identified]
                groups.append(group)
    order = slice(None) if organisation == "TILED_FULL" else slice(None, None, -1)
    seg = bare_segmentation(np.array(frames)[order], names=["tumour", "stroma"])
    seg.TotalPixelMatrixRows, seg.TotalPixelMatrixColumns, seg.DimensionOrganizationType = 10, 13, organisation
    if organisation == "TILED_SPARSE":
        seg.PerFrameFunctionalGroupsSequence = groups[order]
    content = read_content(saved(seg, tmp_path / "a.dcm"), MaskGrid((1, 10, 13)))
    assert np.array_equal(content.values[0], whole)
    assert content.names == {1: "tumour", 2: "stroma"}


def bare_segmentation(frames: NDArray[np.bool_], names: list[str]) -> Dataset:
    """Make a binary segmentation that says nothing but its frames (N, Y, X) and segments."""
    dataset = Dataset()
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.66.4"
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    dataset.SegmentationType, dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = "BINARY", 1, 1, 0
    dataset.PixelRepresentation, dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 0, 1, "MONOCHROME2"
    dataset.NumberOfFrames, dataset.Rows, dataset.Columns = frames.shape
    bits = np.packbits(frames.ravel(), bitorder="little").tobytes()
    dataset.PixelData = bits + b"\0" * (len(bits) % 2)
    dataset.SegmentSequence = []
    for number, name in enumerate(names, start=1):
        item = Dataset()
        item.SegmentNumber, item.SegmentLabel = number, name
        dataset.SegmentSequence.append(item)
    return dataset


def test_that_single_bits_in_run_lengths_are_read(tmp_path: Path) -> None:
    frames = labels() == 1
    seg = bare_segmentation(frames, ["nerve"])

    def packed(frame: NDArray[np.bool_]) -> bytes:
        bits = np.packbits(frame.ravel(), bitorder="little").tobytes()
        data = bytes([len(bits) - 1]) + bits
        return np.array([1, 64, *[0] * 14], "<u4").tobytes() + data + b"\0" * (len(data) % 2)

    seg.PixelData = encapsulate([packed(frame) for frame in frames])
    seg["PixelData"].VR, seg["PixelData"].is_undefined_length = "OB", True
    seg.file_meta.TransferSyntaxUID = RLELossless
    assert np.array_equal(read_content(saved(seg, tmp_path / "a.dcm"), MaskGrid(SHAPE)).values, frames)


def test_that_frames_that_are_deflated_one_by_one_are_read(tmp_path: Path) -> None:
    frames = labels() == 1
    seg = bare_segmentation(frames, ["nerve"])

    def packed(frame: NDArray[np.bool_]) -> bytes:
        deflate = zlib.compressobj(wbits=-15)
        data = deflate.compress(np.packbits(frame.ravel(), bitorder="little").tobytes()) + deflate.flush()
        return data + b"\0" * (len(data) % 2)

    seg.PixelData = encapsulate([packed(frame) for frame in frames])
    seg["PixelData"].VR, seg["PixelData"].is_undefined_length = "OB", True
    seg.file_meta.TransferSyntaxUID = JPEG2000Lossless
    path = saved(seg, tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes().replace(JPEG2000Lossless.encode(), b"1.2.840.10008.1.2.8.1\0"))
    assert np.array_equal(read_content(path, MaskGrid(SHAPE)).values, frames)


def test_that_frames_without_positions_are_taken_in_order_or_refused(tmp_path: Path) -> None:
    path = saved(bare_segmentation(labels() == 1, ["nerve"]), tmp_path / "a.dcm")
    content = read_content(path, MaskGrid(SHAPE))
    assert np.array_equal(content.values, labels() == 1)
    assert "taken as the slices in their order" in content.notes[0]
    with pytest.raises(FormatError, match="do not say where they lie"):
        read_content(path, MaskGrid((6, 7, 9)))


def test_that_frames_that_do_not_name_their_segment_are_refused(tmp_path: Path) -> None:
    path = saved(bare_segmentation(labels() == 1, ["nerve", "vessel"]), tmp_path / "a.dcm")
    with pytest.raises(FormatError, match="do not say which segment"):
        read_content(path, MaskGrid(SHAPE))


def test_that_a_shortened_file_is_refused(tmp_path: Path) -> None:
    path = saved(bare_segmentation(labels() == 1, ["nerve"]), tmp_path / "a.dcm")
    path.write_bytes(path.read_bytes()[:-400])
    with pytest.raises(FormatError, match="cut short"):
        read_content(path, MaskGrid(SHAPE))


def test_that_a_segmentation_is_never_an_image(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    path = tmp_path / "ct" / "case.seg.dcm"
    write_mask(path, document(source, grid, labels()))
    assert format_name(path) == "dicom_seg"
    assert discover([tmp_path / "ct"]) == [source]
    assert read(source).shape == SHAPE
    with pytest.raises(FormatError, match=r"holds masks and no image; open its image first"):
        discover([path])
    assert np.array_equal(read(path).voxels[0], labels())
    assert stem(path) == "case"


def test_that_a_segmentation_without_preamble_is_recognised(tmp_path: Path) -> None:
    seg = bare_segmentation(labels() == 1, ["nerve"])
    for implicit in (False, True):
        seg.file_meta = pydicom.dataset.FileMetaDataset()
        pydicom.dcmwrite(tmp_path / "a", seg, implicit_vr=implicit, little_endian=True, enforce_file_format=False)
        assert format_name(tmp_path / "a") == "dicom_seg"


def test_that_it_names_the_series_that_it_was_drawn_on(tmp_path: Path, write_series: Write) -> None:
    source, grid = series(write_series, tmp_path / "ct")
    other, _ = series(write_series, tmp_path / "other", series="1.2.4")
    strange, _ = series(write_series, tmp_path / "strange", series="1.2.5", tags_of=lambda _: {"FrameOfReferenceUID": "1.9"})
    seg = FORMATS["dicom_seg"]
    named, anonymous = tmp_path / "a.seg.dcm", tmp_path / "b.seg.dcm"
    write_mask(named, document(source, grid, labels(), identified=True))
    write_mask(anonymous, document(source, grid, labels()))
    assert [seg.refers_to(named, one) for one in (source, other, strange)] == [True, False, False]
    assert [seg.refers_to(anonymous, one) for one in (source, strange)] == [True, None]
    assert seg.refers_to(named, Source(tmp_path / "gone.png")) is None
    content = read_content_onto(named, MaskGrid(grid.shape, grid.geometry, other))
    assert "drawn on another series" in content.notes[0]


def test_that_real_segmentations_belong_to_the_slices_of_their_series(shared_data: Path) -> None:
    folder = shared_data / "reports" / "masks" / "dicom_seg"
    if not folder.is_dir():
        pytest.skip("no real segmentations here")
    (source,) = discover([shared_data / "dicom_series" / "ct_totalseg_20slices"])
    scan = read(source)
    grid = MaskGrid(scan.shape, scan.geometry, source)
    for name, counts in (("two_disjoint", [50_000, 50_000]), ("part", [75_000])):
        content = read_content_onto(folder / name / "ct_totalseg_20slices.dcm", grid)
        assert np.bincount(content.values.ravel())[1:].tolist() == counts


def test_that_real_compressed_segmentations_hold_the_same_voxels(shared_data: Path) -> None:
    expected = read_content(shared_data / "dicom_seg" / "liver_seg.dcm").values
    for kind in ("deflate", "rle", "j2k"):
        content = read_content(shared_data / "formats" / "valid" / "dicom" / f"pydicomdata__liver_{kind}.dcm")
        assert np.array_equal(content.values, expected), kind


def test_that_a_slicer_segmentation_has_the_voxels_of_highdicom(shared_data: Path) -> None:
    path = shared_data / "dicom_seg" / "liver_seg.dcm"
    (source,) = discover([shared_data / "dicom_seg" / "ct-3slice"])
    scan = read(source)
    content = read_content_onto(path, MaskGrid(scan.shape, scan.geometry, source))
    volume = segread(path).get_volume(combine_segments=True)
    index = scan.geometry.matrix[:3, 3]
    flipped = np.allclose(volume.affine[:3, 3], index, atol=0.01)
    assert np.array_equal(content.values, volume.array if flipped else volume.array[::-1])
    assert (content.names, content.notes) == ({1: "Liver"}, ())
