"""Border weights are those of the paper, follow the labels, and are on where objects nearly touch."""

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, label

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.data.origin import Origin
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import UserError
from unetstudio.settings import TrainingSettings
from unetstudio.training.border_weight import border_weights, classes_of_objects, refreshed
from unetstudio.training.borders import choose_borders


def cells(shape: tuple[int, int] = (90, 120), seed: int = 0) -> np.ndarray:
    """(1, Y, X): squares two pixels apart, in a grid with gaps."""
    plane = np.zeros(shape, np.uint8)
    rng = np.random.default_rng(seed)
    for y in range(4, shape[0] - 14, 15):
        for x in range(4, shape[1] - 14, 15):
            if rng.random() < 0.8:
                plane[y : y + 13, x : x + 13] = 1
    return plane[None]


def by_the_paper(plane: np.ndarray) -> np.ndarray:
    """exp(-(d1 + d2)^2 / 50) of every pixel from the distance to each object."""
    ids, count = label(plane, np.ones((3, 3)))
    away = np.sort(np.stack([distance_transform_edt(ids != n) for n in range(1, count + 1)]), axis=0)
    return np.where(plane > 0, 0, np.exp(-((away[0] + away[1]) ** 2) / 50))


def study_of(labels: np.ndarray) -> Study:
    scan = Scan(labels[None] * np.uint8(100))
    case = Case("a", "a", Source(__import__("pathlib").Path("a.png")), "", scan.shape, 1)
    table = ClassTable.named(["background", "cell"], [(0, 0, 0), (255, 0, 0)])
    return Study(table, [StudyCase(case, lambda: scan, LabelMap(labels.copy()))])


def test_that_weights_are_those_of_the_paper() -> None:
    found = border_weights(cells(), (1,))[0] / 255
    assert np.abs(found - by_the_paper(cells()[0])).max() < 0.004


@pytest.mark.parametrize("seed", range(5))
def test_that_weights_made_anew_round_a_change_are_those_of_the_whole(seed: int) -> None:
    before = cells()
    after = before.copy()
    rng = np.random.default_rng(seed)
    y, x = int(rng.integers(0, 80)), int(rng.integers(0, 110))
    after[0, y : y + 9, x : x + 7] = rng.integers(0, 2)
    found = refreshed(border_weights(before, (1,)), before, after, (1,))
    assert (found == border_weights(after, (1,))).all()


def test_that_parts_that_hang_together_far_away_are_one_object() -> None:
    before = np.zeros((1, 200, 60), np.uint8)
    before[0, 20:150, 20:25] = before[0, 20:150, 31:36] = before[0, 145:150, 20:36] = 1  # a U, open above
    after = before.copy()
    before[0, 30:32, 27:29] = 255
    assert (refreshed(border_weights(before, (1,)), before, after, (1,)) == border_weights(after, (1,))).all()


def test_that_objects_that_nearly_touch_are_told_from_others() -> None:
    lines = 1 - cells()
    assert classes_of_objects([cells()], (0, 1)) == [1]
    assert classes_of_objects([lines], (0, 1)) == [0]
    alone = np.zeros((1, 200, 200), np.uint8)
    alone[0, 10:190:60, 10:190:60] = 1
    assert classes_of_objects([alone], (0, 1)) == []


def test_that_auto_is_for_full_masks_and_says_why() -> None:
    study = study_of(cells())
    borders, words = choose_borders(study, TrainingSettings(), dense=True)
    assert borders is not None and borders.values == (1,) and "objects nearly touch" in words
    assert choose_borders(study, TrainingSettings(), dense=False) == (None, "")
    assert choose_borders(study, TrainingSettings(border_weight="off"), dense=True) == (None, "")
    chosen, _ = choose_borders(study, TrainingSettings(border_weight="4"), dense=False)
    assert chosen is not None and chosen.factor == 4


def test_that_a_strange_border_weight_is_refused() -> None:
    with pytest.raises(UserError, match="auto, off or a number"):
        choose_borders(study_of(cells()), TrainingSettings(border_weight="much"), dense=True)


def test_that_weights_follow_an_edit() -> None:
    study = study_of(cells())
    borders, _ = choose_borders(study, TrainingSettings(), dense=True)
    assert borders is not None
    found = study.cases["a"]
    borders.refresh(found)
    mask = np.zeros(found.labels.shape, np.bool_)
    mask[0, 30:60, 30:60] = True
    edit = found.labels.change(mask, np.zeros(mask.shape, np.uint8), Origin.PAINTED, "eraser")
    study.apply("a", 1, edit)
    borders.refresh(found)
    assert (borders.of("a") == border_weights(found.labels.values, (1,))).all()
