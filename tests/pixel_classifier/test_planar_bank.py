"""Features of pixels in pictures: exact on regions, scaled as the study, and kept in checkpoints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, UserError
from unetstudio.pixel_classifier.cached_bank import CachedBank
from unetstudio.pixel_classifier.classifier import fit_classifier
from unetstudio.pixel_classifier.picture_bank import PictureBank
from unetstudio.pixel_classifier.planar_bank import PlanarBank


def picture(channels: int = 1, shape: tuple[int, int, int] = (1, 230, 220), seed: int = 0) -> Scan:
    rng = np.random.default_rng(seed)
    return Scan(rng.integers(0, 255, (channels, *shape)).astype(np.uint8))


@pytest.mark.parametrize("channels", [1, 3])
def test_that_a_region_has_the_features_of_the_whole_scan(channels: int) -> None:
    scan = picture(channels)
    bank = PlanarBank.fit([scan])
    whole = bank.features(scan, Region.whole(scan.shape))
    assert whole.shape == (bank.count, *scan.shape)
    for region in (Region((0, 100, 90), (1, 117, 111)), Region((0, 0, 200), (1, 9, 220))):
        np.testing.assert_allclose(bank.features(scan, region), whole[(slice(None), *region.slices)], atol=2e-3)


def test_that_the_margin_is_not_larger_than_80_pixels() -> None:
    assert PlanarBank.fit([picture()]).margin <= 80


def test_that_slices_of_a_volume_are_pictures() -> None:
    volume = picture(shape=(3, 40, 50))
    bank = PlanarBank.fit([volume])
    alone = Scan(volume.array[:, 1:2])
    np.testing.assert_array_equal(bank.features(volume, Region((1, 0, 0), (2, 40, 50))), bank.features(alone, Region.whole(alone.shape)))


@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 2, 90), (1, 5, 3)])
def test_that_tiny_pictures_have_finite_features(shape: tuple[int, int, int]) -> None:
    scan = picture(shape=shape)
    assert np.isfinite(PlanarBank.fit([scan]).features(scan, Region.whole(shape))).all()


def test_that_voxels_that_are_no_numbers_do_not_spread() -> None:
    voxels = picture().array.astype(np.float32)
    voxels[0, 0, 50, 50], voxels[0, 0, 60, 60] = np.nan, np.inf
    scan = Scan(voxels)
    assert np.isfinite(PlanarBank.fit([scan]).features(scan, Region.whole(scan.shape))).all()


def test_that_the_second_view_does_not_depend_on_illumination_and_the_first_does() -> None:
    scan = Scan(picture().array.astype(np.float32) + 100)
    other = Scan(scan.array * 0.5 + 20)
    bank = PlanarBank.fit([scan, other])
    a, b = (bank.features(one, Region.whole(one.shape)) for one in (scan, other))
    (plain, _), (normalised, after) = bank.views
    correlated = slice(normalised, after - 4)  # before the deviations, which are those of the light
    assert np.abs(a[correlated] - b[correlated]).mean() < 0.3 * np.abs(a[correlated]).mean()
    assert np.abs(a[plain] - b[plain]).mean() > 0.3


def test_that_the_channel_in_which_the_classes_differ_is_filtered() -> None:
    rng = np.random.default_rng(0)
    voxels = rng.integers(100, 140, (3, 1, 120, 120)).astype(np.uint8)
    voxels[1, 0, 50:60, 50:60] += 60
    scan = Scan(voxels)
    square = np.argwhere(np.ones((1, 6, 6)))
    inside, outside = square + np.array([0, 52, 52]), square + np.array([0, 80, 20])
    painted = (scan, np.concatenate([inside, outside]), np.repeat([1, 0], 36))
    assert PlanarBank.fit([scan], [painted]).axis == (0.0, 1.0, 0.0)
    assert PlanarBank.fit([scan]).axis == pytest.approx((1 / 3, 1 / 3, 1 / 3))


def test_that_grey_goes_with_colour_and_other_numbers_of_channels_do_not() -> None:
    colour, grey = picture(3), picture(1)
    bank = PlanarBank.fit([colour])
    assert bank.features(grey, Region((0, 0, 0), (1, 2, 2))).shape == (bank.count, 1, 2, 2)
    assert PlanarBank.fit([grey]).features(colour, Region((0, 0, 0), (1, 2, 2))).shape[0] == PlanarBank.fit([grey]).count
    with pytest.raises(UserError, match="2 channels"):
        bank.features(picture(2), Region((0, 0, 0), (1, 2, 2)))
    with pytest.raises(UserError, match="no image"):
        PlanarBank.fit([])


def test_that_a_bank_survives_json() -> None:
    bank = PlanarBank.fit([picture(3)])
    assert PlanarBank.from_json(bank.to_json()) == bank


@pytest.mark.parametrize(
    "damage",
    [
        {"kind": "volume"},
        {"ranges": [[1.0, 1.0]]},
        {"ranges": [[0.0, float("inf")]]},
        {"ranges": [[0.0, 1.0], [0.0, 1.0]]},
        {"ranges": "a"},
        {"axis": [float("nan")]},
        {"axis": [2.0]},
        {"axis": None},
        {"ranges": [], "axis": []},
    ],
)
def test_that_a_damaged_bank_is_refused(damage: dict[str, Any]) -> None:
    with pytest.raises(CheckpointError):
        PlanarBank.from_json(PlanarBank.fit([picture()]).to_json() | damage)


@pytest.mark.parametrize("channels", [1, 3])
def test_that_inverted_scans_and_other_bit_depths_have_the_features_of_what_was_learnt(channels: int) -> None:
    scan = picture(channels, (1, 90, 80))
    deep = Scan(scan.array.astype(np.uint16) * 257)
    inverted = Scan(255 - scan.array, inverted=True, inversion=255.0)
    bank, region = PlanarBank.fit([scan]), Region.whole(scan.shape)
    again = PlanarBank.from_json(bank.to_json())
    assert again == bank
    for other in (deep, inverted):
        np.testing.assert_allclose(again.features(other, region), bank.features(scan, region), atol=2e-3)
        assert again.adaptation(other).words
    np.testing.assert_allclose(PlanarBank.fit([inverted]).ranges, bank.ranges)


def test_that_a_bank_of_an_older_checkpoint_takes_scans_as_they_are_stored() -> None:
    scan = picture(shape=(1, 90, 80))
    card = PlanarBank.fit([scan]).to_json()
    del card["learnt"]
    older, region = PlanarBank.from_json(card), Region.whole(scan.shape)
    np.testing.assert_array_equal(older.features(Scan(scan.array, inverted=True), region), older.features(scan, region))


def test_that_a_fitted_classifier_guesses_alike_in_other_bit_depths_and_polarities() -> None:
    rng = np.random.default_rng(0)
    grey = rng.normal(60, 8, (1, 1, 40, 40)).clip(0, 255).astype(np.uint8)
    grey[..., 10:30, 10:30] += 130
    scan, region = Scan(grey), Region.whole((1, 40, 40))
    bank = CachedBank(PictureBank.fit([scan]))
    features = bank.features(scan, region).reshape(bank.bank.count, -1).T
    classes = (grey[0, 0] > 120).astype(np.uint8).reshape(-1)
    painted = rng.permutation(classes.size)[:200]
    classifier = fit_classifier(bank, features[painted], classes[painted], features[:0], 0, 0)
    expected = classifier.log_probabilities(scan, region).argmax(axis=0)
    assert (expected[0] == (grey[0, 0] > 120)).mean() > 0.95
    for other in (Scan(grey.astype(np.uint16) * 257), Scan(255 - grey, inverted=True)):
        assert (classifier.log_probabilities(other, region).argmax(axis=0) == expected).mean() > 0.99
