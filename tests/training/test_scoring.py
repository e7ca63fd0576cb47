"""Scores of a network and a quick guess on held-out strokes of a live study."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from unetstudio.data.edit import Edit
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.data.region import Region
from unetstudio.data.study import Study
from unetstudio.networks.device import Precision
from unetstudio.networks.network import Network
from unetstudio.training.material import Material
from unetstudio.training.scoring import Scorer, find_windows

MakeStudy = Callable[..., Study]
MakeEdit = Callable[..., Edit]
HELD = Origin.PAINTED | HELD_OUT


class Bright(Network):
    """A network that takes bright voxels for class 1."""

    def forward(self, image: Tensor) -> Tensor:
        bright = (image[:, :1] > 0.5).float()
        return torch.cat([1 - bright, bright], dim=1) * 20


class Guess:
    """A quick guess that says class 1 everywhere, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked = 0

    def log_probabilities(self, scan: object, region: Region, values: tuple[int, ...]) -> np.ndarray:
        self.asked += 1
        return np.log(np.array([0.01, 0.99], np.float32))[:, None, None, None] * np.ones((1, *region.shape), np.float32)


def bright() -> Bright:
    network = Bright()
    network.size_multiple, network.valid_margin = (4, 4), (0, 0)
    return network.eval()


def material_of(study: Study) -> Material:
    return Material(study, Intensity.fit([study.scan("case0")], local=False))


def rows_study(make_study: MakeStudy, edit_of: MakeEdit, *, held: dict[int, int], learnt: dict[int, int]) -> Study:
    """Return a study of one disc with rows (number of the row: class value) that are held out or learnt from, one voxel wide."""
    study = make_study(cases=1)
    study.cases["case0"].labels = LabelMap.unlabelled((1, 64, 64))
    study.cases["case0"].counts[:] = 0
    for rows, origin in ((held, HELD), (learnt, int(Origin.PAINTED))):
        for row, value in rows.items():
            study.apply("case0", 0, edit_of(Region((0, row, 2), (1, row + 1, 60)), value, origin))
    return study


def test_that_every_voxel_of_a_thin_stroke_is_scored(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    for row in (30, 31):
        study = rows_study(make_study, edit_of, held={row: 1, 3: 0}, learnt={20: 0, 40: 1})
        material = material_of(study)
        score = Scorer(material, 2, 6, 0).score(bright(), Precision(torch.device("cpu"))).shown
        assert score.voxels == {0: 58, 1: 58}
        assert score.strokes == {0: 1, 1: 1}


def test_that_strokes_are_told_apart_across_windows(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = rows_study(make_study, edit_of, held={8: 0, 30: 1, 34: 1, 56: 0}, learnt={20: 0, 40: 1})
    score = Scorer(material_of(study), 2, 6, 0).score(bright(), Precision(torch.device("cpu")), edge=16).shown
    assert score.strokes == {0: 2, 1: 2}
    assert score.basis == 4
    assert score.voxels[1] > 58


def test_that_there_is_no_score_of_the_background_alone(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = rows_study(make_study, edit_of, held={3: 0}, learnt={20: 0, 40: 1})
    score = Scorer(material_of(study), 2, 6, 0).score(bright(), Precision(torch.device("cpu"))).shown
    assert (score.mean, score.classes, score.voxels, score.uncertainty) == (None, {}, {}, None)


def test_that_the_windows_show_every_class_however_few_they_are(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = rows_study(make_study, edit_of, held={2: 0, 6: 0, 10: 0, 14: 0, 30: 0, 60: 1}, learnt={20: 0, 40: 1})
    material = material_of(study)
    windows = find_windows(material, material.index, 2, (4, 4), 1, 0, edge=8)
    held = material.index.held.mask(study.cases["case0"], Region.whole((1, 64, 64)))[0]
    labels = study.cases["case0"].labels
    assert labels is not None
    seen = set()
    for window in windows:
        y, x = (round(at) for at in window.centre)
        part = (slice(max(0, y - 4), y + 4), slice(max(0, x - 4), x + 4))
        seen |= set(labels.values[0][part][held[part]].tolist())
    assert seen == {0, 1}
    assert len(windows) == 2


def test_that_windows_stay_when_others_come(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = rows_study(make_study, edit_of, held={2: 0, 60: 1}, learnt={20: 0, 40: 1})
    material = material_of(study)
    before = find_windows(material, material.index, 2, (4, 4), 99, 0, edge=8)
    study.apply("case0", 0, edit_of(Region((0, 50, 2), (1, 51, 60)), 1, HELD))
    after = find_windows(material, material.refresh(), 2, (4, 4), 99, 0, edge=8)
    assert set(before) < set(after)


def test_that_a_quick_guess_is_asked_once_until_labels_or_guess_change(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = rows_study(make_study, edit_of, held={2: 0, 30: 1}, learnt={20: 0, 40: 1})
    material = material_of(study)
    scorer, guess, precision = Scorer(material, 2, 6, 0), Guess(), Precision(torch.device("cpu"))
    shares = {0: 0.0, 1: 0.0}
    scores = [scorer.score(bright(), precision, guess, shares) for _ in range(3)]  # type: ignore[arg-type]  # a stand-in
    assert guess.asked == 1
    assert scores[0] == scores[2]
    assert scores[0].classifier == scores[0].shown  # the network has no share yet
    assert scores[0].network.mean != scores[0].shown.mean
    study.apply("case0", 0, edit_of(Region((0, 50, 2), (1, 51, 60)), 0, HELD))
    material.refresh()
    assert scorer.score(bright(), precision, guess, shares).shown.strokes == {0: 2, 1: 1}  # type: ignore[arg-type]
    assert guess.asked == 2
    scorer.score(bright(), precision, other := Guess(), shares)  # type: ignore[arg-type]
    assert other.asked == 1


def test_that_whole_held_out_cases_count_as_one_each(make_study: MakeStudy) -> None:
    study = make_study(cases=12, dense=True)
    score = Scorer(material_of(study), 2, 6, 0).score(bright(), Precision(torch.device("cpu"))).shown
    assert score.strokes == {0: 2, 1: 2}
    assert score.basis == 2
    assert score.voxels == {0: score.voxels[0], 1: 2 * 64 * 64 - score.voxels[0]}


@pytest.mark.parametrize("value", [0, 1])
def test_that_voxels_without_a_label_are_not_scored(make_study: MakeStudy, edit_of: MakeEdit, value: int) -> None:
    study = rows_study(make_study, edit_of, held={3: 0, 30: 1}, learnt={20: 0, 40: value})
    labels = study.cases["case0"].labels
    assert labels is not None
    assert (labels.values == UNLABELLED).any()
    score = Scorer(material_of(study), 2, 6, 0).score(bright(), Precision(torch.device("cpu"))).shown
    assert sum(score.voxels.values()) == 116
