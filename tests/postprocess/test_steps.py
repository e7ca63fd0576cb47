"""Every step through the same trials, and each on small pictures whose answer is plain."""

import numpy as np
import pytest

from unetstudio.postprocess.fill_holes import FillHoles
from unetstudio.postprocess.segment import segment
from unetstudio.postprocess.small_components import SmallComponents
from unetstudio.postprocess.smooth import Smooth
from unetstudio.postprocess.step import STEPS, Step, StepInput

VALUES = (2, 5, 9)
SHAPES = [(1, 40, 50), (6, 20, 25)]
NAMES = ["threshold", "small_components", "fill_holes", "smooth", "split"]


def input_of(shape: tuple[int, int, int], painted: np.ndarray | None = None, spacing: tuple | None = None, seed: int = 0) -> StepInput:
    probabilities = np.random.default_rng(seed).integers(0, 255, (len(VALUES), *shape), np.uint8)
    return StepInput.of(VALUES, probabilities, painted=painted, spacing=spacing, volume=shape[0] > 1)


def noisy(shape: tuple[int, int, int]) -> np.ndarray:
    return np.random.default_rng(3).choice(np.array([*VALUES, 255], np.uint8), shape, p=[0.5, 0.25, 0.2, 0.05])


def run(step: Step, labels: np.ndarray, **known: object) -> tuple[np.ndarray, int]:
    return step(labels, input_of(labels.shape, **known))


def drawn(*rows: str) -> np.ndarray:
    """A picture (1, Y, X) from text: '.' background 2, 'a' class 5, 'b' class 9, '?' not predicted."""
    return np.array([[{".": 2, "a": 5, "b": 9, "?": 255}[c] for c in row] for row in rows], np.uint8)[None]


def test_that_the_registry_holds_the_steps_in_their_order() -> None:
    assert sorted(STEPS) == sorted(NAMES)


@pytest.mark.parametrize("shape", SHAPES, ids=["picture", "volume"])
@pytest.mark.parametrize("name", NAMES)
def test_that_a_step_keeps_shape_and_type_and_its_input(name: str, shape: tuple[int, int, int]) -> None:
    labels = noisy(shape)
    before = labels.copy()
    result, _ = run(STEPS[name](), labels)
    assert (result.shape, result.dtype) == (shape, np.uint8)
    assert (labels == before).all()


@pytest.mark.parametrize("shape", SHAPES, ids=["picture", "volume"])
@pytest.mark.parametrize("name", NAMES)
def test_that_a_step_invents_no_class_and_leaves_the_unpredicted(name: str, shape: tuple[int, int, int]) -> None:
    labels = noisy(shape)
    result, _ = run(STEPS[name](), labels)
    assert set(np.unique(result)) <= {*VALUES, 255}
    assert ((result == 255) == (labels == 255)).all()


@pytest.mark.parametrize("shape", SHAPES, ids=["picture", "volume"])
@pytest.mark.parametrize("name", ["threshold", "small_components", "fill_holes"])
def test_that_a_second_run_changes_nothing_more(name: str, shape: tuple[int, int, int]) -> None:
    step = STEPS[name]()
    once, _ = run(step, noisy(shape))
    twice, _ = run(step, once)
    assert (once == twice).all()


@pytest.mark.parametrize("name", NAMES)
def test_that_a_single_voxel_passes_through(name: str) -> None:
    result, objects = run(STEPS[name](), np.full((1, 1, 1), 2, np.uint8))
    assert (result.item(), objects) in ((2, 0), (5, 0), (9, 0))


def test_that_an_island_takes_the_class_around_it() -> None:
    labels = drawn("......", ".bbbb.", ".babb.", ".bbbb.", "....a.")
    result, count = run(SmallComponents(size=2), labels)
    assert count == 2
    assert (result == drawn("......", ".bbbb.", ".bbbb.", ".bbbb.", "......")).all()


def test_that_touching_islands_of_two_classes_go_together() -> None:
    result, count = run(SmallComponents(size=4), drawn(".....", ".aab.", ".....", "....."))
    assert count == 2
    assert (result == 2).all()


def test_that_an_island_as_large_as_the_limit_stays() -> None:
    labels = drawn("....", ".aa.", "....")
    assert (run(SmallComponents(size=2), labels)[0] == labels).all()


def test_that_pixels_joined_at_a_corner_are_one_island() -> None:
    labels = drawn("a...", ".a..", "..a.")
    assert (run(SmallComponents(size=3), labels)[0] == labels).all()


def test_that_an_island_the_user_painted_on_stays() -> None:
    labels = drawn("......", ".aa.a.", "......")
    painted = np.zeros(labels.shape, np.bool_)
    painted[0, 1, 1] = True
    result, count = run(SmallComponents(size=9), labels, painted=painted)
    assert count == 1
    assert (result == drawn("......", ".aa...", "......")).all()


