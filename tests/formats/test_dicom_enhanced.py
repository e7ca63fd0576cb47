from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from unetstudio.data.case import Source
from unetstudio.errors import FormatError
from unetstudio.formats import discover, read, sha256_of
from unetstudio.formats.dicom.source_slices import slices_of

Write = Callable[..., Path]
AXIAL = [1, 0, 0, 0, 1, 0]
SAGITTAL = [0, 1, 0, 0, 0, -1]
ORDER = [3, 0, 4, 1, 2]


def item(**elements: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in elements.items():
        setattr(dataset, keyword, value)
    return dataset


def frame(position: Sequence[float], orientation: Sequence[float] = AXIAL, **sequences: Dataset) -> Dataset:
    """Make the functional groups of one frame."""
    measures = item(PixelSpacing=[0.8, 0.5], SliceThickness=3)
    groups = {"PlanePosition": item(ImagePositionPatient=[f"{n:.3f}" for n in position]), "PixelMeasures": measures}
    groups |= {"PlaneOrientation": item(ImageOrientationPatient=list(orientation)), **sequences}
    return item(**{f"{name}Sequence": [group] for name, group in groups.items()})


@pytest.fixture
def write_enhanced(write_slice: Write) -> Callable[..., Path]:
    """Return write_enhanced(path, pixels (N, Y, X), groups of each frame, ...), a file without a position of its own."""

    def write(path: Path, pixels: NDArray[np.int16], frames: Sequence[Dataset], **tags: Any) -> Path:
        whole = {"ImagePositionPatient": None, "ImageOrientationPatient": None, "PixelSpacing": None}
        values = np.ascontiguousarray(pixels).astype("<i2").tobytes()
        count = {"NumberOfFrames": len(frames), "PerFrameFunctionalGroupsSequence": list(frames)}
        return write_slice(path, pixels[0], PixelData=values, **whole, **count, **tags)

    return write


def test_that_echoes_times_and_parts_in_one_file_are_offered_by_name(
    tmp_path: Path, phantom: NDArray[np.int16], write_enhanced: Write
) -> None:
    kinds = list(itertools.product((5.0, 12.5), ("MAGNITUDE", "PHASE"), (1, 2, 3)))
    frames, pixels = [], []
    for k, (n, (echo, part, time)) in itertools.product(ORDER, enumerate(kinds)):
        content = item(StackID="1", InStackPositionNumber=k + 1, TemporalPositionIndex=time)
        more = {"MREcho": item(EffectiveEchoTime=echo), "MRImageFrameType": item(ComplexImageComponent=part), "FrameContent": content}
        frames.append(frame((0, 0, 3.0 * k), **more))
        pixels.append(phantom[k] + np.int16(400 * n))
    sources = discover([write_enhanced(tmp_path / "mr.dcm", np.stack(pixels), frames)])
    named = {read(source).name: read(source) for source in sources}
    assert {source.path.name for source in sources} == {"mr.dcm"}
    assert len({sha256_of(source) for source in sources}) == len(named) == 12
    for n, (echo, part, time) in enumerate(kinds):
        scan = named[f"mr, echo {1 if echo < 6 else 2}, {part.lower()}, time {time}"]
        assert np.array_equal(scan.voxels[0], phantom + 400 * n)
        assert scan.geometry.spacing == pytest.approx((3.0, 0.8, 0.5))


def test_that_dimension_indices_tell_apart_what_no_other_tag_does(
    tmp_path: Path, phantom: NDArray[np.int16], write_enhanced: Write
) -> None:
    frames = [
        frame((0, 0, 3.0 * k), FrameContent=item(DimensionIndexValues=[n + 1, k + 1])) for n, k in itertools.product(range(2), range(5))
    ]
    pointers = [item(DimensionIndexPointer=0x00209153), item(DimensionIndexPointer=0x00209057)]  # of a time, and of the place in a stack
    path = write_enhanced(tmp_path / "ct.dcm", np.concatenate([phantom, phantom + 9]), frames, DimensionIndexSequence=pointers)
    first, second = (read(source) for source in discover([path]))
    assert np.array_equal(first.voxels[0], phantom)
    assert np.array_equal(second.voxels[0], phantom + 9)
    assert (first.name, second.name) == ("ct, image 1", "ct, image 2")


def test_that_b_values_and_directions_in_one_file_are_volumes(tmp_path: Path, phantom: NDArray[np.int16], write_enhanced: Write) -> None:
    frames = []
    for n, k in itertools.product(range(4), range(5)):
        weighting = item(DiffusionBValue=1000.0 if n else 0.0)
        if n:
            weighting.DiffusionGradientDirectionSequence = [item(DiffusionGradientOrientation=np.eye(3)[n - 1].tolist())]
        frames.append(frame((0, 0, 3.0 * k), MRDiffusion=weighting))
    path = write_enhanced(tmp_path / "dwi.dcm", np.concatenate([phantom + np.int16(n) for n in range(4)]), frames)
    names = [read(source).name for source in discover([path])]
    assert sorted(names) == ["dwi, b 0", *(f"dwi, b 1000, direction {n}" for n in (1, 2, 3))]


def test_that_stacks_of_several_directions_are_named_by_them(tmp_path: Path, phantom: NDArray[np.int16], write_enhanced: Write) -> None:
    frames = [frame((0, 0, 3.0 * k)) for k in range(3)] + [frame((-4.0 * k, 0, 0), SAGITTAL) for k in range(2)]
    path = write_enhanced(tmp_path / "scout.dcm", phantom, frames)
    named = {read(source).name: read(source) for source in discover([tmp_path])}
    assert named["scout, axial"].geometry.spacing == pytest.approx((3.0, 0.8, 0.5))
    assert np.array_equal(named["scout, sagittal"].voxels[0], phantom[3:])
    assert named["scout, sagittal"].geometry.spacing == pytest.approx((4.0, 0.8, 0.5))
    assert discover([path]) == discover([tmp_path])


def test_that_a_film_at_one_place_stays_one_image(tmp_path: Path, phantom: NDArray[np.int16], write_enhanced: Write) -> None:
    frames = [frame((0, 0, 0), FrameContent=item(TemporalPositionIndex=n + 1)) for n in range(5)]
    (source,) = discover([write_enhanced(tmp_path / "cine.dcm", phantom, frames)])
    assert source.part == ""
    assert np.array_equal(read(source).voxels[0], phantom)
    assert read(source).geometry.spacing is None


def test_that_a_file_of_two_images_read_whole_says_so(tmp_path: Path, phantom: NDArray[np.int16], write_enhanced: Write) -> None:
    frames = [frame((0, 0, 3.0 * k), MREcho=item(EffectiveEchoTime=float(n))) for n, k in itertools.product((5, 9), range(5))]
    path = write_enhanced(tmp_path / "mr.dcm", np.concatenate([phantom, phantom]), frames)
    scan = read(path)
    assert scan.shape[0] == 10
    assert scan.geometry.spacing is None
    assert "holds 2 images (echo 1, echo 2)" in scan.notes[0]


def test_that_an_image_that_is_not_in_the_file_is_refused(tmp_path: Path, phantom: NDArray[np.int16], write_enhanced: Write) -> None:
    path = write_enhanced(tmp_path / "mr.dcm", phantom, [frame((0, 0, 3.0 * k)) for k in range(5)])
    with pytest.raises(FormatError, match="not the one meant"):
        read(Source(path, "0123456789ab"))


def test_that_the_frames_behind_an_image_are_known(tmp_path: Path, phantom: NDArray[np.int16], write_enhanced: Write) -> None:
    frames = [frame((0, 0, 3.0 * k), MREcho=item(EffectiveEchoTime=float(n))) for k, n in itertools.product(ORDER, (5, 9))]
    path = write_enhanced(tmp_path / "mr.dcm", np.repeat(phantom[ORDER], 2, 0), frames)
    slices = slices_of(discover([path])[1])
    assert [n for _, n in slices.frames] == [2 * ORDER.index(k) + 1 for k in range(5)]
    assert [plane.position[2] for plane in slices.planes if plane.position] == [0, 3, 6, 9, 12]
