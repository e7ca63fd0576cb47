"""The window that a NIfTI header suggests."""

from __future__ import annotations

from typing import Any

import numpy as np


def display_range(header: Any) -> tuple[float, float] | None:
    """Return cal_min and cal_max, which are in rescaled values; None where they are not given."""
    low, high = float(header["cal_min"]), float(header["cal_max"])
    return (low, high) if np.isfinite([low, high]).all() and low < high else None
