"""Which labels are kept to score training."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from unetstudio.data.edit import Edit
from unetstudio.data.intensity import Intensity
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.region import Region
from unetstudio.data.study import Study
from unetstudio.errors import UserError
from unetstudio.training.holdout import choose_held_out
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
