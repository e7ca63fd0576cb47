"""The live training material."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit, constant
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase

SHAPE = (1, 20, 30)


def case(id: str, sha256: str = "") -> Case:
    return Case(id, id, Source(Path(f"{id}.png")), sha256, SHAPE, 1)


def member(id: str, loads: list[str] | None = None, sha256: str = "") -> StudyCase:
    def load() -> Scan:
        if loads is not None:
            loads.append(id)
        return Scan(np.zeros((1, *SHAPE), np.uint8))

    return StudyCase(case(id, sha256), load)


def classes(n: int) -> ClassTable:
    return ClassTable.named([f"class {i}" for i in range(n)], [(0, 0, 0)] * n)


def stroke(value: int, column: int, origin: int = Origin.PAINTED) -> Edit:
    region = Region((0, 2, column), (1, 4, column + 3))
    before, none = constant(UNLABELLED, 6), constant(0, 6)
    return Edit.of(
        region, np.ones(region.shape, np.bool_), before, constant(value, 6), none, constant(origin, 6), tool="brush", value=value
    )


def test_that_training_waits_for_two_classes() -> None:
    study = Study(classes(2), [member("a")])
    assert study.reason_to_wait() == "Paint a stroke of each class to begin."
    study.apply("a", 1, stroke(0, 0))
    assert study.reason_to_wait() == "Paint a second class to begin."
    study.apply("a", 2, stroke(1, 10))
    assert study.reason_to_wait() is None


def test_that_training_waits_for_an_image_and_a_second_class_in_the_table() -> None:
    assert Study(classes(2)).reason_to_wait() == "Open an image to begin."
    assert Study(classes(1), [member("a")]).reason_to_wait() == "Add a second class to begin."


def test_that_held_out_strokes_alone_do_not_begin_training() -> None:
    study = Study(classes(2), [member("a")])
    study.apply("a", 1, stroke(0, 0))
    study.apply("a", 2, stroke(1, 10, Origin.PAINTED | HELD_OUT))
    assert study.counts() == {0: (6, 0), 1: (0, 6)}
    assert study.reason_to_wait() is not None


def test_that_an_edit_read_from_disk_already_is_not_replayed() -> None:
    study = Study(classes(2), [member("a")])
    study.cases["a"].sequence = 5
    assert study.apply("a", 5, stroke(0, 0)) is None
    assert study.apply("a", 6, stroke(0, 0)) is not None
    assert study.counts()[0] == (6, 0)


def test_that_an_edit_of_a_removed_case_is_ignored() -> None:
    assert Study(classes(2), [member("a")]).apply("b", 1, stroke(0, 0)) is None


def test_that_undo_takes_counts_back() -> None:
    study = Study(classes(2), [member("a")])
    edit = stroke(1, 3)
    study.apply("a", 1, edit)
    study.apply("a", 2, edit.inverse())
    assert study.counts()[1] == (0, 0)
    assert study.labelled() == []


def test_that_a_removed_class_no_longer_counts() -> None:
    study = Study(classes(3), [member("a")])
    study.apply("a", 1, stroke(2, 3))
    study.set_classes(study.classes.removed(2))
    assert study.labelled() == []


def test_that_imported_labels_count_from_the_start() -> None:
    values = np.full(SHAPE, UNLABELLED, np.uint8)
    values[0, :5] = 1
    found = StudyCase(case("a"), member("a").load, LabelMap(values))
    assert Study(classes(2), [found]).counts()[1] == (150, 0)


def test_that_a_known_case_keeps_its_labels_when_the_list_changes() -> None:
    study = Study(classes(2), [member("a")])
    study.apply("a", 1, stroke(1, 3))
    study.set_cases([member("b"), member("a")])
    assert list(study.cases) == ["b", "a"]
    assert study.counts()[1] == (6, 0)


def test_that_scans_are_read_once_and_forgotten_when_memory_is_short() -> None:
    loads: list[str] = []
    study = Study(classes(2), [member("a", loads), member("b", loads)], cache_bytes=700)
    for id in ("a", "a", "b", "a"):
        study.scan(id)
    assert loads == ["a", "b", "a"]


def test_that_another_file_is_read_again() -> None:
    loads: list[str] = []
    study = Study(classes(2), [member("a", loads, "old")])
    study.scan("a")
    study.set_cases([member("a", loads, "new")])
    study.scan("a")
    assert loads == ["a", "a"]
