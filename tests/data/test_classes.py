"""The table of classes."""

import numpy as np
import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import MAX_CLASSES, UNLABELLED
from unetstudio.errors import UserError


@pytest.fixture
def table() -> ClassTable:
    return ClassTable.named(["background", "cell", "wall"], [(0, 0, 0), (255, 0, 0), (0, 255, 0)])


def test_that_a_value_is_never_given_twice(table):
    again = table.removed(2).added("new", (1, 1, 1))
    assert again.values == (0, 1, 3) and 2 not in again and again[3].name == "new"


def test_that_a_removed_class_comes_back_in_its_place(table):
    assert table.removed(1).restored(table[1], 1) == table


def test_that_names_stay_apart_and_tidy(table):
    more = table.added("cell", (1, 1, 1)).added("  a   b ", (2, 2, 2)).added("", (3, 3, 3))
    assert [c.name for c in more][3:] == ["cell 2", "a b", "Class"]
    assert more.changed(1, name="cell")[1].name == "cell" and more.changed(0, name="cell")[0].name == "cell 3"


def test_that_labels_map_to_channels_in_table_order(table):
    channels = table.removed(0).channels()
    assert (channels[1], channels[2], channels[0], channels[UNLABELLED]) == (0, 1, UNLABELLED, UNLABELLED)
    assert channels.dtype == np.uint8


def test_that_locked_classes_are_listed(table):
    assert table.changed(1, locked=True).locked == {1}


def test_that_a_full_table_says_so():
    names = [f"c{n}" for n in range(MAX_CLASSES)]
    full = ClassTable.named(names, [(0, 0, 0)] * MAX_CLASSES)
    assert max(full.values) == 254
    with pytest.raises(UserError, match="255 classes"):
        full.added("one more", (0, 0, 0))


def test_that_a_table_comes_back_from_json(table):
    changed = table.changed(1, visible=False, locked=True).removed(2)
    assert ClassTable.from_json(changed.to_json()) == changed


def test_that_an_unknown_value_is_a_key_error(table):
    with pytest.raises(KeyError):
        table[9]
