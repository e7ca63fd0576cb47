"""Objects that touch are cut apart where they are narrow, and numbered as large as they were."""

import cv2
import numpy as np
import pytest

from unetstudio.postprocess.numbered import numbered
from unetstudio.postprocess.segment import segment
from unetstudio.postprocess.split import Split
from unetstudio.postprocess.step import StepInput

ON = Split(enabled=True)


def input_of(mask: np.ndarray, spacing: tuple[float, float, float] | None = None) -> StepInput:
    best = np.where(mask > 0, 250, 5).astype(np.uint8)
    return StepInput.of((0, 1), np.stack([255 - best, best]), spacing=spacing, volume=mask.shape[0] > 1)


def two_discs(apart: int = 34) -> np.ndarray:
    plane = np.zeros((80, 120), np.uint8)
    for x in (40, 40 + apart):
        cv2.circle(plane, (x, 40), 20, 1, -1)
    return plane[None]


def two_balls() -> np.ndarray:
    z, y, x = np.ogrid[:30, :40, :60]
    return sum(((z - 15) ** 2 + (y - 20) ** 2 + (x - c) ** 2 < 144) for c in (20, 40)).clip(0, 1).astype(np.uint8)


@pytest.mark.parametrize("mask", [two_discs(), two_balls()], ids=["picture", "volume"])
def test_that_two_round_objects_are_cut_apart_by_a_thin_line(mask: np.ndarray) -> None:
    found, cuts = ON(mask, input_of(mask))
    ids = numbered(found, (1,))
    assert cuts == 1 and ids.max() == 2
    assert 0 < (found != mask).sum() < 0.05 * mask.sum()
    sizes = np.bincount(ids.reshape(-1))[1:]
    assert sizes.min() > 0.9 * sizes.max()
    assert (ids[mask > 0] > 0).mean() > 0.99, "the line is given back"


def test_that_one_object_stays_whole_whatever_its_shape() -> None:
    mask = np.zeros((1, 60, 200), np.uint8)
    cv2.ellipse(mask[0], (100, 30), (90, 20), 0, 0, 360, 1, -1)
    found, cuts = ON(mask, input_of(mask))
    assert cuts == 0 and (found == mask).all()


def test_that_a_deeper_neck_is_asked_for_by_a_larger_number() -> None:
    mask = two_discs(apart=22)
    assert Split(enabled=True, depth=1.0)(mask, input_of(mask))[1] == 1
    assert Split(enabled=True, depth=8.0)(mask, input_of(mask))[1] == 0


def test_that_a_doubtful_line_is_a_neck() -> None:
    mask = np.zeros((1, 40, 100), np.uint8)
    mask[0, 5:35, 5:95] = 1
    sure = input_of(mask)
    sure.best[0, :, 48:52] = 130
    assert ON(mask, sure)[1] == 1


def test_that_slices_far_apart_are_measured_in_millimetres() -> None:
    mask = two_balls()[::3]
    assert Split(enabled=True, unit="mm")(mask, input_of(mask, (3.0, 1.0, 1.0)))[1] == 1


def test_that_a_painted_neck_is_not_cut() -> None:
    mask = two_discs()
    shares = np.stack([np.where(mask > 0, 5, 250), np.where(mask > 0, 250, 5)]).astype(np.uint8)
    painted = (mask, mask > 0)
    found = segment(shares, (0, 1), (ON,), painted=painted)
    assert (found.labels == mask).all()


def test_that_classes_are_numbered_one_after_another() -> None:
    labels = np.zeros((1, 20, 40), np.uint8)
    labels[0, 5:10, 5:10], labels[0, 5:10, 20:25], labels[0, 12:18, 30:35] = 1, 1, 2
    ids = numbered(labels, (1, 2))
    assert sorted(np.unique(ids)) == [0, 1, 2, 3]
    assert ((ids > 0) == (labels > 0)).all(), "objects that are not near others do not grow"
