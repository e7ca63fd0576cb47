"""The project's intensity scale."""

from __future__ import annotations

import json

import numpy as np
import pytest

from unetstudio.data.filters import COUNT
from unetstudio.data.filters import MARGIN as FILTER_MARGIN
from unetstudio.data.intensity import LIMIT, Intensity, Window
from unetstudio.data.scan import Scan
from unetstudio.data.voxel_sample import percentiles
from unetstudio.errors import CheckpointError, UserError


def noise(*shape: int, low: float = 0, high: float = 200) -> np.ndarray:
    return np.random.default_rng(1).uniform(low, high, shape)


def test_that_one_scale_keeps_a_dark_image_dark() -> None:
    bright, dark = Scan(noise(1, 1, 40, 40, low=100)), Scan(noise(1, 1, 40, 40, high=20))
    intensity = Intensity.fit([bright, dark])
    assert intensity.prepare(dark.voxels)[0].mean() < -0.7
    assert intensity.prepare(bright.voxels)[0].mean() > 0.2


def test_that_the_local_channel_does_not_see_gain_and_offset() -> None:
    image = noise(1, 1, 60, 60, low=0, high=100)
    intensity = Intensity(1, (Window(0, 0, 400),))
    plain = intensity.prepare(image)
    brighter = Intensity(1, (Window(0, 500, 900),)).prepare(image + 500)
    np.testing.assert_allclose(plain[1], brighter[1], atol=1e-3)


def test_that_a_region_with_its_margin_gives_what_the_whole_gives() -> None:
    image = noise(2, 1, 150, 160)
    intensity = Intensity.fit([Scan(image)])
    whole = intensity.prepare(image)
    m = intensity.margin
    part = intensity.prepare(image[:, :, 60 - m : 80 + m, 0 : 30 + m])
    np.testing.assert_allclose(part[:, :, m : m + 20, :30], whole[:, :, 60:80, :30], atol=1e-5)


def test_that_values_that_are_not_numbers_count_as_the_low_end() -> None:
    image = noise(1, 1, 30, 30)
    image[0, 0, 3, 4], image[0, 0, 5, 6] = np.nan, -np.inf
    channels = Intensity.fit([Scan(image)]).prepare(image)
    assert np.isfinite(channels).all()
    assert channels[0, 0, 3, 4] == -1


@pytest.mark.parametrize("value", [0.0, 7.0, -3e5, np.nan])
def test_that_a_constant_image_has_a_scale(value: float) -> None:
    image = np.full((1, 1, 20, 20), value)
    low, high = percentiles(image)
    assert low < high
    assert np.isfinite(Intensity.fit([Scan(image)]).prepare(image)).all()


def test_that_an_image_of_one_voxel_has_channels() -> None:
    image = np.full((1, 1, 1, 1), 3, np.uint16)
    assert Intensity.fit([Scan(image)]).prepare(image).shape == (2, 1, 1, 1)


def test_that_a_hot_pixel_is_clamped() -> None:
    image = noise(1, 1, 40, 40)
    image[0, 0, 0, 0] = 1e9
    assert np.abs(Intensity.fit([Scan(noise(1, 1, 40, 40))]).prepare(image)).max() <= LIMIT


def test_that_ct_gets_a_soft_tissue_window() -> None:
    scan = Scan(noise(1, 9, 20, 20, low=-1000, high=1500).astype(np.int16), kind="DICOM CT")
    intensity = Intensity.fit([scan])
    assert intensity.channels_out(1) == 3
    tissue = np.full((1, 1, 4, 4), 40, np.int16)
    assert intensity.prepare(tissue)[1].max() == 0


def test_that_grey_goes_with_colour_and_colour_with_grey() -> None:
    grey, colour = Scan(noise(1, 1, 20, 20)), Scan(noise(3, 1, 20, 20))
    assert Intensity.fit([colour, grey]).prepare(grey.voxels).shape == (6, 1, 20, 20)
    assert Intensity.fit([grey]).prepare(colour.voxels).shape == (2, 1, 20, 20)


