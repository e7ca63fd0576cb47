"""A seal holds through JSON and breaks at a changed value."""

import json

from unetstudio.data.checksum import checksum_differs, with_checksum

VALUES = {"step": 7, "score": 0.5, "shape": (1, 2), "scores": {1: 0.25}, "name": "Gewebe ü"}


def test_that_values_that_went_through_json_are_still_sealed():
    assert not checksum_differs(json.loads(json.dumps(with_checksum(VALUES), indent=1)))


def test_that_a_changed_value_breaks_the_seal():
    assert checksum_differs({**json.loads(json.dumps(with_checksum(VALUES))), "step": 8})


def test_that_values_without_a_seal_are_believed():
    assert not checksum_differs(VALUES)
