"""Trees that take unpainted voxels for background."""

import numpy as np

from unetstudio.pixel_classifier.background_teacher import teach_with_background

Floats = np.ndarray


def places(seed: int) -> Floats:
    """Draw voxels of a line from 0 to 10, as one useful feature and one of noise."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.uniform(0, 10, 4000), rng.normal(size=4000)], axis=1).astype(np.float32)


def strokes() -> tuple[Floats, np.ndarray]:
    """Paint background from 0 to 1 and an organ from 2 to 3; nothing beyond."""
    rng = np.random.default_rng(1)
    x = np.stack([np.concatenate([rng.uniform(0, 1, 200), rng.uniform(2, 3, 200)]), rng.normal(size=400)], axis=1)
    return x.astype(np.float32), np.repeat([0, 1], 200)


def test_that_what_no_stroke_is_near_becomes_background() -> None:
    unlabelled = places(0)
    told = teach_with_background(*strokes(), unlabelled, 0, np.random.default_rng(0))
    at = unlabelled[:, 0]
    assert told.shape == (4000, 2) and told.dtype == np.float32
    np.testing.assert_allclose(told.sum(axis=1), 1, atol=1e-5)
    assert told[at > 4, 0].mean() > 0.9


def test_that_voxels_like_an_organs_strokes_stay_the_organ_although_some_were_taken_for_background() -> None:
    unlabelled = places(0)
    told = teach_with_background(*strokes(), unlabelled, 0, np.random.default_rng(0))
    inside = (unlabelled[:, 0] > 2.1) & (unlabelled[:, 0] < 2.9)
    assert told[inside, 1].mean() > 0.8 and (told[inside, 1] > 0.5).mean() > 0.95


def test_that_background_may_be_any_class() -> None:
    x, y = strokes()
    told = teach_with_background(x, 1 - y, places(0), 1, np.random.default_rng(0))
    np.testing.assert_array_equal(told[:, ::-1], teach_with_background(x, y, places(0), 0, np.random.default_rng(0)))


def test_that_a_study_painted_everywhere_and_a_single_unpainted_voxel_are_taught() -> None:
    x, y = strokes()
    assert teach_with_background(x, y, x[:0], 0, np.random.default_rng(0)).shape == (0, 2)
    assert np.isfinite(teach_with_background(x, y, x[:1], 0, np.random.default_rng(0))).all()


def test_that_the_same_strokes_teach_the_same() -> None:
    first, again = (teach_with_background(*strokes(), places(0), 0, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
