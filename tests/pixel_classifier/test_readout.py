"""The readout: classes are learned from a few voxels, and what is learned is kept in checkpoints."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from unetstudio.errors import CheckpointError
from unetstudio.pixel_classifier.readout import Readout, fit_readout
from unetstudio.pixel_classifier.trees import prior_ratios, thinned

VIEWS = ((0, 3), (3, 6))


def rings(count: int, seed: int) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Points in six dimensions, and whether the first two, or the fourth and the fifth, lie in the unit circle."""
    x = np.random.default_rng(seed).normal(size=(count, 6)).astype(np.float32)
    x[:, 3:5] = x[:, :2] * 2
    return x, (np.hypot(x[:, 0], x[:, 1]) < 1).astype(np.int64)


@pytest.fixture(scope="module")
def readout() -> Readout:
    x, y = rings(600, 1)
    return fit_readout(x, y, 2, rings(1000, 2)[0], 0, VIEWS)


def test_that_classes_no_plane_separates_are_learned(readout: Readout) -> None:
    x, y = rings(1000, 3)
    predicted = readout.log_probabilities(torch.from_numpy(x.T.copy())).argmax(0).numpy()
    assert (predicted == y).mean() > 0.93


def test_that_probabilities_have_the_shape_of_the_features_and_sum_to_one(readout: Readout) -> None:
    features = torch.from_numpy(rings(24, 4)[0].T.reshape(6, 1, 4, 6).copy())
    logs = readout.log_probabilities(features)
    assert logs.shape == (2, 1, 4, 6) and logs.dtype == torch.float32
    torch.testing.assert_close(logs.exp().sum(0), torch.ones(1, 4, 6))
    torch.testing.assert_close(readout.log_probabilities(features[..., :2]), logs[..., :2])


def test_that_a_class_without_strokes_is_never_predicted() -> None:
    x, y = rings(300, 1)
    logs = fit_readout(x, np.where(y == 1, 3, 1), 5, rings(200, 2)[0], 0).log_probabilities(torch.from_numpy(x.T.copy()))
    assert logs.shape[0] == 5
    assert set(logs.argmax(0).tolist()) == {1, 3}
    assert bool((logs[[0, 2, 4]] < -10).all())


def test_that_a_single_class_and_a_single_voxel_are_enough() -> None:
    x, _ = rings(1, 1)
    logs = fit_readout(x, np.array([1]), 2, x[:0], 0).log_probabilities(torch.from_numpy(x.T.copy()))
    assert logs.argmax(0).tolist() == [1]


def test_that_the_same_strokes_give_the_same_readout() -> None:
    x, y = rings(200, 1)
    one, two = (fit_readout(x, y, 2, x, 5, VIEWS).tensors() for _ in range(2))
    assert one.keys() == two.keys() and all(torch.equal(one[name], two[name]) for name in one)


def test_that_a_view_without_information_is_outvoted(readout: Readout) -> None:
    x, y = rings(1000, 3)
    x[:, 5] = 1e6
    predicted = readout.log_probabilities(torch.from_numpy(x.T.copy())).argmax(0).numpy()
    assert (predicted == y).mean() > 0.8


def test_that_a_class_that_is_rarer_in_the_images_than_in_the_strokes_is_predicted_less() -> None:
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.normal(0, 1, (200, 2)), rng.normal(1.5, 1, (200, 2))]).astype(np.float32)
    sample = np.concatenate([rng.normal(0, 1, (1900, 2)), rng.normal(1.5, 1, (100, 2))]).astype(np.float32)
    y, asked = np.repeat([0, 1], 200), torch.from_numpy(sample.T.copy())
    rare, even = (fit_readout(x, y, 2, unlabelled, 0).log_probabilities(asked).argmax(0).sum() for unlabelled in (sample, x))
    assert rare < 0.8 * even


def test_that_the_correction_for_frequency_is_limited() -> None:
    soft = np.repeat([[0.99, 0.01]], 50, axis=0)
    even = np.array([0.5, 0.5])
    np.testing.assert_allclose(np.log(prior_ratios(soft, even, 0.5)), [0.5, -0.5])
    assert prior_ratios(soft, even, 9)[1] < 0.05
    np.testing.assert_allclose(prior_ratios(np.full((50, 2), 0.5), even, 9), 1)


def test_that_rare_classes_keep_all_their_voxels() -> None:
    y = np.repeat([0, 1, 2], [5000, 40, 300])
    kept = thinned(y, 1000, np.random.default_rng(0))
    assert np.bincount(y[kept]).tolist() == [660, 40, 300]
    assert len(thinned(y, 10_000, np.random.default_rng(0))) == len(y)


def test_that_a_readout_survives_its_tensors(readout: Readout) -> None:
    features = torch.from_numpy(rings(50, 5)[0].T.copy())
    again = Readout.from_tensors(readout.tensors())
    assert torch.equal(again.log_probabilities(features), readout.log_probabilities(features))


@pytest.mark.parametrize(
    "damage",
    [
        {"mean": torch.zeros(5)},
        {"deviation": torch.zeros(6)},
        {"present": torch.tensor([0, 7])},
        {"present": torch.tensor([1, 1])},
        {"channels": torch.tensor(300)},
        {"views": torch.tensor([[0, 3], [3, 7]])},
        {"views": torch.tensor([[0, 3], [3, 5]])},
        {"views": torch.tensor([0, 3])},
        {"1.0.weight": torch.zeros(32, 4)},
        {"1.2.bias": torch.zeros(3)},
        {"0.1.weight": torch.full((32, 32), torch.nan)},
        {"0.1.weight": torch.zeros((32, 32), dtype=torch.float64)},
    ],
)
def test_that_damaged_tensors_are_refused(readout: Readout, damage: dict[str, Tensor]) -> None:
    with pytest.raises(CheckpointError):
        Readout.from_tensors(readout.tensors() | damage)


def test_that_missing_tensors_are_refused(readout: Readout) -> None:
    for name in readout.tensors():
        with pytest.raises(CheckpointError):
            Readout.from_tensors({key: value for key, value in readout.tensors().items() if key != name})
