"""The voxel size that a network learns at, chosen from the cases; patches, scores and checkpoints follow it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unetstudio.augment.presets import AUTO, choose_recipe
from unetstudio.augment.recipe import Recipe
from unetstudio.augment.rotation import Rotation
from unetstudio.data.case import Case, Source
from unetstudio.data.geometry import Geometry, Spacing
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import UserError
from unetstudio.networks.checkpoint import Checkpoint, load
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import TrainingStarted
from unetstudio.training.fit import Trainer
from unetstudio.training.material import Material
from unetstudio.training.samples import Samples
from unetstudio.training.scoring import find_windows
from unetstudio.training.spacing import choose_spacing
from unetstudio.training.start import load_start

MakeStudy = Callable[..., Study]


def case(spacing: Spacing | None, shape: tuple[int, int, int] = (20, 40, 40)) -> Case:
    return Case("a", "a", Source(Path("a.nii")), "", shape, 1, geometry=Geometry(spacing))


def sphere(edge: float, number: int) -> StudyCase:
    """A sphere of 8 mm in a cube of 24 mm, at voxels of `edge` mm."""
    n = round(24 / edge)
    z, y, x = (np.indices((n, n, n)) + 0.5) * edge - 12
    truth = (z**2 + y**2 + x**2 < 64).astype(np.uint8)
    noise = np.random.default_rng(number).normal(0, 10, truth.shape)
    scan = Scan((100 + 80 * truth + noise).astype(np.float32)[None], Geometry((edge, edge, edge)))
    one = Case(f"case{number}", f"case{number}", Source(Path(f"{number}.nii")), "", scan.shape, 1, geometry=scan.geometry)
    return StudyCase(one, lambda: scan, LabelMap(truth))


def spheres(make_study: MakeStudy, *edges: float) -> Study:
    return Study(make_study().classes, [sphere(edge, number) for number, edge in enumerate(edges)])


def test_that_the_median_is_chosen_where_voxel_sizes_differ() -> None:
    target, words = choose_spacing([case((1.0, 0.5, 0.5)), case((1.2, 0.5, 0.5)), case((1.4, 0.6, 0.6))], 3, "auto")
    assert target == (1.2, 0.5, 0.5)
    assert words == "1.2 x 0.5 x 0.5 mm (z, y, x), 2 of 3 images are resampled to it, none copied"


def test_that_slices_far_apart_are_not_chosen_for_all() -> None:
    target, _ = choose_spacing([case((z, 0.5, 0.5)) for z in (2.0, 5.0, 6.0)], 3, "auto")
    assert target is not None and 2 < target[0] < 3


def test_that_volumes_of_one_size_make_it_that_of_all_others() -> None:
    target, words = choose_spacing([case((1.0, 1.0, 1.0))] * 3, 3, "auto")
    assert target == (1.0, 1.0, 1.0) and "others will be resampled" in words


@pytest.mark.parametrize(
    ("cases", "wanted", "words"),
    [
        ([case(None)], "auto", "not known"),
        ([case((1.0, 1.0, 1.0)), case((1.0, 3.0, 3.0))], "off", "as you chose"),
        ([case((1.0, 0.5, 0.5), (1, 40, 40))] * 2, "auto", "hardly differ"),
        ([case((1.0, 1.0, 1.0)), case((1000.0, 1000.0, 1000.0))], "auto", "cannot all be true"),
    ],
)
def test_that_images_are_taken_as_they_are_where_there_is_reason(cases: list[Case], wanted: str, words: str) -> None:
    target, told = choose_spacing(cases, 3 if cases[0].is_volume else 2, wanted)
    assert target is None and words in told


def test_that_a_2d_network_asks_for_the_size_within_the_slices_only() -> None:
    cases = [case((1.0, 0.5, 0.5), (1, 40, 40)), case((9.0, 0.5, 0.5), (1, 40, 40))]
    assert choose_spacing(cases, 2, "auto")[0] is None
    assert choose_spacing([*cases, case((1.0, 0.8, 0.8), (1, 40, 40))], 2, "auto")[0] is not None


def test_that_a_size_can_be_asked_for() -> None:
    assert choose_spacing([case((1.0, 1.0, 1.0))], 3, "2")[0] == (2.0, 2.0, 2.0)
    assert choose_spacing([case((1.0, 1.0, 1.0))], 3, "3x0.5x0.4")[0] == (3.0, 0.5, 0.4)


@pytest.mark.parametrize("wrong", ["yes", "0", "-1", "1x2", "nan"])
def test_that_another_word_is_refused(wrong: str) -> None:
    with pytest.raises(UserError, match="choose auto, on, off, or voxel sizes"):
        choose_spacing([case((1.0, 1.0, 1.0))], 3, wrong)


def test_that_structures_are_as_large_in_patches_of_every_case(make_study: MakeStudy) -> None:
    study = spheres(make_study, 1.0, 0.5, 2.0)
    material = Material(study, Intensity.fit([study.scan("case0")]), spacing=(1.0, 1.0, 1.0))
    samples = Samples(material, Recipe(), (24, 24, 24), 12, seed=0)
    batch = samples.take()
    samples.close()
    sizes: dict[str, list[int]] = {}
    for spec, target in zip(batch.specs, batch.target, strict=True):
        sizes.setdefault(spec.case, []).append(int((target == 1).sum()))
    assert len(sizes) == 3
    assert all(1750 < size < 2550 for each in sizes.values() for size in each)  # 4/3 pi 8^3 = 2145; nearest of 2 mm is rough


def test_that_images_and_labels_of_a_resampled_patch_lie_on_one_another(make_study: MakeStudy) -> None:
    study = spheres(make_study, 0.5, 0.75)
    material = Material(study, Intensity.fit([study.scan("case0")], local=False), spacing=(1.0, 1.0, 1.0))
    samples = Samples(material, Recipe.standard(), (16, 16, 16), 6, seed=1)
    batch = samples.take()
    samples.close()
    bright, known = batch.image[:, 0] > 0, batch.target != 255
    assert float((bright == (batch.target == 1))[known].float().mean()) > 0.9


def test_that_scores_look_at_windows_in_the_network_s_voxels(make_study: MakeStudy) -> None:
    study = spheres(make_study, 0.5, 0.5, 0.5, 0.5)
    material = Material(study, Intensity.fit([study.scan("case0")]), spacing=(1.0, 1.0, 1.0))
    windows = find_windows(material, material.index, 3, (8, 8, 8), 6, 0)
    assert [window.shape for window in windows] == [(24, 24, 24)]


def test_that_a_checkpoint_says_to_which_size_images_are_resampled(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    settings = replace(small, dims=3, depth=1, patch=16, batch=1)
    trainer = Trainer(spheres(make_study, 1.0, 1.0, 2.0), settings, checkpoints=tmp_path)
    started = next(event for event in list(trainer.run()) if isinstance(event, TrainingStarted))
    assert "1 of 3 images is resampled" in started.plan["Voxel size"]
    assert trainer.saved is not None
    card, _ = load(Path(trainer.saved.path))
    assert (card.resampled, card.target) == (True, (1.0, 1.0, 1.0))
    assert trainer.predictor().tiles.spacing == (1.0, 1.0, 1.0)
    assert load_start(Path(trainer.saved.path)).fits(trainer.study, settings)
    assert not load_start(Path(trainer.saved.path)).fits(trainer.study, replace(settings, resample="off"))
    assert not load_start(Path(trainer.saved.path)).fits(trainer.study, replace(settings, normalisation="zscore"))


def test_that_a_checkpoint_from_before_takes_images_as_they_are(make_study: MakeStudy) -> None:
    made = Checkpoint("unet", {}, make_study().classes, spacing=(1.0, 1.0, 1.0))
    values = made.to_json()
    del values["resampled"]
    assert Checkpoint.from_json(values).target is None
    assert Checkpoint.from_json(values | {"resampled": True}).target == (1.0, 1.0, 1.0)


def test_that_axes_that_run_elsewhere_are_told_of_and_learnt_mirrored() -> None:
    def placed(direction: float) -> Case:
        return replace(case(None), geometry=Geometry.from_affine(np.diag([direction, 1.0, 1.0, 1.0])[:, [2, 1, 0, 3]]))

    same, _ = choose_recipe([placed(1.0), placed(1.0)], AUTO, "")
    other, words = choose_recipe([placed(1.0), placed(-1.0)], AUTO, "")
    assert not same.mirrors
    assert other.mirrors and "SPL, SPR" in words


def test_that_an_image_whose_voxels_cannot_be_of_that_size_is_named() -> None:
    cases = [*(case((1.0, 1.0, 1.0)) for _ in range(3)), replace(case((30.0, 30.0, 30.0)), name="odd")]
    with pytest.raises(UserError, match="odd: its voxels of 30"):
        choose_spacing(cases, 3, "on")


def test_that_tilt_is_for_voxels_that_are_even_as_the_network_sees_them() -> None:
    def tilt(spacing: tuple[float, float, float], target: tuple[float, float, float] | None) -> float:
        recipe, _ = choose_recipe([case(spacing)], "ct", "", target)
        return next(a.tilt for a in recipe.geometric if isinstance(a, Rotation))

    assert tilt((1.0, 1.0, 1.0), None) > 0
    assert tilt((1.0, 1.0, 1.0), (4.0, 1.0, 1.0)) == 0
    assert tilt((3.0, 1.0, 1.0), None) == 0
    assert tilt((3.0, 1.0, 1.0), (1.0, 1.0, 1.0)) > 0
