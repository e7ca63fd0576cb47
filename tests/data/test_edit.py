"""Edits say what changed, and how to take it back."""

import numpy as np

from unetstudio.data.edit import Edit, constant
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region

REGION = Region((0, 1, 2), (1, 4, 7))


def painted(mask: np.ndarray) -> Edit:
    count = int(mask.sum())
    before, after = constant(UNLABELLED, count), constant(4, count)
    return Edit.of(REGION, mask, before, after, constant(0, count), constant(Origin.PAINTED, count), tool="lasso", value=4)


def test_that_the_mask_comes_back_from_its_packed_form():
    mask = np.random.default_rng(0).random(REGION.shape) < 0.5
    edit = painted(mask)
    assert np.array_equal(edit.mask, mask) and edit.count == mask.sum()


def test_that_the_inverse_takes_the_edit_back_with_its_origins():
    labels = LabelMap.unlabelled((1, 9, 9))
    edit = painted(np.ones(REGION.shape, bool))
    assert labels.apply(edit) == REGION
    assert labels.annotated == REGION.size and labels.painted(REGION).all()
    labels.apply(edit.inverse())
    assert labels.annotated == 0 and not labels.origin.any()


def test_that_an_inverse_twice_taken_is_the_edit_itself():
    edit = painted(np.ones(REGION.shape, bool))
    again = edit.inverse().inverse()
    assert np.array_equal(again.after, edit.after) and np.array_equal(again.before_origin, edit.before_origin)


def test_that_constant_values_cost_one_byte():
    region = Region.whole((1, 1000, 1000))
    count, mask = region.size, np.ones(region.shape, bool)
    edit = Edit.of(region, mask, *(constant(v, count) for v in (255, 1, 0, 1)), tool="fill", value=1)
    assert edit.nbytes < count / 8 + 300
