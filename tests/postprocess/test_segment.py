"""From probabilities to labels: the likeliest class, strokes on top, and words about what the steps did."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from unetstudio.postprocess.segment import Labels, segment
from unetstudio.postprocess.stack import DEFAULT_STEPS, with_options
from unetstudio.postprocess.step import StepInput
from unetstudio.postprocess.threshold import Threshold
from unetstudio.postprocess.uncertainty import uncertainty

EVERYTHING = with_options(DEFAULT_STEPS, ["threshold=0.4", "small_components=5", "fill_holes=0", "smooth=2"])


def certain(labels: np.ndarray, values: tuple[int, ...]) -> np.ndarray:
    """Probabilities (K, Z, Y, X) that leave no doubt about a label map."""
    return np.stack([np.where(labels == value, 255, 0) for value in values]).astype(np.uint8)


@given(arrays(np.uint8, (4, 2, 5, 6)))
@settings(max_examples=30, deadline=None)
def test_that_without_steps_every_voxel_takes_the_likeliest_class(probabilities: np.ndarray) -> None:
    values = (3, 7, 0, 254)
    labels = segment(probabilities, values, ()).labels
    chosen = np.take_along_axis(probabilities, np.argsort(values)[np.searchsorted(np.sort(values), labels)][None], axis=0)[0]
    assert (chosen == probabilities.max(axis=0)).all()


def test_that_a_single_class_fills_everything() -> None:
    assert (segment(np.zeros((1, 1, 4, 4), np.uint8), (9,)).labels == 9).all()


def test_that_voxels_not_predicted_yet_stay_unlabelled() -> None:
    rng = np.random.default_rng(1)
    known = np.zeros((3, 40, 40), np.bool_)
    known[1, 5:20, 8:30] = True
    found = segment(rng.integers(0, 255, (3, 3, 40, 40), np.uint8), (0, 1, 2), EVERYTHING, (2.0, 1.0, 1.0), known=known)
    assert ((found.labels == 255) == ~known).all()
    assert not found.removed[~known].any()


def test_that_nothing_predicted_gives_nothing() -> None:
    nothing = np.zeros((1, 8, 8), np.bool_)
    found = segment(np.zeros((2, 1, 8, 8), np.uint8), (0, 1), known=nothing)
    assert (found.labels == 255).all()
    assert len(found.reports) == len(DEFAULT_STEPS)


@given(st.integers(0, 2**31), st.sampled_from([(1, 24, 24), (5, 12, 12)]))
@settings(max_examples=20, deadline=None)
def test_that_painted_strokes_win_over_every_step(seed: int, shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(seed)
    strokes, mask = rng.integers(0, 3, shape, np.uint8), rng.random(shape) < 0.1
    known = rng.random(shape) < 0.9
    found = segment(rng.integers(0, 255, (3, *shape), np.uint8), (0, 1, 2), EVERYTHING, (1.0, 1.0, 1.0), (strokes, mask), known)
    assert (found.labels[mask] == strokes[mask]).all()
    assert (found.labels[~mask & ~known] == 255).all()


def test_that_strokes_of_a_class_that_the_network_does_not_know_stay() -> None:
    strokes, mask = np.full((1, 4, 4), 7, np.uint8), np.ones((1, 4, 4), np.bool_)
    found = segment(certain(np.ones((1, 4, 4)), (0, 1)), (0, 1), EVERYTHING, painted=(strokes, mask))
    assert (found.labels == 7).all()


def test_that_what_the_steps_changed_is_marked_and_told_in_mm() -> None:
    labels = np.zeros((1, 30, 30), np.uint8)
    labels[0, 3, 3:5] = 1
    labels[0, 20, 20] = 1
    found = segment(certain(labels, (0, 1)), (0, 1), with_options(DEFAULT_STEPS, ["small_components=4"]), (1.0, 0.5, 0.5))
    assert (found.removed == (labels == 1)).all()
    assert [report.text for report in found.reports] == ["nothing changed", "2 islands, 0.75 mm² removed", "", "", ""]
    assert (found.reports[1].voxels, found.reports[1].objects, found.reports[1].mm) == (3, 2, 0.75)


def test_that_without_spacing_pixels_are_told() -> None:
    labels = np.zeros((1, 30, 30), np.uint8)
    labels[0, 3, 3:5] = 1
    found = segment(certain(labels, (0, 1)), (0, 1), with_options(DEFAULT_STEPS, ["small_components=4"]))
    assert (found.reports[1].text, found.reports[1].mm) == ("1 island, 2 px removed", None)


def test_that_a_volume_is_told_in_cubic_millimetres() -> None:
    labels = np.zeros((4, 9, 9), np.uint8)
    labels[1:3, 4, 4] = 1
    found = segment(certain(labels, (0, 1)), (0, 1), with_options(DEFAULT_STEPS, ["small_components=4"]), (2.0, 1.0, 1.0))
    assert found.reports[1].text == "1 island, 4 mm³ removed"


def test_that_the_input_is_left_alone() -> None:
    rng = np.random.default_rng(2)
    probabilities, strokes, mask = (
        rng.integers(0, 255, (3, 1, 20, 20), np.uint8),
        np.ones((1, 20, 20), np.uint8),
        np.eye(20, dtype=bool)[None],
    )
    copies = probabilities.copy(), strokes.copy(), mask.copy()
    segment(probabilities, (0, 1, 2), EVERYTHING, None, (strokes, mask))
    for now, before in zip((probabilities, strokes, mask), copies, strict=True):
        assert (now == before).all()


@pytest.mark.parametrize("threshold", [0.1, 0.3, 0.5, 0.7, 0.95])
def test_that_the_threshold_is_the_share_against_the_background(threshold: float) -> None:
    foreground = np.arange(256, dtype=np.uint8).reshape(1, 16, 16)
    found = segment(np.stack([255 - foreground, foreground]), (0, 1), (Threshold(probability=threshold),)).labels
    expected = foreground / 255 >= threshold
    assert ((found == 1) == expected)[np.abs(foreground / 255 - threshold) > 0.004].all()


def test_that_above_the_threshold_the_likeliest_structure_wins() -> None:
    probabilities = np.array([140, 70, 45], np.uint8).reshape(3, 1, 1, 1)
    assert segment(probabilities, (4, 5, 6), (Threshold(probability=0.3),)).labels.item() == 5


def test_that_uncertainty_is_greatest_where_two_classes_are_level() -> None:
    probabilities = np.array([[255, 128, 100], [0, 127, 55], [0, 0, 100]], np.uint8).reshape(3, 1, 1, 3)
    assert uncertainty(probabilities).ravel().tolist() == [0, 254, 255]
    assert uncertainty(list(probabilities)).ravel().tolist() == [0, 254, 255]
    assert uncertainty(probabilities[:1]).tolist() == [[[0, 0, 0]]]


@dataclass(frozen=True)
class Watching:
    """A step that changes nothing and keeps its input."""

    title = help = main = objects = verb = ""
    enabled: bool = True
    inputs: list[StepInput] = field(default_factory=list)

    def __call__(self, labels: Labels, input: StepInput) -> tuple[Labels, int]:
        self.inputs.append(input)
        return labels, 0


@pytest.mark.parametrize("shape", [(1, 20, 30), (4, 20, 30)])
def test_that_a_step_sees_probabilities_image_and_strokes_of_the_predicted_region(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(3)
    probabilities, voxels = rng.integers(0, 256, (3, *shape), np.uint8), rng.integers(0, 999, (2, *shape))
    known, painted, box = np.zeros(shape, np.bool_), rng.random(shape) > 0.9, (slice(None), slice(5, 15), slice(7, 28))
    known[box] = True
    step = Watching()
    segment(probabilities, (4, 0, 9), (step,), (2.0, 1.0, 1.0), (np.full(shape, 9, np.uint8), painted), known, voxels)
    (input,) = step.inputs
    foreground = probabilities[(slice(1, None), *box)]
    np.testing.assert_array_equal(input.probabilities, probabilities[(slice(None), *box)])
    np.testing.assert_array_equal(input.image, voxels[(slice(None), *box)])
    np.testing.assert_array_equal(input.painted, painted[box])
    np.testing.assert_array_equal(input.best, foreground.max(axis=0))
    np.testing.assert_array_equal(input.winner, np.array([0, 9])[foreground.argmax(axis=0)])
    np.testing.assert_array_equal(input.other, probabilities[(0, *box)])
    assert (input.background, input.foreground, input.volume) == (4, (0, 9), shape[0] > 1)


def test_that_the_image_is_read_when_a_step_asks_for_it_and_once() -> None:
    reads: list[np.ndarray] = []

    def read() -> np.ndarray:
        reads.append(np.zeros((1, 1, 4, 4)))
        return reads[-1]

    input = StepInput.of((0, 1), np.zeros((2, 1, 4, 4), np.uint8), read_image=read)
    assert reads == []
    assert input.image is input.image
    assert len(reads) == 1


def test_that_without_an_image_a_step_is_told_so() -> None:
    step = Watching()
    segment(np.zeros((2, 1, 4, 4), np.uint8), (0, 1), (Watching(enabled=False), step))
    assert step.inputs[0].image is None and step.inputs[0].painted is None
