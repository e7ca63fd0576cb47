"""What is said where a scan differs from the images that were learnt from, and what is predicted of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from inference.predictors import predicted, untrained_predictor

from unetstudio.data.case import Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Geometry
from unetstudio.data.scan import Scan
from unetstudio.formats import read
from unetstudio.inference.comparison import compare_sizes, in_sentences
from unetstudio.inference.events import Notice
from unetstudio.inference.folder import PredictionTarget, predict_to_folder
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.prediction_options import MemoryLimits, PredictionOptions

CLASSES = ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)])


def test_that_voxels_of_about_the_learnt_size_are_not_mentioned() -> None:
    assert compare_sizes((2.0, 1.0, 1.0), (2.0, 1.4, 1.0), 3, resamples=False) == ""
    assert compare_sizes(None, (2.0, 1.4, 1.0), 3, resamples=False) == ""
    assert compare_sizes((1.0, 1.0, 1.0), None, 3, resamples=False) == ""
    assert compare_sizes((9.0, 1.0, 1.0), (1.0, 1.0, 1.0), 2, resamples=False) == ""  # slices may be as far apart as they are


@pytest.mark.parametrize(("own", "learnt"), [((2.0, 0.5, 0.5), (2.0, 1.0, 1.0)), ((2.0, 1.0, 1.0), (2.0, 0.5, 0.5))])
def test_that_voxels_of_another_size_are_told_with_both_sizes(own: tuple[float, float, float], learnt: tuple[float, float, float]) -> None:
    words = compare_sizes(own, learnt, 2, resamples=False)
    assert "2 x 0.5 x 0.5 mm" in words and "2 x 1 x 1 mm" in words and "2.0 times" in words


def test_that_an_unknown_voxel_size_is_told_where_it_would_be_resampled() -> None:
    assert "not known" in compare_sizes(None, (2.0, 1.0, 1.0), 3, resamples=True)


def test_that_remarks_are_joined_as_sentences() -> None:
    assert in_sentences("", "its size is unknown.", "", "its values too.") == "its size is unknown. Its values too."
    assert in_sentences("", "") == ""


def test_that_an_image_of_another_bit_depth_or_polarity_is_predicted_alike(predictor: NetworkPredictor, image: Path) -> None:
    scan = read(image)
    expected = predicted(predictor, scan).probabilities
    assert predictor.remark(scan) == ""
    deep = Scan(scan.array.astype(np.uint16) * 257, scan.geometry)
    inverted = Scan(255 - scan.array, scan.geometry, inverted=True)
    for other in (deep, inverted):
        np.testing.assert_allclose(predicted(predictor, other).probabilities, expected, atol=1)
    assert "divided by 257" in predictor.remark(deep)
    assert "turned round" in predictor.remark(inverted)


def test_that_a_predictor_tells_another_voxel_size_unless_it_resamples(predictor: NetworkPredictor, image: Path) -> None:
    fine = replace(read(image), geometry=Geometry((1.0, 0.2, 0.2)))
    predictor.learnt_spacing = (1.0, 0.5, 0.5)
    assert "0.2 x 0.2 mm" in predictor.differences(fine)
    predictor.tiles.spacing = (1.0, 0.5, 0.5)
    assert predictor.differences(fine) == ""
    assert predictor.remark(fine).startswith("resampled from")


@pytest.mark.parametrize("limits", [MemoryLimits(), MemoryLimits(large=0, picture=100, probabilities=100, tile_edge=16)])
def test_that_a_folder_says_once_for_each_image_how_it_differs(image: Path, tmp_path: Path, limits: MemoryLimits) -> None:
    predictor = untrained_predictor(image)
    deep = image.with_name("deep.png")
    cv2.imwrite(str(deep), cv2.imread(str(image), cv2.IMREAD_UNCHANGED).astype(np.uint16) * 257)
    targets = [PredictionTarget(Source(path), path.stem) for path in (image, deep)]
    notices = [
        event.text
        for event in predict_to_folder(predictor, targets, tmp_path / "out", (), CLASSES, PredictionOptions(limits=limits))
        if isinstance(event, Notice)
    ]
    assert len(notices) == 1
    assert notices[0].startswith("deep.png: its values reach from")