def test_that_two_channels_do_not_go_with_colour() -> None:
    intensity = Intensity.fit([Scan(noise(3, 1, 20, 20))])
    with pytest.raises(UserError, match="2 channels"):
        intensity.prepare(noise(2, 1, 20, 20))


def test_that_mr_volumes_are_scaled_one_by_one() -> None:
    dark, bright = (Scan(noise(1, 4, 20, 20, high=high), kind="DICOM MR") for high in (200, 900))
    intensity = Intensity.fit([dark, bright])
    means = [intensity.of(scan).prepare(scan.voxels)[0].mean() for scan in (dark, bright)]
    assert abs(means[0] - means[1]) < 0.1


def test_that_scans_of_wildly_different_ranges_are_scaled_one_by_one() -> None:
    scans = [Scan(noise(1, 1, 20, 20, high=high)) for high in (1, 1000)]
    assert Intensity.fit(scans).of(scans[0]).windows[0].high < 2


def test_that_pictures_share_one_scale() -> None:
    scans = [Scan(noise(1, 1, 20, 20, high=high)) for high in (100, 200)]
    intensity = Intensity.fit(scans)
    assert intensity.of(scans[0]) is intensity


def test_that_a_scale_survives_json() -> None:
    intensity = Intensity.fit([Scan(noise(3, 1, 20, 20))])
    assert Intensity.from_json(intensity.to_json()) == intensity


def test_that_percentiles_of_a_large_image_are_those_of_its_voxels() -> None:
    image = noise(1, 1, 1500, 1500, high=1000)
    low, high = percentiles(image, 1, 99)
    assert abs(low - 10) < 3
    assert abs(high - 990) < 3


def test_that_filter_responses_are_about_as_strong_as_the_image() -> None:
    faint = Scan(100 + noise(1, 1, 60, 60, high=4))
    intensity = Intensity.fit([faint, Scan(noise(1, 1, 60, 60, high=20))]).with_filters([faint])
    channels = intensity.prepare(faint.voxels)
    assert channels.shape[0] == intensity.channels_out(1) == 2 + COUNT
    np.testing.assert_allclose(np.sqrt((channels[2:] ** 2).mean(axis=(1, 2, 3))), 1, atol=0.05)


@pytest.mark.parametrize("local", [True, False])
def test_that_a_region_with_its_margin_has_the_filter_responses_of_the_whole(local: bool) -> None:
    image = noise(3, 2, 150, 160)
    intensity = Intensity.fit([Scan(image)], local=local).with_filters([Scan(image)])
    whole = intensity.prepare(image)
    m = intensity.margin
    assert m >= FILTER_MARGIN
    part = intensity.prepare(image[:, :, 60 - m : 80 + m, 0 : 30 + m])
    np.testing.assert_allclose(part[:, :, m : m + 20, :30], whole[:, :, 60:80, :30], atol=1e-4)


@pytest.mark.parametrize("value", [0.0, 7.0, -3e5, np.nan])
def test_that_a_constant_image_has_filter_responses(value: float) -> None:
    scan = Scan(np.full((1, 1, 20, 20), value))
    assert np.isfinite(Intensity.fit([scan]).with_filters([scan]).prepare(scan.voxels)).all()


def test_that_filter_responses_need_an_image() -> None:
    with pytest.raises(UserError, match="no image"):
        Intensity.fit([Scan(noise(1, 1, 20, 20))]).with_filters([])


def test_that_filter_responses_survive_json() -> None:
    scan = Scan(noise(3, 1, 20, 20))
    intensity = Intensity.fit([scan]).with_filters([scan])
    assert Intensity.from_json(intensity.to_json()) == intensity


def test_that_a_scale_from_before_there_were_filters_has_none() -> None:
    values = Intensity.fit([Scan(noise(1, 1, 20, 20))]).to_json()
    del values["filters"]
    assert Intensity.from_json(values).filters == ()


