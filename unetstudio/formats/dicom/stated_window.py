"""The check of the display window that a file states, which some programs write for values before rescaling."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_LEAST = 0.1
"""Share of a window that the values have to fill."""

_MOST_VALUES = 2**18
"""Number of values that are looked at."""


def shows(window: tuple[float, float], values: NDArray[Any]) -> bool:
    """Whether a window (low, high) shows an image: values other than outliers fill more than a sliver of it."""
    flat = values.reshape(-1)
    low, high = (float(n) for n in np.nanpercentile(flat[:: max(1, flat.size // _MOST_VALUES)], (0.5, 99.5)))
    if low == high:
        return window[0] <= low <= window[1]
    return min(high, window[1]) - max(low, window[0]) >= _LEAST * (window[1] - window[0])
