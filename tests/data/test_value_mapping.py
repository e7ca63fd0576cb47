"""Inverted scans turned round: about what their file can store."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.scan import Scan
from unetstudio.data.value_mapping import SAME, ValueMapping, upright
from unetstudio.data.voxel_sample import value_sample


def test_that_mappings_follow_one_another_and_come_back() -> None:
    both = ValueMapping(-1.0, 255.0).then(ValueMapping(257.0))
    assert both.of(55) == 200 * 257
    assert both.before(200 * 257) == 55
    np.testing.assert_array_equal(both.apply(np.array([55, 255], np.uint8)), [200 * 257, 0])


@pytest.mark.parametrize(
    ("values", "stated", "about"),
    [
        (np.array([900, 3600], np.uint16), 4095.0, 4095.0),
        (np.array([10, 200], np.uint8), None, 255.0),
        (np.array([0, 1], np.uint8), None, 1.0),
        (np.array([100, 40000], np.uint16), None, 65535.0),
        (np.array([100, 4000], np.uint16), 65535.0, 4095.0),
        (np.array([-500, 300], np.int16), -1.0, -1.0),
        (np.array([0.25, 0.5], np.float32), None, 0.75),
    ],
)
def test_that_inverted_values_turn_within_what_can_be_stored(values: NDArray[np.generic], stated: float | None, about: float) -> None:
    scan = Scan(values.reshape(1, 1, 1, 2), inverted=True, inversion=stated)
    assert upright(scan) == ValueMapping(-1.0, about)


def test_that_other_scans_stay_as_they_are() -> None:
    assert upright(Scan(np.zeros((1, 1, 2, 2), np.uint8), inversion=255.0)) == SAME


def test_that_voxels_in_a_file_are_sampled_in_patches_over_the_whole() -> None:
    class InFile:
        """Voxels that are read by region, and how many were."""

        shape, dtype, nbytes, reads = (1, 5, 1000, 900), np.dtype(np.uint16), 9_000_000, 0

        def __getitem__(self, index: tuple[slice, ...]) -> NDArray[np.uint16]:
            part = np.broadcast_to(np.arange(900, dtype=np.uint16), self.shape)[index]
            self.reads += part.size
            return part

    voxels = InFile()
    sample = value_sample(voxels)
    assert sample.shape[1] == voxels.reads < 250_000
    assert sample.min() < 150 and sample.max() > 750
