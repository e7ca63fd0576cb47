"""A kept prediction is shown when it is whole and fits, and made anew when not."""

import hashlib

import h5py
import numpy as np
import pytest

from unetstudio.data.prediction import Prediction
from unetstudio.project import prediction_file

SHAPE = (2, 30, 40)


@pytest.fixture
def kept(tmp_path) -> Prediction:
    prediction = Prediction(SHAPE, (0, 3), "checkpoint")
    prediction.probabilities[:] = np.random.default_rng(0).integers(0, 256, (2, *SHAPE), np.uint8)
    prediction_file.save(tmp_path, prediction)
    return prediction


def test_that_a_prediction_comes_back(kept, tmp_path):
    back = prediction_file.load(tmp_path, SHAPE)
    assert np.array_equal(back.probabilities, kept.probabilities) and back.complete
    assert (back.values, back.checkpoint) == ((0, 3), "checkpoint")


def test_that_none_is_given_for_another_scan_or_without_a_file(kept, tmp_path):
    assert prediction_file.load(tmp_path, (2, 40, 30)) is None
    assert prediction_file.load(tmp_path / "none", SHAPE) is None


def test_that_a_damaged_prediction_is_not_shown(kept, tmp_path):
    path = tmp_path / prediction_file.NAME
    data = bytearray(path.read_bytes())
    for place in range(0, len(data), 97):
        data[place] ^= 1
        path.write_bytes(data)
        data[place] ^= 1
        assert prediction_file.load(tmp_path, SHAPE) is None


def test_that_a_prediction_that_points_at_other_files_is_not_opened(tmp_path):
    with h5py.File("x", "w", driver="core", backing_store=False) as file:
        file.attrs["checkpoint"], file.attrs["values"] = "c", np.array([0, 3], np.uint8)
        file.create_dataset("probabilities", (2, *SHAPE), np.uint8, external=[("/etc/passwd", 0, 4800)])
        file.flush()
        image = file.id.get_file_image()
    (tmp_path / prediction_file.NAME).write_bytes(image + hashlib.sha256(image).digest())
    assert prediction_file.load(tmp_path, SHAPE) is None
