"""Small pictures of bright discs, for tests that need images on the disk."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np


def write_discs(folder: Path) -> list[Path]:
    """Write two grey pictures, 96 x 80, of bright discs on a dark background into a new folder."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    paths = []
    for number in range(2):
        picture = rng.normal(60, 8, (80, 96)).clip(0, 255).astype(np.uint8)
        cv2.circle(picture, (30 + 20 * number, 40), 18, 190, -1)
        paths.append(folder / f"disc_{number}.png")
        cv2.imwrite(str(paths[-1]), picture)
    return paths
