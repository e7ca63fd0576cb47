"""Images in other values than those that were trained on: predicted alike, and said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import tifffile
from numpy.typing import NDArray

from unetstudio.formats import read_mask

Command = Callable[..., Any]


def predicted(command: Command, project: Path, image: Path, out: Path) -> tuple[NDArray[np.floating[Any]], list[str]]:
    """Return the predicted probabilities of an image, and what was said of it."""
    events = command("predict", project, image, "--out", out, "--probabilities", "--json").events
    with np.load(out / f"{image.stem}_probabilities.npz") as kept:
        probabilities = kept["probabilities"].astype(float)
    assert read_mask(out / f"{image.stem}.png")[0].shape == probabilities.shape[1:]
    return probabilities, [event["text"] for event in events if event["event"] == "notice"]


def test_that_the_same_picture_at_another_depth_or_polarity_gets_the_same_mask(command: Command, trained: Path, images: Path) -> None:
    image, others = images / "disc_0.png", trained.parent / "others"
    grey = cv2.imread(str(image), cv2.IMREAD_UNCHANGED)
    others.mkdir()
    cv2.imwrite(str(others / "deep.png"), grey.astype(np.uint16) * 257)
    tifffile.imwrite(others / "twelve.tif", grey.astype(np.uint16) * 16)
    tifffile.imwrite(others / "fraction.tif", (grey / 255).astype(np.float32))
    tifffile.imwrite(others / "negative.tif", 255 - grey, photometric="miniswhite")
    expected, said = predicted(command, trained, image, trained.parent / "plain")
    assert said == []
    for path in sorted(others.iterdir()):
        probabilities, said = predicted(command, trained, path, trained.parent / path.stem)
        assert np.abs(probabilities - expected).mean() < 0.01 * np.ptp(expected), path.name
        assert len(said) == 1 and said[0].startswith(f"{path.name}: its ")


def test_that_a_picture_that_looks_like_a_negative_is_said_on_standard_error(command: Command, trained: Path, tmp_path: Path) -> None:
    path = tmp_path / "negative.png"  # does not say that it is one
    picture = np.random.default_rng(0).normal(195, 8, (40, 40)).clip(0, 255).astype(np.uint8)
    cv2.circle(picture, (20, 20), 10, 65, -1)
    cv2.imwrite(str(path), picture)
    ran = command("predict", trained, path, "--out", tmp_path / "out")
    assert ran.status == 0
    assert "negative.png: its grey values look inverted" in ran.said
