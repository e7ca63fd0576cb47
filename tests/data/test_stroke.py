"""The stroke in hand."""

import numpy as np
import pytest

from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.data.stroke import BLOCK, PART, Stroke

SHAPE = (2, 300, 400)


def everything(region: Region) -> np.ndarray:
    return np.ones(region.shape, bool)


@pytest.fixture
def labels() -> LabelMap:
    values = np.random.default_rng(1).choice(np.array([0, 1, 2, UNLABELLED], np.uint8), SHAPE)
    return LabelMap(values)


def test_that_a_stroke_over_many_blocks_becomes_one_edit_that_repeats_it(labels):
    before = LabelMap(labels.values.copy(), labels.origin.copy())
    stroke = Stroke(labels, 7, tool="brush")
    for y, x in [(10, 10), (120, 120), (250, 390)]:
        stroke.paint(Region((1, y, x), (2, y + 20, x + 30)), np.random.default_rng(y).random((1, 20, 30)) < 0.5)
    edit = stroke.commit()
    before.apply(edit)
    assert np.array_equal(before.values, labels.values) and np.array_equal(before.origin, labels.origin)
    assert np.array_equal(before.counts, labels.counts) and edit.region.start[0] == 1 and edit.region.stop[2] == SHAPE[2]
    before.apply(edit.inverse())
    labels.apply(edit.inverse())
    assert np.array_equal(before.values, labels.values)


def test_that_painting_twice_keeps_the_value_from_before_the_stroke(labels):
    old = labels.values[0, :9, :9].copy()
    stroke, box = Stroke(labels, 7, tool="brush"), Region((0, 0, 0), (1, 9, 9))
    for _ in range(2):
        stroke.paint(box, everything(box))
    assert np.array_equal(stroke.commit().before.reshape(9, 9), old)


def test_that_escape_takes_everything_back(labels):
    values, origin, counts = labels.values.copy(), labels.origin.copy(), labels.counts.copy()
    stroke = Stroke(labels, 1, tool="brush")
    stroke.paint(Region((0, 100, 100), (2, 200, 300)), np.ones((2, 100, 200), bool))
    touched = stroke.rollback()
    assert np.array_equal(labels.values, values) and np.array_equal(labels.origin, origin) and np.array_equal(labels.counts, counts)
    assert touched & Region((0, 100, 100), (2, 200, 300)) == Region((0, 100, 100), (2, 200, 300))
    assert stroke.commit() is None


def test_that_a_stroke_beside_the_image_is_nothing(labels):
    stroke = Stroke(labels, 1, tool="brush")
    assert stroke.paint(Region((0, -50, -50), (1, -10, -10)), np.ones((1, 40, 40), bool)).empty
    assert stroke.commit() is None


def test_that_a_stroke_over_the_edge_paints_the_part_inside(labels):
    stroke = Stroke(labels, 9, tool="brush")
    inside = stroke.paint(Region((0, -5, 390), (1, 5, 410)), np.ones((1, 10, 20), bool))
    assert inside == Region((0, 0, 390), (1, 5, 400)) and stroke.commit().count == 50


def test_that_locked_classes_are_left_alone(labels):
    ones = labels.values == 1
    stroke = Stroke(labels, 2, tool="brush", locked={1})
    box = Region.whole(SHAPE)
    stroke.paint(box, everything(box))
    edit = stroke.commit()
    assert np.array_equal(labels.values == 1, ones) and edit.count == ones.size - ones.sum()


def test_that_erasing_leaves_no_origin(labels):
    stroke, box = Stroke(labels, UNLABELLED, tool="eraser", origin=Origin.PAINTED), Region((0, 0, 0), (1, 20, 20))
    stroke.paint(box, everything(box))
    stroke.commit()
    assert not labels.origin[box.slices].any() and (labels.values[box.slices] == UNLABELLED).all()


def test_that_a_small_stroke_keeps_one_block_of_a_large_image():
    labels = LabelMap.unlabelled((1, 3000, 3000))
    stroke = Stroke(labels, 1, tool="brush")
    stroke.paint(Region((0, 10, 10), (1, 20, 20)), np.ones((1, 10, 10), bool))
    assert len(stroke._blocks) == 1 and next(iter(stroke._blocks.values())).region.size == BLOCK * BLOCK


def test_that_the_parts_of_a_stroke_together_are_the_stroke(labels):
    before = LabelMap(labels.values.copy(), labels.origin.copy())
    stroke, parts = Stroke(labels, 7, tool="brush"), []
    for y in range(0, 280, 20):
        stroke.paint(Region((1, y, y), (2, y + 30, y + 40)), np.random.default_rng(y).random((1, 30, 40)) < 0.7)
        if y % 60 == 0:
            parts.append(stroke.part())
    parts.append(stroke.part())
    for part in parts:
        before.apply(part)
    assert stroke.part() is None
    whole = stroke.commit()
    assert np.array_equal(before.values, labels.values) and np.array_equal(before.counts, labels.counts)
    assert whole.count == sum(part.count for part in parts)


def test_that_a_far_sweep_comes_in_several_parts_of_bounded_size():
    labels = LabelMap.unlabelled((1, 4096, 4096))
    stroke = Stroke(labels, 1, tool="brush")
    for at in range(0, 4000, 100):
        stroke.paint(Region((0, at, at), (1, at + 90, at + 90)), np.ones((1, 90, 90), bool))
    parts = list(iter(stroke.part, None))
    assert len(parts) > 1 and all(part.region.size <= PART for part in parts)
    assert sum(part.count for part in parts) == stroke.commit().count


def test_that_a_stroke_that_changed_nothing_new_has_no_part(labels):
    stroke, box = Stroke(labels, 7, tool="brush"), Region((0, 0, 0), (1, 9, 9))
    stroke.paint(box, everything(box))
    first = stroke.part()
    stroke.paint(box, everything(box))
    assert first.count == 81 and stroke.part() is None
