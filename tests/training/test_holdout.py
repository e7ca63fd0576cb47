"""Which labels are kept to score training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unetstudio.data.edit import Edit
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.region import Region
from unetstudio.data.study import Study
from unetstudio.errors import UserError
from unetstudio.training.holdout import HeldOut, HoldOut, choose_held_out
from unetstudio.training.material import Material

MakeStudy = Callable[..., Study]
MakeEdit = Callable[..., Edit]


def test_that_one_case_in_six_is_held_out_of_full_masks(make_study: MakeStudy) -> None:
    held = choose_held_out(make_study(cases=12, dense=True))
    assert len(held.cases) == 2
    assert held.description == "held-out cases"
    assert held.cases == choose_held_out(make_study(cases=12, dense=True)).cases


def test_that_few_full_masks_are_all_trained_on(make_study: MakeStudy) -> None:
    held = choose_held_out(make_study(cases=3, dense=True))
    assert not held.cases
    assert not held.strokes


def test_that_one_imported_stroke_in_six_is_held_out(make_study: MakeStudy) -> None:
    study = make_study(cases=2)
    held = choose_held_out(study)
    assert held.description == "held-out strokes"
    total = sum(int(mask.sum()) for mask in held.strokes.values())
    painted = sum(found.annotated for found in study.cases.values())
    assert 0 < total < painted / 3
    for id, mask in held.strokes.items():
        labels = study.cases[id].labels
        assert labels is not None
        assert (labels.values[mask] != 255).all()


def test_that_marked_strokes_take_the_place_of_any_other_choice(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = make_study(cases=8, dense=True)
    found = study.cases["case0"]
    assert found.labels is not None
    region = Region((0, 0, 0), (1, 3, 3))
    found.apply(edit_of(region, 0, Origin.PAINTED | HELD_OUT))
    held = choose_held_out(study)
    assert not held.cases
    assert np.array_equal(held.mask(found, Region((0, 0, 0), (1, 3, 4)))[0, 0], [True, True, True, False])


def test_that_all_labels_are_learnt_from_when_nothing_shall_be_held_out(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = make_study(cases=8, dense=True)
    study.cases["case0"].apply(edit_of(Region((0, 0, 0), (1, 3, 3)), 0, Origin.PAINTED | HELD_OUT))
    index = Material(study, Intensity.fit([study.scan("case0")]), hold_out="off").index
    assert sum(index.counts) == sum(map(sum, study.counts().values()))
    assert {id for by_case in index.places.values() for id in by_case} == set(study.cases)
    assert not any(index.held.any(found) for found in study.cases.values())
    with pytest.raises(UserError, match="choose auto or off"):
        choose_held_out(study, setting="half")


def blank(make_study: MakeStudy, cases: int = 1) -> Study:
    """Return a study without labels."""
    study = make_study(cases=cases)
    for member in study.cases.values():
        member.labels = LabelMap.unlabelled((1, 64, 64))
        member.counts[:] = 0
    return study


def row(number: int, columns: tuple[int, int] = (4, 40)) -> Region:
    return Region((0, number, columns[0]), (1, number + 1, columns[1]))


def rows_of(held: HeldOut, case: str = "case0") -> set[int]:
    """Return the rows with held-out voxels."""
    return set(np.flatnonzero(held.strokes[case].any(axis=(0, 2))).tolist()) if case in held.strokes else set()


@pytest.mark.parametrize(("strokes", "held_out"), [(2, 0), (3, 1), (8, 1), (9, 2), (15, 3)])
def test_that_one_of_three_strokes_is_held_out_and_one_more_of_every_six(
    make_study: MakeStudy, edit_of: MakeEdit, strokes: int, held_out: int
) -> None:
    study = blank(make_study, cases=2)
    for number in range(strokes):
        study.apply(f"case{number % 2}", 0, edit_of(row(2 * number), 1, Origin.IMPORTED))
    held = choose_held_out(study)
    assert len(rows_of(held)) + len(rows_of(held, "case1")) == held_out
    assert held.description == ("held-out strokes" if held_out else "")


def test_that_strokes_keep_their_fate_while_others_come_and_go(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    for seed in range(5):
        study = blank(make_study)
        hold_out = HoldOut(study, seed)
        held: set[int] = set()
        edits = [edit_of(row(2 * number), 1, Origin.IMPORTED) for number in range(20)]
        for number, edit in enumerate(edits):
            study.apply("case0", 0, edit)
            now = rows_of(hold_out.choose())
            assert now - held <= {2 * number} or number == 2  # of the first three any may be held out, since none was learnt from for long
            assert held <= now
            held = now
        for number in (19, 18, 17):
            study.apply("case0", 0, edits[number].inverse())
            assert rows_of(hold_out.choose()) == held - {2 * n for n in range(number, 20)}


def test_that_the_choice_stays_the_same_object_until_other_voxels_are_held_out(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = make_study(cases=2)
    hold_out = HoldOut(study)
    held = hold_out.choose()
    assert hold_out.choose() is held
    study.set_classes(study.classes)
    study.apply("case0", 0, edit_of(Region((0, 1, 1), (1, 2, 2)), 1, Origin.ACCEPTED))
    assert hold_out.choose() is held


def test_that_a_held_out_stroke_that_grows_is_held_out_whole(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = blank(make_study)
    hold_out = HoldOut(study)
    for number in range(3):
        study.apply("case0", 0, edit_of(row(10 * number, (20, 40)), 1, Origin.IMPORTED))
    (held,) = rows_of(hold_out.choose())
    study.apply("case0", 0, edit_of(row(held, (2, 20)), 1, Origin.IMPORTED))
    study.apply("case0", 0, edit_of(row(held, (40, 60)), 1, Origin.IMPORTED))
    mask = hold_out.choose().strokes["case0"]
    assert mask[0, held, 2:60].all()
    assert mask.sum() == 58


def test_that_a_held_out_stroke_joined_to_a_learnt_one_is_learnt_from(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = blank(make_study)
    hold_out = HoldOut(study)
    for number in range(9):
        study.apply("case0", 0, edit_of(row(6 * number), 1, Origin.IMPORTED))
    before = rows_of(hold_out.choose())
    held = min(before)
    learnt = next(row for row in (held - 6, held + 6) if 0 <= row < 54 and row not in before)
    between = Region((0, min(held, learnt) + 1, 10), (1, max(held, learnt), 11))
    study.apply("case0", 0, edit_of(between, 1, Origin.IMPORTED))
    assert rows_of(hold_out.choose()) == before - {held}


def test_that_a_thin_slanted_line_is_one_stroke(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = blank(make_study)
    for number in range(3):
        for along in range(10):
            at = (0, 20 * number + along, along)
            study.apply("case0", 0, edit_of(Region(at, (1, at[1] + 1, along + 1)), 1, Origin.IMPORTED))
    assert int(choose_held_out(study).strokes["case0"].sum()) == 10


def test_that_a_class_without_marked_strokes_has_others_held_out(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = blank(make_study)
    for number in range(4):
        study.apply("case0", 0, edit_of(row(2 * number), 0, Origin.IMPORTED))
        study.apply("case0", 0, edit_of(row(30 + 2 * number), 1, Origin.PAINTED | (HELD_OUT if number == 2 else 0)))
    mask = choose_held_out(study).mask(study.cases["case0"], Region.whole((1, 64, 64)))
    labels = study.cases["case0"].labels
    assert labels is not None
    assert np.unique(labels.values[mask]).tolist() == [0, 1]
    assert np.flatnonzero(mask[0, 30:].any(axis=1)).tolist() == [4]


def test_that_what_was_accepted_from_a_prediction_is_never_held_out(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = blank(make_study)
    for number in range(12):
        study.apply("case0", 0, edit_of(row(2 * number), 1, Origin.ACCEPTED))
    assert not choose_held_out(study).strokes


def test_that_held_out_cases_stay_so_when_cases_are_added(make_study: MakeStudy) -> None:
    study = make_study(cases=12, dense=True)
    hold_out = HoldOut(study)
    before = hold_out.choose().cases
    study.set_cases(make_study(cases=30, dense=True).cases.values())
    after = hold_out.choose().cases
    assert before < after
    assert len(after) == 5
    assert not {case for case in after - before if int(case.removeprefix("case")) < 12}


def test_that_a_material_follows_the_choice(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = blank(make_study)
    study.apply("case0", 0, edit_of(row(60), 0, Origin.IMPORTED))
    material = Material(study, Intensity.fit([study.scan("case0")]))
    for number in range(3):
        study.apply("case0", 0, edit_of(row(2 * number), 1, Origin.IMPORTED))
    index = material.refresh()
    (held,) = rows_of(index.held)
    learnt = {int(place) // 64 for place in index.places[1]["case0"]}
    assert learnt == {0, 2, 4} - {held}
    assert material.refresh() is index