def test_that_an_island_among_unpredicted_voxels_becomes_background() -> None:
    assert (run(SmallComponents(size=9), drawn("???", "?a?", "???"))[0] == drawn("???", "?.?", "???")).all()


def test_that_sizes_may_be_in_square_millimetres() -> None:
    labels = drawn("......", ".aa.a.", "......")
    result, count = run(SmallComponents(size=0.4, unit="mm"), labels, spacing=(1.0, 0.5, 0.5))
    assert count == 1
    assert (result == drawn("......", ".aa...", "......")).all()


def test_that_islands_of_a_volume_are_judged_in_three_dimensions() -> None:
    labels = np.full((5, 8, 8), 2, np.uint8)
    labels[:, 3, 3] = 5
    labels[2, 6, 6] = 5
    result, count = run(SmallComponents(size=4), labels)
    assert count == 1
    assert np.argwhere(result == 5).tolist() == [[z, 3, 3] for z in range(5)]


def test_that_a_hole_is_filled_with_the_class_around_it() -> None:
    labels = drawn("........", ".aaabbb.", ".a.ab.b.", ".aaabbb.")
    result, count = run(FillHoles(), labels)
    assert count == 2
    assert (result == drawn("........", ".aaabbb.", ".aaabbb.", ".aaabbb.")).all()


@pytest.mark.parametrize(
    "rows",
    [(".....", ".aab.", ".a.b.", ".aab."), ("a.a", "a.a", "aaa"), (".....", ".aaa.", ".a.??", ".aaa.")],
    ids=["two classes", "open to the edge", "not all predicted"],
)
def test_that_a_hole_not_enclosed_by_one_class_stays_open(rows: tuple[str, ...]) -> None:
    labels = drawn(*rows)
    assert (run(FillHoles(), labels)[0] == labels).all()


def test_that_holes_above_the_limit_stay_open() -> None:
    labels = drawn(".........", ".aaaaaaa.", ".a.aa..a.", ".aaaaaaa.", ".........")
    result, count = run(FillHoles(size=1), labels)
    assert count == 1
    assert (result == drawn(".........", ".aaaaaaa.", ".aaaa..a.", ".aaaaaaa.", ".........")).all()


def test_that_a_hole_the_user_painted_stays_open() -> None:
    labels = drawn("aaaaa", "a...a", "aaaaa")
    painted = np.zeros(labels.shape, np.bool_)
    painted[0, 1, 2] = True
    assert (run(FillHoles(), labels, painted=painted)[0] == labels).all()


def test_that_a_cavity_of_a_volume_is_filled_and_a_tunnel_is_not() -> None:
    labels = np.full((5, 9, 9), 2, np.uint8)
    labels[1:4, 1:4, 1:4] = 5
    labels[2, 2, 2] = 2
    labels[:, 5:8, 5:8] = 5
    labels[:, 6, 6] = 2
    result, count = run(FillHoles(), labels)
    assert (count, result[2, 2, 2]) == (1, 5)
    assert (result[:, 6, 6] == 2).all()


def test_that_smoothing_takes_a_spike_and_keeps_a_straight_edge() -> None:
    labels = np.full((1, 30, 30), 2, np.uint8)
    labels[0, :, 15:] = 5
    spiky = labels.copy()
    spiky[0, 10, 8:15] = 5
    result, _ = run(Smooth(radius=4), spiky)
    assert (result[0, :, :13] == 2).all()
    assert (run(Smooth(radius=4), labels)[0] == labels).all()


def test_that_smoothing_between_three_classes_invents_no_fourth() -> None:
    labels = np.full((1, 30, 30), 2, np.uint8)
    labels[0, 10:20, :15] = 5
    labels[0, 10:20, 15:] = 9
    result, _ = run(Smooth(radius=3), labels)
    assert result[0, 15, 14] == 5
    assert result[0, 15, 15] == 9
    assert set(np.unique(result[0, 12:18, 2:-2])) == {5, 9}


def test_that_smoothing_of_thick_slices_reaches_equally_far_in_millimetres() -> None:
    labels = np.full((9, 21, 21), 2, np.uint8)
    labels[4] = 5
    thin, _ = run(Smooth(radius=2, unit="mm"), labels, spacing=(0.5, 0.5, 0.5))
    thick, _ = run(Smooth(radius=2, unit="mm"), labels, spacing=(10.0, 0.5, 0.5))
    assert not (thin == 5).any()
    assert (thick == labels).all()


def test_that_a_slice_of_a_volume_that_alone_is_predicted_is_cleaned_as_a_plane() -> None:
    labels = np.zeros((4, 12, 12), np.uint8)
    labels[2, 2:9, 2:9] = 1
    labels[2, 5, 5] = 0
    known = np.zeros(labels.shape, np.bool_)
    known[2] = True
    probabilities = np.stack([labels == 0, labels == 1]).astype(np.uint8) * np.uint8(255)
    found = segment(probabilities, (0, 1), (FillHoles(enabled=True),), known=known)
    assert found.labels[2, 5, 5] == 1
