"""Trials that every augmentation goes through, and some for single ones."""

from __future__ import annotations

import numpy as np
import pytest

from unetstudio.augment.augmentation import AUGMENTATIONS
from unetstudio.augment.elastic import Elastic
from unetstudio.augment.flip import Axes, Flip
from unetstudio.augment.recipe import Drawn, Recipe
from unetstudio.augment.resample import bounding_region, sample_channels, sample_labels
from unetstudio.augment.rotation import Angle, Rotation
from unetstudio.augment.sampling_grid import SamplingGrid
from unetstudio.augment.zoom import Factor, Zoom

GEOMETRIC = {"flip", "rotation", "zoom", "stretch", "elastic"}
EVERY = sorted(AUGMENTATIONS)


def picture(height: int = 40, width: int = 50) -> np.ndarray:
    return np.random.default_rng(0).uniform(-1, 1, (2, 1, height, width)).astype(np.float32)


def certain(name: str) -> object:
    kind = AUGMENTATIONS[name]
    return kind(probability=1.0)  # type: ignore[call-arg]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("dims", [2, 3])
def test_that_drawn_values_replay_exactly(name: str, dims: int) -> None:
    augmentation = certain(name)
    if name in GEOMETRIC:
        drawn = augmentation.draw(np.random.default_rng(3), dims)
        patch, centre = (8, 12, 16)[-dims:], (4.0, 20.0, 20.0)[-dims:]
        once, again = (augmentation.apply(drawn, SamplingGrid.identity(dims)).coordinates(patch, centre) for _ in range(2))
        assert once.shape == (dims, *patch)
    else:
        drawn = augmentation.draw(np.random.default_rng(3))
        image = picture()[:, 0] if dims == 2 else np.repeat(picture(), 4, axis=1)
        once, again = (augmentation.apply(drawn, image.copy(), 1) for _ in range(2))
        assert once.shape == image.shape
        assert once.dtype == np.float32
        assert np.isfinite(once).all()
        assert not np.array_equal(once, image) or name == "tint", "grey has no tint"
    np.testing.assert_array_equal(once, again)


@pytest.mark.parametrize("name", EVERY)
def test_that_an_augmentation_of_no_probability_does_nothing(name: str) -> None:
    never = AUGMENTATIONS[name](probability=0.0)  # type: ignore[call-arg]
    drawn = never.draw(np.random.default_rng(0), 2) if name in GEOMETRIC else never.draw(np.random.default_rng(0))
    assert drawn is None or drawn == Axes((False, False))


def test_that_an_identity_grid_reads_the_voxels_themselves() -> None:
    image = picture()
    places = SamplingGrid.identity(2).coordinates((6, 8), (12.5, 13.5))
    np.testing.assert_array_equal(sample_channels(image, places), image[:, 0, 10:16, 10:18])


def test_that_a_flip_mirrors_image_and_labels_alike() -> None:
    image = picture()
    labels = (image[0] > 0).astype(np.uint8)
    grid = Flip().apply(Axes((False, True)), SamplingGrid.identity(2))
    places = grid.coordinates((6, 8), (12.5, 13.5))
    np.testing.assert_array_equal(sample_channels(image, places), image[:, 0, 10:16, 10:18][..., ::-1])
    np.testing.assert_array_equal(sample_labels(labels, places), labels[0, 10:16, 10:18][:, ::-1])


def test_that_a_quarter_turn_in_a_volume_turns_its_slices() -> None:
    volume = np.random.default_rng(0).uniform(-1, 1, (1, 5, 9, 9)).astype(np.float32)
    grid = Rotation().apply(Angle(90.0), SamplingGrid.identity(3))
    turned = sample_channels(volume, grid.coordinates((5, 9, 9), (2.0, 4.0, 4.0)))
    np.testing.assert_allclose(turned[0], np.rot90(volume[0], -1, axes=(1, 2)), atol=1e-4)


def test_that_zooming_in_looks_at_less() -> None:
    grid = Zoom().apply(Factor(2.0), SamplingGrid.identity(2))
    places = grid.coordinates((9, 9), (20.0, 20.0))
    assert places.min() == 18
    assert places.max() == 22


def test_that_coordinates_beyond_the_border_are_mirrored_and_not_labelled() -> None:
    image, labels = picture(), np.ones((1, 40, 50), np.uint8)
    places = SamplingGrid.identity(2).coordinates((5, 5), (0.0, 0.0))
    sampled = sample_channels(image, places)
    np.testing.assert_array_equal(sampled[:, 0, :], sampled[:, 4, :])
    sampled = sample_labels(labels, places)
    assert (sampled[:2] == 255).all()
    assert (sampled[2:, 2:] == 1).all()


@pytest.mark.parametrize("centre", [(0.0, 0.0), (20.0, 25.0), (39.0, 49.0), (-6.0, 60.0)])
def test_that_sampling_from_the_bounding_region_equals_sampling_from_the_whole(centre: tuple[float, float]) -> None:
    image = picture()
    grid = Elastic(probability=1.0).apply(Elastic(probability=1.0).draw(np.random.default_rng(1), 2), SamplingGrid.identity(2))
    places = Rotation().apply(Angle(33.0), grid).coordinates((16, 16), centre)
    part = bounding_region(places, (1, 40, 50), 0)
    moved = places - np.array(part.start[1:], np.float32).reshape(2, 1, 1)
    np.testing.assert_allclose(sample_channels(image[(slice(None), *part.slices)], moved), sample_channels(image, places), atol=2e-2)


def test_that_a_volume_is_mirrored_beyond_its_border() -> None:
    volume = np.arange(60, dtype=np.float32).reshape(1, 3, 4, 5)
    places = SamplingGrid.identity(3).coordinates((3, 4, 9), (1.0, 1.5, 2.0))
    sampled = sample_channels(volume, places)
    np.testing.assert_allclose(sampled[..., 1], sampled[..., 3], atol=1e-4)
    labels = sample_labels(np.zeros((3, 4, 5), np.uint8), places)
    assert (labels[..., :2] == 255).all()
    assert (labels[..., 2:7] == 0).all()


def test_that_patients_are_not_mirrored() -> None:
    recipe = Recipe.standard(oriented=True)
    assert not recipe.mirrors and not any(isinstance(a, Flip) and a.probability for a in recipe.geometric)


def test_that_a_recipe_replays_a_patch() -> None:
    recipe = Recipe.standard()
    drawn = recipe.draw(np.random.default_rng(5), 2)
    assert isinstance(drawn, Drawn)
    image = picture()
    once, again = (
        recipe.apply_photometric(drawn, sample_channels(image, recipe.grid(drawn, 2).coordinates((16, 16), (20, 20))), 1) for _ in range(2)
    )
    np.testing.assert_array_equal(once, again)
