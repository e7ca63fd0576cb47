"""Small pictures of scans."""

from __future__ import annotations

import numpy as np

from unetstudio.data.scan import Scan
from unetstudio.workspace.thumbnail import picture


def test_that_values_of_any_size_are_visible() -> None:
    ramp = np.linspace(0, 1, 40 * 44, dtype=np.float32).reshape(1, 1, 40, 44)
    for scale in (1e-12, 1.0, 1e9):
        assert 100 < picture(Scan(ramp * np.float32(scale), window=(-0.5, 32766.5) if scale < 1 else None)).mean() < 155
