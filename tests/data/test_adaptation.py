"""Scans whose values are not those that were learnt: brought to them where it is known how, told where not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.intensity import Intensity
from unetstudio.data.scan import Scan

Floats = NDArray[np.float64]
INT16, UINT8, UINT16, FLOAT = np.int16, np.uint8, np.uint16, np.float32


def cells(seed: int, count: int = 8, top: float = 47000, ground: float = 11000) -> Floats:
    """Draw (1, 1, 96, 96) bright discs on a noisy ground, in 16 bits."""
    rng = np.random.default_rng(seed)
    picture = rng.normal(ground, top / 30, (96, 96))
    y, x = np.mgrid[:96, :96]
    for row, column in rng.integers(10, 86, (count, 2)):
        picture[(y - row) ** 2 + (x - column) ** 2 < 64] = top
    return np.round(picture.clip(0, 65535))[None, None]


def scan(values: Floats, dtype: type = UINT16, **more: object) -> Scan:
    return Scan(values.astype(dtype), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def learnt() -> Intensity:
    return Intensity.fit([scan(cells(seed)) for seed in range(3)])


def error(intensity: Intensity, other: Scan, values: Floats) -> float:
    """Return the mean difference between adapted values and those wanted, relative to the range of these."""
    return float(np.abs(intensity.adaptation(other).mapping.apply(other.array) - values).mean() / np.ptp(values))


IMAGE = cells(9)
SAME_IN_OTHER_WORDS = {
    "8 bits, scaled": scan(IMAGE / 257, UINT8),
    "8 bits, cut": scan(IMAGE // 256, UINT8),
    "12 bits in 16": scan(IMAGE / 16),
    "fractions": scan(IMAGE / 65535, FLOAT),
    "8 bits as floats": scan(IMAGE / 257, FLOAT),
    "signed": scan(IMAGE - 32768, INT16),
    "inverted": scan(65535 - IMAGE, inverted=True),
    "inverted 8 bits": scan(255 - IMAGE // 257, UINT8, inverted=True),
    "inverted 12 bits said to be 16": scan(4095 - IMAGE // 16, inverted=True, inversion=65535.0),
}


@pytest.mark.parametrize("kind", SAME_IN_OTHER_WORDS)
def test_that_the_same_image_in_other_values_is_brought_to_those_that_were_learnt(learnt: Intensity, kind: str) -> None:
    other = SAME_IN_OTHER_WORDS[kind]
    assert error(learnt, other, IMAGE) < 0.01
    assert learnt.adaptation(other).words.startswith("its ") and learnt.adaptation(other).words.endswith(".")
    seen, plain = learnt.of(other).prepare(other.voxels), learnt.of(scan(IMAGE)).prepare(scan(IMAGE).voxels)
    assert np.abs(seen - plain).mean() < 0.03


def test_that_an_image_like_those_that_were_learnt_is_left_alone_in_silence(learnt: Intensity) -> None:
    for alike in (IMAGE, IMAGE / 2, IMAGE / 4, cells(5, count=0)):
        assert learnt.of(scan(alike)) is learnt
        assert learnt.adaptation(scan(alike)).words == ""


def test_that_an_export_in_a_window_of_its_own_is_spread_to_what_was_learnt() -> None:
    image = cells(11, top=2500, ground=600)
    learnt = Intensity.fit([scan(cells(seed, top=2500, ground=600)) for seed in range(3)])
    exported = scan((image - image.min()) / np.ptp(image) * 255, UINT8)
    assert error(learnt, exported, image) < 0.03
    assert "guess" in learnt.adaptation(exported).words


def test_that_an_empty_image_of_another_depth_stays_empty(learnt: Intensity) -> None:
    empty = cells(5, count=0)
    assert error(learnt, scan(empty / 257, UINT8), empty) < 0.05


@pytest.mark.parametrize("values", [np.zeros_like(IMAGE), cells(3, top=120, ground=100)])
def test_that_values_that_cannot_be_explained_are_told_and_kept(learnt: Intensity, values: Floats) -> None:
    adapted = learnt.adaptation(scan(values))
    assert adapted.mapping.factor == 1 and "look at its mask" in adapted.words
    assert learnt.of(scan(values)) is learnt


def test_that_an_image_that_is_stored_as_a_negative_without_saying_so_is_told(learnt: Intensity) -> None:
    negative = learnt.adaptation(scan(58000 - IMAGE))
    assert "inverted" in negative.words and negative.mapping.factor == 1


def ct(seed: int, lung: float = -700) -> Floats:
    """Draw (1, 4, 50, 50) of air, lung and tissue in HU."""
    rng = np.random.default_rng(seed)
    values = [rng.normal(-1000, 8, 3000), rng.normal(lung, 60, 4000), rng.normal(50, 40, 3000)]
    return np.round(np.concatenate(values)).clip(-1024).reshape(1, 4, 50, 50)


@pytest.mark.parametrize(("offset", "dtype"), [(1024, UINT16), (1024, INT16), (1000, INT16)])
def test_that_ct_numbers_stored_without_their_offset_get_it(offset: int, dtype: type) -> None:
    learnt = Intensity.fit([scan(ct(1), INT16, kind="NIfTI"), scan(ct(2), INT16, kind="DICOM CT", unit="HU")])
    assert learnt.normalisation == "ct"
    image = ct(3, lung=40)
    assert learnt.of(scan(image, INT16, kind="NIfTI")) is learnt
    stored = scan(image + offset if dtype is INT16 else (image + offset).clip(0), dtype, kind="NIfTI")
    assert error(learnt, stored, image) < 0.02
    assert f"{offset} is taken off" in learnt.adaptation(stored).words


def test_that_values_without_air_are_not_taken_for_ct_without_its_offset() -> None:
    learnt = Intensity.fit([scan(ct(1), INT16, kind="NIfTI")])
    tissue = np.random.default_rng(0).normal(50, 30, (1, 4, 50, 50))
    for other in (
        scan(tissue, INT16, kind="NIfTI"),
        scan(3 * tissue + 200, INT16, kind="DICOM"),
        scan(tissue.clip(0), UINT8, kind="PNG"),
    ):
        assert learnt.adaptation(other).mapping.offset == 0
        assert "CT numbers" in learnt.adaptation(other).words
    assert learnt.adaptation(scan(tissue, INT16, kind="DICOM CT", unit="HU")).words == ""


def test_that_another_unit_is_told() -> None:
    activity = scan(IMAGE, kind="DICOM PT", unit="Bq/ml")
    learnt = Intensity.fit([activity])
    words = learnt.adaptation(replace(activity, unit="SUV (g/ml)")).words
    assert "SUV (g/ml)" in words and "Bq/ml" in words
    assert learnt.adaptation(activity).words == ""


@pytest.mark.parametrize("kind", ["DICOM MR", "DICOM CT"])
def test_that_another_modality_is_told_also_where_each_scan_has_a_scale_of_its_own(kind: str) -> None:
    learnt = Intensity.fit([scan(IMAGE, kind="DICOM MR")])
    assert learnt.each
    assert ("learnt from MR" in learnt.adaptation(scan(IMAGE, kind=kind)).words) == (kind == "DICOM CT")
    assert learnt.adaptation(scan(IMAGE, kind="NIfTI")).words == ""


def test_that_values_with_a_unit_are_never_rescaled() -> None:
    learnt = Intensity.fit([scan(IMAGE, kind="DICOM PT", unit="Bq/ml")])
    assert learnt.adaptation(scan(IMAGE / 16, kind="DICOM PT", unit="Bq/ml")).mapping.factor == 1


def test_that_photographs_of_another_brightness_are_kept() -> None:
    rng = np.random.default_rng(0)
    bright, dark = (Scan(rng.normal(mean, 20, (3, 1, 50, 50)).clip(0, 255).astype(UINT8)) for mean in (200, 60))
    learnt = Intensity.fit([bright])
    assert learnt.of(dark) is learnt
    assert "look at its mask" in learnt.adaptation(dark).words
