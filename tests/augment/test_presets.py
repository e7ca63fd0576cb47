"""Recipes by name, from the images, and changed one number at a time."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unetstudio.augment.blur import Blur
from unetstudio.augment.presets import PRESETS, changes_between, choose_recipe, preset_for, with_changes
from unetstudio.augment.recipe import Recipe
from unetstudio.augment.rotation import Rotation
from unetstudio.data.case import Case, Source
from unetstudio.data.geometry import Geometry
from unetstudio.errors import UserError

AFFINE = Geometry(spacing=(1.0, 1.0, 1.0), affine=np.eye(4))


def case(kind: str = "PNG", channels: int = 1, geometry: Geometry = Geometry(), shape: tuple[int, int, int] = (1, 9, 9)) -> Case:  # noqa: B008
    return Case("a", "a", Source(Path("a")), "", shape, channels, kind, geometry)


def test_that_a_preset_is_chosen_from_the_images() -> None:
    assert preset_for([case()]) == "microscopy"
    assert preset_for([case(channels=3)]) == "photographs"
    assert preset_for([case("DICOM CT"), case("DICOM CT")]) == "ct"
    assert preset_for([case("DICOM US")]) == "ultrasound"
    assert preset_for([case("NIfTI", geometry=AFFINE)]) == "mri"


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("dims", [2, 3])
def test_that_a_preset_draws_and_gives_its_reasons(name: str, dims: int) -> None:
    recipe, why = choose_recipe([case()], name, "")
    assert why.startswith("varied as ")
    drawn = recipe.draw(np.random.default_rng(0), dims)
    assert recipe.grid(drawn, dims).matrix.shape == (dims, dims)


def test_that_only_patients_and_ultrasound_are_not_mirrored_along_every_axis() -> None:
    assert {name for name, preset in PRESETS.items() if preset.recipe.mirrors} == {"microscopy", "photographs"}


def test_that_numbers_are_changed_and_whole_augmentations_switched() -> None:
    recipe, why = choose_recipe([case()], "microscopy", "rotation.limit=30, blur=off,tint=on,flip.axes=sides")
    by_kind = {type(a).__name__: a for a in (*recipe.geometric, *recipe.photometric)}
    assert by_kind["Rotation"].limit == 30 and by_kind["Blur"].probability == 0 and by_kind["Tint"].probability > 0
    assert not recipe.mirrors and why.endswith("with your changes")


def test_that_a_changed_recipe_comes_back_from_its_changes() -> None:
    before = PRESETS["microscopy"].recipe
    after = before.changed(Rotation(0.25, 45.0), Blur(0.5, 2.0))
    assert with_changes(before, changes_between(before, after)) == after
    assert changes_between(before, before) == ""


@pytest.mark.parametrize(
    "changes", ["rotation", "cow=on", "rotation.speed=3", "rotation.limit=x", "rotation.limit=999", "flip.axes=up", "blur=maybe"]
)
def test_that_an_invalid_change_is_refused(changes: str) -> None:
    with pytest.raises(UserError):
        with_changes(Recipe.standard(), changes)


def test_that_an_unknown_preset_is_refused_with_the_choices() -> None:
    with pytest.raises(UserError, match="auto, microscopy, ct, mri, ultrasound, photographs"):
        choose_recipe([case()], "x-ray", "")


def test_that_slices_far_apart_are_not_tilted() -> None:
    thick = replace(AFFINE, spacing=(5.0, 1.0, 1.0))
    for geometry, tilted in ((AFFINE, True), (thick, False)):
        recipe, _ = choose_recipe([case("DICOM CT", geometry=geometry, shape=(9, 9, 9))], "ct", "")
        assert any(isinstance(a, Rotation) and a.tilt > 0 for a in recipe.geometric) == tilted
