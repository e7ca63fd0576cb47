from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats import discover, read, read_by_region


def film(path: Path, frames: NDArray[Any], codec: str) -> Path:
    """Write frames (T, Y, X, 3: red, green, blue)."""
    height, width = frames.shape[1:3]
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*codec), 10, (width, height))
    assert writer.isOpened()
    for frame in frames:
        writer.write(np.ascontiguousarray(frame[..., ::-1]))
    writer.release()
    return path


def colours() -> NDArray[np.uint8]:
    """Make 7 frames of one colour each, different in red, green and blue."""
    levels = np.array([[30 + 25 * n, 200 - 20 * n, 90 + 5 * n] for n in range(7)], np.uint8)
    return np.broadcast_to(levels[:, None, None], (7, 48, 64, 3)).copy()


@pytest.mark.parametrize(("suffix", "codec"), [(".mp4", "mp4v"), (".avi", "MJPG"), (".mkv", "mp4v")])
def test_that_the_frames_of_a_video_are_slices_in_its_colours(tmp_path: Path, suffix: str, codec: str) -> None:
    path = film(tmp_path / f"a{suffix}", colours(), codec)
    (source,) = discover([path])
    scan, parts = read(source), read_by_region(source, large=0)
    assert scan.voxels.shape == (3, 7, 48, 64)
    assert np.abs(scan.array.astype(int) - np.moveaxis(colours(), -1, 0)).max() < 12
    assert scan.notes == ("Its 7 frames are shown as slices.",)
    assert np.array_equal(np.asarray(parts.voxels), scan.voxels)
    assert np.array_equal(parts.voxels[:, 4, 3:9, 5:7], scan.voxels[:, 4, 3:9, 5:7])


def test_that_a_grey_video_has_one_channel(tmp_path: Path) -> None:
    grey = np.broadcast_to(np.arange(20, 220, 40, dtype=np.uint8)[:, None, None, None], (5, 48, 64, 3))
    scan = read(film(tmp_path / "a.avi", grey, "FFV1"))
    assert scan.voxels.shape == (1, 5, 48, 64)
    assert np.array_equal(scan.array[0], grey[..., 0])


def test_that_a_damaged_video_ends_in_a_sentence(tmp_path: Path) -> None:
    path = film(tmp_path / "a.mp4", colours(), "mp4v")
    path.write_bytes(path.read_bytes()[:60])
    with pytest.raises(FormatError, match="no frame of this video"):
        read(path)
