from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.formats import discover, read

Write = Callable[..., Path]
OBLIQUE = (0.8, 0.6, 0.0, -0.6, 0.8, 0.0)
SAGITTAL = (0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def scans(folder: Path) -> dict[str, Scan]:
    """Read everything below a folder, by name; equal names would hide a scan."""
    listed = [read(source) for source in discover([folder])]
    assert len({scan.name for scan in listed}) == len(listed)
    return {scan.name: scan for scan in listed}


def several(write_series: Write, folder: Path, phantom: NDArray[np.int16], all_tags: list[dict[str, Any]], **more: Any) -> dict[int, Any]:
    """Write one volume for each entry of `all_tags` into one series; return the volumes by the value added to them."""
    volumes = {}
    for n, tags in enumerate(all_tags):
        volumes[n] = phantom + np.int16(400 * n)
        write_series(folder, volumes[n], prefix=f"I{n:02d}_", tags_of=lambda _, tags=tags: tags, **more)
    return volumes


@pytest.mark.parametrize("orientation", [(1.0, 0.0, 0.0, 0.0, 1.0, 0.0), OBLIQUE, SAGITTAL])
def test_that_echoes_parts_and_times_of_one_series_are_told_apart_and_named(
    tmp_path: Path, phantom: NDArray[np.int16], write_series: Write, orientation: tuple[float, ...]
) -> None:
    kinds = list(itertools.product((2.5, 10.0), ("M", "P"), (1, 2, 3)))
    tags = [{"EchoTime": str(e), "ImageType": ["ORIGINAL", "PRIMARY", p], "TemporalPositionIdentifier": t} for e, p, t in kinds]
    volumes = several(write_series, tmp_path / "mr", phantom, tags, orientation=orientation)
    named = scans(tmp_path / "mr")
    for n, (echo, part, time) in enumerate(kinds):
        words = f"mr, echo {1 if echo < 3 else 2}, {'magnitude' if part == 'M' else 'phase'}, time {time}"
        assert np.array_equal(named[words].voxels[0], volumes[n])
        assert named[words].geometry.spacing == pytest.approx((3.0, 0.8, 0.5))
    assert len(named) == 12


def test_that_diffusion_directions_of_one_b_value_are_volumes(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    tags: list[dict[str, Any]] = [{"DiffusionBValue": 0.0}]
    tags += [{"DiffusionBValue": 1000.0, "DiffusionGradientOrientation": list(map(float, row))} for row in np.eye(3)]
    several(write_series, tmp_path / "dwi", phantom, tags)
    names = set(scans(tmp_path / "dwi"))
    assert names == {"dwi, b 0", *(f"dwi, b 1000, direction {n}" for n in (1, 2, 3))}


def test_that_acquisitions_between_each_other_are_two_volumes(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    write_series(tmp_path / "ct", phantom, step=5.0, prefix="A", tags_of=lambda _: {"AcquisitionNumber": 1})
    write_series(tmp_path / "ct", phantom, step=5.0, prefix="B", origin=(-11, 20, 31.3), tags_of=lambda _: {"AcquisitionNumber": 2})
    named = scans(tmp_path / "ct")
    assert set(named) == {"ct, acquisition 1", "ct, acquisition 2"}
    assert all(scan.geometry.spacing == pytest.approx((5.0, 0.8, 0.5)) for scan in named.values())


@pytest.mark.parametrize("offset", [1.3, 2.1])
@pytest.mark.parametrize("tag", ["AcquisitionTime", "InstanceNumber"])
def test_that_acquisitions_between_each_other_are_told_apart_without_their_number(
    tmp_path: Path, phantom: NDArray[np.int16], write_series: Write, offset: float, tag: str
) -> None:
    for n in range(2):
        tags = {"AcquisitionTime": lambda k, n=n: f"10{n}000", "InstanceNumber": lambda k, n=n: 5 * n + k + 1}[tag]
        at = (-11, 20, 30 + n * offset)
        write_series(
            tmp_path / "ct", phantom + np.int16(n), step=5.0, prefix=f"{9 - n}", origin=at, tags_of=lambda k, of=tags: {tag: of(k)}
        )
    first, second = (read(source) for source in discover([tmp_path / "ct"]))
    assert np.array_equal(first.voxels[0], phantom)
    assert np.array_equal(second.voxels[0], phantom + 1)


def test_that_a_slice_with_drawings_takes_no_place_in_the_volume(
    tmp_path: Path, phantom: NDArray[np.int16], write_series: Write, write_slice: Write
) -> None:
    tags = {"ImageType": ["ORIGINAL", "PRIMARY"], "InstanceNumber": 9}
    folder = write_series(tmp_path / "ct", phantom, tags_of=lambda _: tags)
    drawn = {"ImageType": ["DERIVED", "SECONDARY"], "InstanceNumber": 1}
    write_slice(folder / "A", phantom[2] + np.int16(500), position=(-11, 20, 36), **drawn)
    volume = next(read(source) for source in discover([folder]) if source.part)
    assert np.array_equal(volume.voxels[0], phantom)


def test_that_slices_numbered_one_by_one_stay_one_volume(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom, tags_of=lambda k: {"AcquisitionNumber": k, "ContentTime": f"10000{k}", "KVP": "120"})
    assert list(scans(folder)) == ["ct"]


def test_that_repeats_without_any_tag_are_told_apart_by_instance_number(
    tmp_path: Path, phantom: NDArray[np.int16], write_series: Write
) -> None:
    for n in range(3):
        write_series(tmp_path / "mr", phantom + np.int16(n), prefix=f"{9 - n}", tags_of=lambda k, n=n: {"InstanceNumber": 5 * n + k})
    named = scans(tmp_path / "mr")
    assert [int(scan.voxels[0, 0, 0, 0]) for _, scan in sorted(named.items())] == [0, 1, 2]


def test_that_times_that_differ_by_slice_are_ranked_at_each_place(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    for n in range(2):
        write_series(tmp_path / "mr", phantom + np.int16(n), prefix=f"{n}", tags_of=lambda k, n=n: {"TriggerTime": str(40.5 * n + 0.1 * k)})
    named = scans(tmp_path / "mr")
    assert np.array_equal(named["mr, time 2"].voxels[0], phantom + 1)


def test_that_an_echo_with_a_lost_slice_takes_none_from_the_other(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    write_series(tmp_path / "mr", phantom, prefix="A", tags_of=lambda _: {"EchoTime": "2.5"})
    write_series(tmp_path / "mr", phantom + np.int16(9), prefix="B", skip=(4,), tags_of=lambda _: {"EchoTime": "10"})
    named = scans(tmp_path / "mr")
    assert np.array_equal(named["mr, echo 1"].voxels[0], phantom)
    assert np.array_equal(named["mr, echo 2"].voxels[0], phantom[:4] + 9)


def test_that_noise_in_positions_makes_no_places(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    write_series(tmp_path / "mr", phantom, prefix="A", tags_of=lambda _: {"EchoNumbers": 1})
    write_series(tmp_path / "mr", phantom, prefix="B", origin=(-11, 20, 30.0009), tags_of=lambda _: {"EchoNumbers": 2})
    assert sorted(scan.shape for scan in scans(tmp_path / "mr").values()) == [(5, 7, 9), (5, 7, 9)]


def test_that_slices_that_share_one_identifier_are_all_kept(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom, tags_of=lambda _: {"SOPInstanceUID": "1.2.3.4"})
    assert np.array_equal(scans(folder)["ct"].voxels[0], phantom)


def test_that_a_copy_under_another_identifier_counts_once(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom)
    write_series(tmp_path / "ct", phantom, prefix="copy", skip=(0, 1, 3, 4))
    assert np.array_equal(scans(folder)["ct"].voxels[0], phantom)


def test_that_blank_slices_are_no_copies_of_each_other(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    for n in range(2):
        volume = phantom + np.int16(n)
        volume[2] = 0
        write_series(tmp_path / "mr", volume, prefix=f"{n}", tags_of=lambda k, n=n: {"InstanceNumber": 5 * n + k})
    assert [scan.shape[0] for scan in scans(tmp_path / "mr").values()] == [5, 5]


def test_that_a_part_is_known_by_the_same_hash_each_time(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    several(write_series, tmp_path / "mr", phantom, [{"EchoTime": "2"}, {"EchoTime": "4"}])
    sources = discover([tmp_path / "mr"])
    for number, file in enumerate(sorted((tmp_path / "mr").iterdir(), reverse=True)):
        file.rename(file.parent / f"other{number}")
    assert discover([tmp_path / "mr"]) == sources
    assert all(len(source.part) == 12 for source in sources)
    assert discover(sorted((tmp_path / "mr").iterdir())) == sources


def test_that_no_identifier_is_in_the_names(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    several(write_series, tmp_path / "mr", phantom, [{"SeriesInstanceUID": f"1.2.840.999{n}", "PatientID": "CANARY"} for n in range(2)])
    kept = repr([(source, read(source).name, read(source).notes) for source in discover([tmp_path / "mr"])])
    assert "mr 1" in kept and "mr 2" in kept
    assert all(secret not in kept for secret in ("CANARY", "999", "Doe"))


def test_that_a_series_of_an_older_project_is_found_by_its_part(tmp_path: Path, phantom: NDArray[np.int16], write_series: Write) -> None:
    folder = write_series(tmp_path / "ct", phantom, tags_of=lambda _: {"EchoTime": "2.5", "ImageType": ["ORIGINAL", "PRIMARY"]})
    assert read(Source(folder, "49a79ce12a6b")).shape == (5, 7, 9)
