"""Reading of regions beyond a scan."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.mirrored import mirror, read_mirrored
from unetstudio.data.region import Region


@pytest.mark.parametrize("size", [1, 2, 3, 7])
def test_that_mirroring_agrees_with_numpy_any_distance_outside(size: int) -> None:
    row = np.arange(size)
    expected = np.pad(row, 20, mode="reflect") if size > 1 else np.zeros(41, int)
    assert (row[mirror(np.arange(-20, size + 20), size)] == expected).all()


def test_that_reading_inside_a_scan_copies_nothing() -> None:
    voxels = np.arange(60).reshape(1, 3, 4, 5)
    part = read_mirrored(voxels, Region((1, 1, 1), (3, 4, 4)))
    assert part.base is not None
    assert (part == voxels[:, 1:3, 1:4, 1:4]).all()


def test_that_reading_beyond_a_scan_mirrors_it_on_every_axis() -> None:
    voxels = np.arange(24).reshape(1, 2, 3, 4)
    part = read_mirrored(voxels, Region((-1, -2, -3), (3, 5, 6)))
    assert (part == np.pad(voxels, ((0, 0), (1, 1), (2, 2), (3, 2)), mode="reflect")).all()
