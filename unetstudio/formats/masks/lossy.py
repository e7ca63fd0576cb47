"""Black and white masks that were saved as JPEG, which blurs their edges: cleaned where that is certain."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.quantity import count_text

NEAR = 48
"""Largest distance from black or white of a grey that ringing leaves beside an edge."""
CLOSE_SHARE, PEAK_SHARE, MIDDLE_SHARE = 0.96, 0.005, 0.002
"""Least share of pixels near black or white; largest shares of one other grey, and of the middle, where ringing hardly reaches."""
MIDDLE = (96, 160)
FEWEST = 3
"""Least number of greys beside black, and beside white, that ringing leaves."""
_LOSSLESS = {0xC3, 0xC7, 0xCB, 0xCF, 0xF7}  # start-of-frame markers
_FRAMES = {*range(0xC0, 0xD0), *_LOSSLESS} - {0xC4, 0xC8, 0xCC}
EVEN = 8
"""Largest difference between the three colours of a grey that was stored in colour."""


def is_blurred(values: NDArray[Any]) -> bool:
    """Whether a grey mask in any format looks like black and white that was once saved as JPEG: many greys beside black and white alike.

    Class values and numbered objects do not: they are few, or all on one side, or of more pixels.
    """
    if values.dtype != np.uint8 or len(values) != 1:
        return False
    counts = np.bincount(values.reshape(-1), minlength=256)
    dark, light = np.count_nonzero(counts[1 : NEAR + 1]), np.count_nonzero(counts[255 - NEAR : 255])
    return bool(min(dark, light) >= FEWEST and counts[[0, 255]].min() > counts[1:255].max())


def cleaned(values: NDArray[Any]) -> tuple[NDArray[np.uint8], int] | None:
    """Return a mask (1, Z, Y, X) of 0 and 255 and the number of pixels that were changed; None unless nearly all are black or white.

    Both must occur, so that class values, which look black, are not taken for the grain of a black picture.
    """
    if values.dtype != np.uint8 or len(values) not in (1, 3) or (len(values) == 3 and np.ptp(values, axis=0).max() > EVEN):
        return None
    grey = np.rint(values.mean(axis=0, keepdims=True)).astype(np.uint8) if len(values) == 3 else values
    white = grey > 127
    clean = np.where(white, np.uint8(255), np.uint8(0))
    changed = int((clean != grey).sum())
    if changed == 0:
        return clean, 0
    white_share = white.mean()
    away = np.where(white, 255 - grey, grey)
    shares = np.bincount(grey.reshape(-1), minlength=256) / grey.size
    peaks = 0 < white_share < 1 and (away <= NEAR).mean() >= CLOSE_SHARE
    third = shares[NEAR + 1 : 255 - NEAR].max() > PEAK_SHARE or shares[MIDDLE[0] : MIDDLE[1]].sum() > MIDDLE_SHARE
    return (clean, changed) if peaks and not third else None


def is_lossless_jpeg(path: Path) -> bool:
    """Whether a file is JPEG-LS or lossless JPEG, which keep every value."""
    data = path.read_bytes()
    at = 2
    while data[:2] == b"\xff\xd8" and at + 4 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker in _FRAMES:
            return marker in _LOSSLESS
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return False


def cleaned_words(path: Path, changed: int) -> str:
    """Say how many pixels of a mask were changed."""
    return f"{path.name}: {count_text(changed, 'pixel')} that saving with loss had made grey became black or white."
