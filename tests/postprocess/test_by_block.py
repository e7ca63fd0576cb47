"""Steps run block by block make what they make of the whole."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region
from unetstudio.postprocess.by_block import by_block
from unetstudio.postprocess.fill_holes import FillHoles
from unetstudio.postprocess.small_components import SmallComponents
from unetstudio.postprocess.smooth import Smooth
from unetstudio.postprocess.step import Step, StepInput
from unetstudio.postprocess.strongest import strongest
from unetstudio.postprocess.threshold import Threshold

Labels = NDArray[np.uint8]
VALUES = (0, 3, 9)


def probabilities(shape: Index, seed: int = 0) -> NDArray[np.uint8]:
    """(3, Z, Y, X) of soft blobs of every size."""
    from scipy import ndimage

    rng = np.random.default_rng(seed)
    grain = [sum(ndimage.gaussian_filter(rng.normal(size=shape), s) * s ** (len(shape) / 2) for s in (0.7, 2, 5)) for _ in VALUES]
    shares = np.exp(np.stack(grain) * 1.5)
    return np.asarray(shares / shares.sum(0) * 255, np.uint8)


def run(step: Step, shape: Index, window: int, longest: int = 0, painted: NDArray[np.bool_] | None = None) -> tuple[Labels, Labels, bool]:
    """The result of a step on the whole and by block, and whether anything was left."""
    shares = probabilities(shape)
    best, winner = strongest(shares[1:], VALUES[1:])
    labels = np.where(best > shares[0], winner, np.uint8(0))

    def input_of(region: Region) -> StepInput:
        at = region.slices
        strokes = None if painted is None else painted[at]
        return StepInput.of(VALUES, shares[(slice(None), *at)], painted=strokes, spacing=(2.0, 0.5, 0.5), volume=shape[0] > 1)

    whole, _ = step(labels, input_of(Region.whole(shape)))
    made = np.full(shape, 77, np.uint8)

    def write(region: Region, values: Labels) -> None:
        assert (made[region.slices] == 77).all()  # no block twice
        made[region.slices] = values

    blocks = list(by_block(step, lambda region: labels[region.slices], input_of, write, shape, window=window, longest=longest))
    assert blocks[-1].done == blocks[-1].total == len(blocks) > 3
    assert (whole != labels).any()
    return whole, made, any(block.skipped for block in blocks)


STEPS: dict[str, Step] = {
    "threshold": Threshold(probability=0.3),
    "islands": SmallComponents(enabled=True, size=20),
    "islands in mm": SmallComponents(enabled=True, size=4, unit="mm"),
    "holes": FillHoles(enabled=True, size=25),
    "smooth": Smooth(enabled=True, radius=5),
    "smooth in mm": Smooth(enabled=True, radius=2, unit="mm"),
}


@pytest.mark.parametrize("name", STEPS)
@pytest.mark.parametrize("shape", [(1, 301, 407), (18, 90, 101)])
def test_that_blocks_give_what_the_whole_gives(name: str, shape: Index) -> None:
    whole, made, left = run(STEPS[name], shape, window=100**2 if shape[0] == 1 else 60**3)
    assert (made == whole).all()
    assert not left


@pytest.mark.parametrize("step", [SmallComponents(enabled=True, size=30), FillHoles(enabled=True, size=30)])
def test_that_objects_with_a_stroke_in_them_stay_wherever_blocks_meet(step: Step) -> None:
    painted = np.random.default_rng(0).random((1, 301, 407)) > 0.98
    whole, made, _ = run(step, (1, 301, 407), 120**2, painted=painted)
    assert (made == whole).all()


def test_that_objects_too_long_for_a_block_are_left_whole_and_told() -> None:
    """Nothing is half filled, whatever the size of the blocks; shorter objects are as in the whole."""
    step, shape = FillHoles(enabled=True), (1, 301, 407)
    whole, made, left = run(step, shape, 100**2, longest=12)
    assert left
    _, other, _ = run(step, shape, 150**2, longest=12)
    assert (made == other).all()
    assert (made != whole).any()
    _, all_seen, left = run(step, shape, 300**2, longest=60)
    assert (all_seen == whole).all()
    assert not left


def test_that_islands_of_many_voxels_go_where_they_are_short() -> None:
    step, shape = SmallComponents(enabled=True, size=200), (1, 301, 407)
    whole, made, left = run(step, shape, 250**2, longest=50)
    assert (made == whole).all()
    assert not left
