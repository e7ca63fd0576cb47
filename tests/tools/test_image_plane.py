"""The slice of the image that a tool works on: read and measured only on demand, and once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.data.plane import Plane
from unetstudio.tools.image_plane import ImagePlane

VALUES = np.arange(2 * 3 * 4 * 5, dtype=np.uint16).reshape(2, 3, 4, 5)


class File:
    """Voxels that count how often they are read."""

    shape, dtype, nbytes = VALUES.shape, VALUES.dtype, VALUES.nbytes

    def __init__(self) -> None:
        self.reads = 0

    def __getitem__(self, index: Any) -> NDArray[Any]:
        self.reads += 1
        return VALUES[index]


@pytest.mark.parametrize(
    ("plane", "expected"), [(Plane(0, 2), VALUES[:, 2]), (Plane(1, 3), VALUES[:, :, 3]), (Plane(2, 0), VALUES[..., 0])]
)
def test_that_all_channels_of_the_slice_are_there_as_rows_and_columns(plane: Plane, expected: NDArray[Any]) -> None:
    np.testing.assert_array_equal(ImagePlane(VALUES, plane).channels, expected)


def test_that_nothing_is_read_before_it_is_asked_for_and_then_once() -> None:
    file = File()
    image = ImagePlane(file, Plane(0, 1))
    assert file.reads == 0
    assert image.channels is image.channels
    assert file.reads == 1


def test_that_a_map_is_computed_once_for_each_function() -> None:
    calls: list[str] = []

    def brightest(channels: NDArray[Any]) -> float:
        calls.append("brightest")
        return float(channels.max())

    def darkest(channels: NDArray[Any]) -> float:
        calls.append("darkest")
        return float(channels.min())

    image = ImagePlane(VALUES, Plane(0, 0))
    assert [image.derived(brightest), image.derived(darkest), image.derived(brightest)] == [79.0, 0.0, 79.0]
    assert calls == ["brightest", "darkest"]
