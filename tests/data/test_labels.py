"""Label maps and their running counts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke

SHAPE = (3, 12, 14)


def test_that_a_new_map_is_unlabelled():
    labels = LabelMap.unlabelled(SHAPE)
    assert (labels.shape, labels.annotated, labels.nbytes) == (SHAPE, 0, 2 * np.prod(SHAPE))


def test_that_labels_without_origins_count_as_imported():
    values = np.full(SHAPE, UNLABELLED, np.uint8)
    values[1] = 3
    labels = LabelMap(values)
    assert np.array_equal(labels.origin == Origin.IMPORTED, values == 3) and labels.counts[3] == 12 * 14


@pytest.mark.parametrize("values", [np.zeros((4, 4), np.uint8), np.zeros(SHAPE, np.int32)])
def test_that_other_arrays_are_refused(values):
    with pytest.raises(ValueError, match="uint8"):
        LabelMap(values)


strokes = st.lists(st.tuples(st.integers(0, 2), st.integers(-3, 11), st.integers(-3, 13), st.integers(0, 4), st.booleans()), max_size=8)


@given(strokes)
def test_that_counts_are_right_after_any_strokes_and_their_undo(painted):
    """Half of the strokes are undone at once."""
    labels = LabelMap.unlabelled(SHAPE)
    for z, y, x, value, undo in painted:
        stroke = Stroke(labels, value if value < 4 else UNLABELLED, tool="brush")
        stroke.paint(Region((z, y, x), (z + 1, y + 4, x + 5)), np.ones((1, 4, 5), bool))
        edit = stroke.commit()
        if edit and undo:
            labels.apply(edit.inverse())
        assert np.array_equal(labels.counts, np.bincount(labels.values.ravel(), minlength=256))


def test_that_held_out_strokes_are_painted_ones_too():
    labels = LabelMap.unlabelled(SHAPE)
    stroke = Stroke(labels, 1, tool="brush", origin=Origin.PAINTED | HELD_OUT)
    stroke.paint(Region((0, 0, 0), (1, 2, 2)), np.ones((1, 2, 2), bool))
    stroke.commit()
    assert labels.painted(Region.whole(SHAPE)).sum() == 4


def test_that_what_is_seen_as_painted_while_another_thread_paints_has_a_class():
    class Painted(LabelMap):
        """Painted all over as soon as its values were read."""

        @property
        def values(self):
            before, self.kept = self.kept, np.ones_like(self.kept)
            self.origin[:] = Origin.PAINTED
            return before

        @values.setter
        def values(self, given):
            self.kept = given

    labels = Painted(np.full((1, 4, 4), UNLABELLED, np.uint8), np.zeros((1, 4, 4), np.uint8))
    labels.kept = np.full((1, 4, 4), UNLABELLED, np.uint8)
    labels.origin[:] = 0
    values, painted = labels.look(Region.whole((1, 4, 4)), (0, 1))
    assert (values == UNLABELLED).all()
    assert not painted.any()
