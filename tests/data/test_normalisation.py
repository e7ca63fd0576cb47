"""Which intensity scale is chosen for which images, and what each makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.intensity import LIMIT, Intensity
from unetstudio.data.normalisation import DEVIATIONS, SOFT_TISSUE
from unetstudio.data.scan import Scan
from unetstudio.errors import CheckpointError, UserError


def scan(kind: str = "", *, mean: float = 100, deviation: float = 10, seed: int = 1) -> Scan:
    return Scan(np.random.default_rng(seed).normal(mean, deviation, (1, 8, 30, 30)), kind=kind)


@pytest.mark.parametrize(
    ("kind", "mean", "chosen"),
    [
        ("PNG", 100, "percentile"),
        ("DICOM CT", 0, "ct"),
        ("DICOM MR", 100, "percentile"),
        ("NIfTI", -600, "ct"),
        ("NIfTI", 100, "percentile"),
    ],
)
def test_that_the_images_decide_how_they_are_normalised(kind: str, mean: float, chosen: str) -> None:
    assert Intensity.fit([scan(kind, mean=mean)]).normalisation == chosen


def test_that_a_ct_in_a_nifti_file_shows_the_network_its_soft_tissue() -> None:
    found = Intensity.fit([scan("NIfTI", mean=-700, deviation=100)])
    assert (found.windows[-1].low, found.windows[-1].high) == SOFT_TISSUE


def test_that_z_scores_put_so_many_deviations_at_one() -> None:
    found = Intensity.fit([scan()], local=False, normalisation="zscore").prepare(scan().array)
    assert found.mean() == pytest.approx(0, abs=1e-3)
    assert found.std() == pytest.approx(1 / DEVIATIONS, rel=1e-2)


def test_that_z_scores_of_mr_are_those_of_each_volume() -> None:
    dark, bright = scan("DICOM MR"), scan("DICOM MR", mean=900, deviation=200, seed=2)
    found = Intensity.fit([dark, bright], local=False, normalisation="zscore")
    assert all(found.of(one).prepare(one.array).std() == pytest.approx(1 / DEVIATIONS, rel=1e-2) for one in (dark, bright))


def test_that_a_background_of_zeros_is_no_part_of_the_z_score() -> None:
    head = scan("DICOM MR").array.copy()
    bare = Intensity.fit([Scan(head, kind="DICOM MR")], normalisation="zscore").windows[0]
    head[:, :, :20] = 0
    cut = Intensity.fit([Scan(head, kind="DICOM MR")], normalisation="zscore").windows[0]
    assert (cut.low, cut.high) == pytest.approx((bare.low, bare.high), rel=0.05)


@pytest.mark.parametrize("value", [0.0, 7.0, -3e5, np.nan])
def test_that_a_constant_image_has_a_z_score(value: float) -> None:
    image = np.full((1, 1, 20, 20), value)
    found = Intensity.fit([Scan(image)], normalisation="zscore")
    assert found.windows[0].low < found.windows[0].high
    assert np.abs(found.prepare(image)).max() <= LIMIT


@pytest.mark.parametrize("kind", ["auto", "percentile", "zscore", "ct"])
def test_that_a_normalisation_survives_json_and_is_told_in_words(kind: str) -> None:
    found = Intensity.fit([scan()], normalisation=kind)
    assert Intensity.from_json(found.to_json()) == found
    assert found.describe(kind).endswith("as you chose") == (kind != "auto")


def test_that_a_scale_from_before_there_was_a_choice_is_what_it_was() -> None:
    values = Intensity.fit([scan("DICOM CT")]).to_json()
    del values["normalisation"]
    assert Intensity.from_json(values).normalisation == "ct"


def test_that_another_normalisation_is_refused() -> None:
    with pytest.raises(UserError, match="choose auto, percentile"):
        Intensity.fit([scan()], normalisation="minmax")
    with pytest.raises(CheckpointError, match="another version"):
        Intensity.from_json(Intensity.fit([scan()]).to_json() | {"normalisation": "minmax"})
