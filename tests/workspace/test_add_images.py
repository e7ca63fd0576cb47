"""Images becoming cases: measured, hashed, with thumbnail; one that cannot be read is refused by itself."""

from __future__ import annotations

import hashlib
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from unetstudio.data.case import Source
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.workspace.add_images import CaseRead, CaseRefused, read_images
from unetstudio.workspace.thumbnail import THUMBNAIL, picture, thumbnail


def write(path: Path, shape: tuple[int, ...] = (20, 30), seed: int = 0) -> Source:
    cv2.imwrite(str(path), np.random.default_rng(seed).integers(0, 255, shape, np.uint8))
    return Source(path)


def test_that_a_picture_becomes_a_case_with_its_hash_shape_and_thumbnail(tmp_path: Path) -> None:
    (found,) = read_images([write(tmp_path / "cell.png")])
    assert isinstance(found, CaseRead)
    assert (found.case.name, found.case.shape, found.case.channels) == ("cell", (1, 20, 30), 1)
    assert found.case.sha256 == hashlib.sha256((tmp_path / "cell.png").read_bytes()).hexdigest()
    small = cv2.imdecode(np.frombuffer(found.thumbnail, np.uint8), cv2.IMREAD_COLOR)
    assert small.shape == (128, THUMBNAIL, 3)


def test_that_a_broken_file_is_refused_and_the_next_one_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(b"")
    refused, read = read_images([Source(tmp_path / "a.png"), write(tmp_path / "b.png")])
    assert isinstance(refused, CaseRefused)
    assert refused.text.startswith("a.png: ")
    assert isinstance(read, CaseRead)
    assert (read.done, read.total) == (2, 2)


def test_that_the_same_image_is_taken_once_under_whatever_name(tmp_path: Path) -> None:
    sources = [write(tmp_path / "a.png"), write(tmp_path / "b.png"), write(tmp_path / "c.png", seed=1)]
    first, again, other = read_images(sources)
    assert isinstance(first, CaseRead)
    assert isinstance(again, CaseRefused)
    assert again.text == "b.png: this image is in the project already."
    assert isinstance(other, CaseRead)
    assert isinstance(next(read_images(sources, {first.case.sha256})), CaseRefused)


@pytest.mark.parametrize("shape", [(1, 1), (1, 900), (900, 1), (2, 3, 3)])
def test_that_even_the_oddest_shape_has_a_picture(tmp_path: Path, shape: tuple[int, ...]) -> None:
    (found,) = read_images([write(tmp_path / "odd.png", shape)])
    assert isinstance(found, CaseRead)
    assert picture(found.scan).shape[-1] == 3
    assert max(picture(found.scan).shape) == THUMBNAIL


@pytest.mark.parametrize("values", [np.full((8, 8), 7, np.uint8), np.zeros((8, 8), np.float32), np.full((8, 8), -1e30, np.float32)])
def test_that_a_constant_image_has_a_picture(tmp_path: Path, values: np.ndarray) -> None:
    tifffile.imwrite(tmp_path / "flat.tif", values)
    (found,) = read_images([Source(tmp_path / "flat.tif")])
    assert isinstance(found, CaseRead)
    assert np.ptp(picture(found.scan)) == 0


def test_that_a_volume_is_pictured_by_its_middle_slice_in_true_proportions() -> None:
    voxels = np.zeros((1, 5, 40, 20), np.float32)
    voxels[0, 2, :20] = 100
    found = picture(Scan(voxels, Geometry((1.0, 0.5, 1.0))))
    assert found.shape == (THUMBNAIL, THUMBNAIL, 3)  # 20 mm x 20 mm
    assert found[: THUMBNAIL // 2 - 4].min() == 255
    assert found[THUMBNAIL // 2 + 4 :].max() == 0


def test_that_colours_keep_their_order() -> None:
    red = np.zeros((3, 1, 9, 9), np.uint8)
    red[0] = 250
    scan = Scan(red)
    assert picture(scan)[0, 0].tolist() == [250, 0, 0]
    assert cv2.imdecode(np.frombuffer(thumbnail(scan), np.uint8), cv2.IMREAD_COLOR)[0, 0].tolist() == [0, 0, 250]
