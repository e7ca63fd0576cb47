"""The feature bank of volumes."""

import json
from typing import Any

import numpy as np
import pytest

from unetstudio.data.geometry import Geometry
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, UserError
from unetstudio.pixel_classifier.volume_bank import VolumeBank

SHAPE = (24, 40, 44)


def volume(kind: str = "NIfTI", geometry: Geometry | None = None, seed: int = 0) -> Scan:
    """Make a noisy ball on a dark ground."""
    z, y, x = np.meshgrid(*(np.linspace(-1, 1, n) for n in SHAPE), indexing="ij")
    voxels = 200.0 * (z * z + y * y + x * x < 0.5) + np.random.default_rng(seed).normal(0, 20, SHAPE)
    return Scan(voxels[None].clip(0).astype(np.float32), geometry or Geometry((2.0, 1.0, 1.0)), "ball", kind)


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (7.5, 0.5, 0.5), (0.4, 1.0, 1.0)])
def test_that_a_region_has_the_features_of_the_whole_scan(spacing: tuple[float, float, float]) -> None:
    scan = volume(geometry=Geometry(spacing))
    bank = VolumeBank.fit([scan])
    whole = bank.features(scan, Region.whole(scan.shape))
    assert whole.shape == (bank.count, *SHAPE) and whole.dtype == np.float32
    for region in (Region((7, 17, 20), (8, 23, 29)), Region((0, 0, 40), (2, 40, 44)), Region((23, 39, 0), (24, 40, 1))):
        np.testing.assert_allclose(bank.features(scan, region), whole[(slice(None), *region.slices)], atol=1e-3)


def test_that_only_the_context_of_a_region_is_read() -> None:
    scan = volume(geometry=Geometry((7.5, 0.5, 0.5)))
    bank = VolumeBank.fit([scan])
    bank.features(scan, Region((0, 0, 0), (1, 1, 1)))  # measures the scan

    class Recorder:
        shape, dtype, nbytes = scan.voxels.shape, scan.voxels.dtype, scan.voxels.nbytes
        read = 0

        def __getitem__(self, index: Any) -> Any:
            part = scan.array[index]
            self.read += part.size
            return part

    lazy = Scan(Recorder(), scan.geometry, kind=scan.kind)
    bank.features(lazy, Region((4, 5, 5), (5, 6, 6)))
    measured = lazy.voxels.read  # type: ignore[attr-defined]
    bank.features(lazy, Region((4, 5, 5), (5, 6, 6)))
    assert 0 < lazy.voxels.read - measured <= 7 * 22 * 22  # type: ignore[attr-defined]


def test_that_mr_volumes_are_scaled_one_by_one() -> None:
    scan = volume()
    brighter = Scan(scan.array * 7 + 100, scan.geometry, scan.name, scan.kind)
    bank = VolumeBank.fit([scan, brighter])
    region = Region((10, 15, 15), (14, 25, 25))
    np.testing.assert_allclose(bank.features(brighter, region), bank.features(scan, region), atol=1e-2)


def test_that_ct_is_filtered_in_two_windows() -> None:
    air = Scan(volume().array - 1000, Geometry((2.0, 1.0, 1.0)), kind="DICOM CT")
    assert VolumeBank.fit([air]).count > VolumeBank.fit([volume()]).count
    assert len(VolumeBank.fit([air]).features(air, Region((0, 0, 0), (2, 3, 4)))) == VolumeBank.fit([air]).count


def test_that_scales_are_measured_in_millimetres() -> None:
    scan = volume(geometry=Geometry((2.0, 1.0, 1.0)))
    finer = Scan(scan.array.repeat(2, axis=1), Geometry((1.0, 1.0, 1.0)), kind="NIfTI")
    bank = VolumeBank.fit([scan])
    widest = bank.features(scan, Region((4, 20, 22), (20, 21, 23)))[16, :, 0, 0]
    np.testing.assert_allclose(bank.features(finer, Region((8, 20, 22), (40, 21, 23)))[16, ::2, 0, 0], widest, atol=0.12)
    unscaled = Scan(finer.array, Geometry((2.0, 1.0, 1.0)), kind="NIfTI")
    assert np.abs(bank.features(unscaled, Region((8, 20, 22), (40, 21, 23)))[16, ::2, 0, 0] - widest).max() > 0.2


def test_that_the_neighbour_towards_the_head_is_the_same_in_a_mirrored_file() -> None:
    upright = Geometry.from_affine(np.diag([1.0, 1.0, 1.0, 1.0])[:, [2, 1, 0, 3]])
    turned = Geometry.from_affine(np.diag([1.0, 1.0, -1.0, 1.0])[:, [2, 1, 0, 3]])
    scan = volume(geometry=upright)
    mirrored = Scan(np.ascontiguousarray(scan.array[:, ::-1]), turned, kind="NIfTI")
    bank = VolumeBank.fit([scan])
    features = bank.features(scan, Region((4, 20, 22), (5, 21, 23)))
    np.testing.assert_allclose(bank.features(mirrored, Region((19, 20, 22), (20, 21, 23))), features, atol=1e-3)
    above, below = features[21, 0, 0, 0], features[22, 0, 0, 0]
    assert above > below + 0.5  # the ball lies towards the head of the fifth slice


def test_that_a_bank_can_be_stored() -> None:
    scan = volume()
    bank = VolumeBank.fit([scan])
    again = VolumeBank.from_json(json.loads(json.dumps(bank.to_json())))
    assert again == bank
    region = Region((3, 3, 3), (5, 6, 7))
    np.testing.assert_array_equal(again.features(scan, region), bank.features(scan, region))


@pytest.mark.parametrize(
    "damage",
    [{"unit": 0}, {"unit": float("nan")}, {"unit": None}, {"unit": 1e99}, {"intensity": {}}, {"intensity": None}, {"intensity": "local"}],
)
def test_that_a_damaged_bank_is_refused(damage: dict[str, Any]) -> None:
    values = VolumeBank.fit([volume()]).to_json()
    if damage == {"intensity": "local"}:
        damage = {"intensity": {**values["intensity"], "local": True}}
    with pytest.raises(CheckpointError):
        VolumeBank.from_json({**values, **damage})
    with pytest.raises(CheckpointError):
        VolumeBank.from_json({})


def test_that_a_study_without_scans_has_no_bank() -> None:
    with pytest.raises(UserError):
        VolumeBank.fit([])


@pytest.mark.parametrize("kind", ["NIfTI", ""])
def test_that_an_inverted_volume_has_the_features_of_what_was_learnt(kind: str) -> None:
    scan = volume(kind)
    inverted = Scan(300 - scan.array, scan.geometry, kind=kind, inverted=True, inversion=300.0)
    bank, region = VolumeBank.fit([scan]), Region((7, 17, 20), (8, 23, 29))
    plain, turned = (bank.features(each, region)[:-3] for each in (scan, inverted))  # without the place, which the borders of the body give
    np.testing.assert_allclose(turned, plain, atol=1e-3)