def test_that_filters_of_another_number_are_refused() -> None:
    values = Intensity.fit([Scan(noise(1, 1, 20, 20))]).to_json() | {"filters": [1.0, 2.0]}
    with pytest.raises(CheckpointError, match="another version"):
        Intensity.from_json(values)


@pytest.mark.parametrize("kind", ["", "DICOM MR"])
@pytest.mark.parametrize("normalisation", ["percentile", "zscore"])
def test_that_an_inverted_scan_is_seen_as_if_it_were_stored_upright(kind: str, normalisation: str) -> None:
    image = np.random.default_rng(0).gamma(2, 400, (1, 3, 40, 40)).clip(1, 4095).astype(np.uint16)
    upright, inverted = Scan(image, kind=kind), Scan(4095 - image, kind=kind, inverted=True, inversion=4095.0)
    learnt = Intensity.fit([upright], normalisation=normalisation)
    assert learnt.each == bool(kind)
    expected = learnt.of(upright).prepare(upright.voxels)
    np.testing.assert_allclose(learnt.of(inverted).prepare(inverted.voxels), expected, atol=1e-3)
    mixed = Intensity.fit([inverted, upright], normalisation=normalisation)
    assert mixed.windows[0].high == pytest.approx(learnt.windows[0].high)
    assert mixed.adaptation(inverted).words == ""
    assert "turned round" in learnt.adaptation(inverted).words


def test_that_filters_are_fitted_to_inverted_scans_as_they_are_seen() -> None:
    image = np.random.default_rng(0).integers(0, 4096, (1, 1, 60, 60)).astype(np.uint16)
    upright, inverted = Scan(image), Scan(4095 - image, inverted=True, inversion=4095.0)
    fits = [Intensity.fit([scan]).with_filters([scan]) for scan in (upright, inverted)]
    np.testing.assert_allclose(fits[0].filters, fits[1].filters, rtol=1e-4)


def test_that_what_was_learnt_goes_through_a_checkpoint() -> None:
    scan = Scan(noise(2, 1, 30, 30).astype(np.float32), kind="DICOM PT", unit="Bq/ml", inverted=True)
    learnt = Intensity.fit([scan])
    again = Intensity.from_json(json.loads(json.dumps(learnt.to_json())))
    assert again == learnt
    assert again.learnt is not None
    assert len(again.learnt.percentiles) == 2 and again.learnt.units == ("Bq/ml",) and again.learnt.inverted


def test_that_an_older_checkpoint_takes_scans_as_they_are_stored_and_says_so() -> None:
    image = np.random.default_rng(0).integers(0, 256, (1, 1, 40, 40)).astype(np.uint8)
    card = Intensity.fit([Scan(image)]).to_json()
    del card["learnt"]
    older = Intensity.from_json(card)
    inverted = Scan(image, inverted=True)
    assert older.of(inverted) is older
    assert "older version" in older.adaptation(inverted).words
    assert older.of(Scan(image.astype(np.uint16) * 257)) is older
    assert older.adaptation(Scan(image)).words == ""


@pytest.mark.parametrize(
    "damage",
    [
        {"percentiles": []},
        {"percentiles": [[3, 2, 1]]},
        {"percentiles": [[0, 1, float("nan")]]},
        {"percentiles": [[0, 1, 2], [0, 1, 2]]},
        {"highest": float("inf")},
        {"dtypes": "uint8"},
        {"units": ["x"] * 1000},
    ],
)
def test_that_a_damaged_record_of_what_was_learnt_is_refused(damage: dict[str, object]) -> None:
    card = Intensity.fit([Scan(noise(1, 1, 20, 20))]).to_json()
    with pytest.raises(CheckpointError):
        Intensity.from_json(card | {"learnt": card["learnt"] | damage})
    with pytest.raises(CheckpointError):
        Intensity.from_json(card | {"learnt": [1, 2]})
