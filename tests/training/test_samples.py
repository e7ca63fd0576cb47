"""Batches cut round labelled voxels."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import torch

from unetstudio.augment.recipe import Recipe
from unetstudio.data.edit import Edit
from unetstudio.data.intensity import Intensity
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.data.study import Study
from unetstudio.training.instant import InstantTier
from unetstudio.training.material import ACCEPTED_WEIGHT, Material
from unetstudio.training.samples import Samples, draw_patch, make_batch

MakeStudy = Callable[..., Study]
MakeEdit = Callable[..., Edit]


def material_of(study: Study) -> Material:
    return Material(study, Intensity.fit([study.scan("case0")]))


def test_that_every_patch_holds_a_label(make_study: MakeStudy) -> None:
    material = material_of(make_study(cases=2))
    samples = Samples(material, Recipe.standard(), (32, 32), 8, seed=0)
    batch = samples.take()
    samples.close()
    assert batch.image.shape == (8, 2, 32, 32)
    assert ((batch.target != 255).flatten(1).sum(1) > 0).all()
    assert set(batch.target.unique().tolist()) <= {0, 1, 255}


def test_that_a_recorded_batch_can_be_made_again(make_study: MakeStudy) -> None:
    material = material_of(make_study(shape=(12, 40, 40)))
    samples = Samples(material, Recipe.standard(), (8, 24, 24), 3, seed=0)
    batch = samples.take()
    samples.close()
    again = make_batch(list(batch.specs), material.index, material, (8, 24, 24), Recipe.standard())
    assert torch.equal(batch.image, again.image)
    assert torch.equal(batch.target, again.target)


def test_that_biased_crops_find_a_rare_class_and_unbiased_ones_the_common(make_study: MakeStudy) -> None:
    material = material_of(make_study(dense=True))
    rng = np.random.default_rng(0)
    share = material.index.counts[1] / sum(material.index.counts)

    def found(bias: float | None) -> float:
        specs = [draw_patch(material.index, material, (2, 2), Recipe(), rng, bias) for _ in range(400)]
        labels = material.study.cases["case0"].labels
        assert labels is not None
        return float(np.mean([labels.values[0, round(spec.centre[0]), round(spec.centre[1])] for spec in specs]))

    assert found(1.0) == pytest.approx(0.5, abs=0.08)
    assert found(0.0) == pytest.approx(share, abs=0.08)
    assert found(None) == pytest.approx((0.5 + share) / 2, abs=0.08)


def test_that_the_same_seed_gives_the_same_batches_with_more_threads(make_study: MakeStudy) -> None:
    def batches(threads: int) -> list[torch.Tensor]:
        samples = Samples(material_of(make_study(cases=2)), Recipe.standard(), (32, 32), 2, seed=4, threads=threads)
        made = [samples.take().image for _ in range(4)]
        samples.close()
        return made

    assert all(torch.equal(a, b) for a, b in zip(batches(1), batches(3), strict=True))


def test_that_held_out_voxels_are_never_trained_on(make_study: MakeStudy) -> None:
    study = make_study(cases=2)
    material = material_of(study)
    for id, mask in material.index.held.strokes.items():
        for by_case in material.index.places.values():
            assert not mask.reshape(-1)[by_case.get(id, np.zeros(0, int))].any()
    places = np.stack(np.meshgrid(np.arange(64), np.arange(64), indexing="ij")).astype(np.float32)
    for id, mask in material.index.held.strokes.items():
        target, _ = material.read_labels(id, places, 0, material.index)
        kept, _ = material.read_labels(id, places, 0, material.index, held=True)
        assert (target[mask[0]] == 255).all()
        assert (kept[mask[0]] != 255).all()
        assert (kept[~mask[0]] == 255).all()


def test_that_patches_stay_inside_the_scan(make_study: MakeStudy) -> None:
    material = material_of(make_study(cases=2))
    samples = Samples(material, Recipe(), (32, 64), 8, seed=0)
    centres = np.array([spec.centre for spec in samples.take().specs])
    samples.close()
    assert (centres[:, 0] >= 15.5).all()
    assert (centres[:, 0] <= 47.5).all()
    assert (centres[:, 1] == 31.5).all()


def test_that_a_new_stroke_joins_the_next_batches(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = make_study(classes=3)
    material = material_of(study)
    samples = Samples(material, Recipe.standard(), (32, 32), 4, seed=0)
    samples.take()
    study.apply("case0", 1, edit_of(Region((0, 30, 30), (1, 34, 34)), 2))
    targets = torch.stack([samples.take().target for _ in range(8)])
    samples.close()
    assert (targets == 2).any()


def test_that_accepted_voxels_weigh_less(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = make_study()
    study.apply("case0", 1, edit_of(Region((0, 1, 0), (1, 8, 64)), 0, Origin.ACCEPTED))
    material = material_of(study)
    places = np.stack(np.meshgrid(np.arange(0, 10), np.arange(0, 10), indexing="ij")).astype(np.float32)
    _, weight = material.read_labels("case0", places, 0, material.index)
    assert (weight[1:8] == ACCEPTED_WEIGHT).all()
    assert (weight[0] == 1).all()


def test_that_only_changed_cases_are_looked_through_again(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = make_study(cases=2)
    material = material_of(study)
    before = material.index.places[0]["case1"]
    study.apply("case0", 1, edit_of(Region((0, 1, 0), (1, 4, 64)), 1))
    after = material.refresh()
    assert after.places[0]["case1"] is before
    assert after.counts[1] > 0


def test_that_a_quick_guess_teaches_also_far_from_the_strokes(make_study: MakeStudy) -> None:
    study = make_study(shape=(1, 200, 64))
    labels = study.cases["case0"].labels
    assert labels is not None
    labels.values[:, :80] = labels.values[:, 120:] = 255
    instant = InstantTier(study)
    instant.refit()
    material = material_of(study)
    rng = np.random.default_rng(0)
    plain = [draw_patch(material.index, material, (16, 16), Recipe(), rng).centre[0] for _ in range(100)]
    material.teacher = instant.judged
    taught = [draw_patch(material.index, material, (16, 16), Recipe(), rng) for _ in range(100)]
    assert 70 < min(plain) < max(plain) < 130
    assert min(spec.centre[0] for spec in taught) < 40 < 160 < max(spec.centre[0] for spec in taught)
    batch = make_batch(taught[:4], material.index, material, (16, 16), Recipe())
    assert batch.guess is not None and batch.guess.shape == (4, 2, 16, 16)


def test_that_patches_of_inverted_scans_are_as_the_network_predicts_them(make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch) -> None:
    study = make_study()
    plain = material_of(study)
    places = np.stack(np.meshgrid(np.arange(4.0), np.arange(6.0), indexing="ij")).astype(np.float32)
    expected = plain.read("case0", places, 0)
    scan = study.scan("case0")
    inverted = replace(scan, voxels=300 - scan.array.astype(np.float32), inverted=True, inversion=300.0)
    monkeypatch.setattr(study, "scan", lambda id: inverted)
    np.testing.assert_allclose(material_of(study).read("case0", places, 0), expected, atol=1e-3)
    np.testing.assert_allclose(Material(study, plain.intensity).read("case0", places, 0), expected, atol=1e-3)
