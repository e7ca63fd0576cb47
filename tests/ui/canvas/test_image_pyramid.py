"""The slice of the image at the resolutions the screen needs."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.data.plane import Plane
from unetstudio.ui.canvas.image_pyramid import ImagePyramid


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.int16, np.float32, np.int32, np.float64, np.int8])
def test_that_an_image_is_halved_by_averages_at_its_own_depth(dtype: type) -> None:
    voxels = np.arange(6 * 9).reshape(1, 1, 6, 9).astype(dtype)
    (half,) = ImagePyramid(voxels, Plane()).level(1, 1)
    assert half.shape == (3, 5)
    assert half[0, 0] == pytest.approx((0 + 1 + 9 + 10) / 4, abs=0.51)
    assert half[0, 4] == pytest.approx((8 + 17) / 2, abs=0.51)


def test_that_only_the_finer_axis_is_halved_when_asked() -> None:
    (half,) = ImagePyramid(np.zeros((1, 4, 10, 12), np.uint16), Plane(1, 3)).level(0, 2)
    assert half.shape == (4, 3)
