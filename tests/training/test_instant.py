"""The pixel classifier follows the strokes of a live study."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.edit import Edit
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study
from unetstudio.inference.pooled_predictor import ClassifierPredictor, PooledPredictor, load_predictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, QuickGuess, RoundDone, TrainingStarted
from unetstudio.training.fit import Trainer
from unetstudio.training.holdout import HeldOut, choose_held_out
from unetstudio.training.instant import InstantTier

MakeStudy = Callable[..., Study]
MakeEdit = Callable[..., Edit]
MakeScan = Callable[..., tuple[Scan, np.ndarray]]


def classes(instant: InstantTier, scan: Scan) -> np.ndarray:
    assert instant.classifier is not None
    return instant.classifier.log_probabilities(scan, Region.whole(scan.shape)).argmax(0)


def dice(a: np.ndarray, b: np.ndarray) -> float:
    return float(2 * (a & b).sum() / (a.sum() + b.sum()))


def test_that_strokes_give_a_guess_of_an_unseen_picture(make_study: MakeStudy, disc: MakeScan) -> None:
    instant = InstantTier(make_study())
    guess = instant.refit()
    assert isinstance(guess, QuickGuess) and guess.classes == 2
    scan, truth = disc(7)
    assert dice(classes(instant, scan), truth) > 0.8


def test_that_nothing_is_fitted_to_unchanged_labels(make_study: MakeStudy) -> None:
    instant = InstantTier(make_study())
    assert instant.refit() is not None
    assert instant.refit() is None
    assert instant.fits == 1


def test_that_a_flood_that_is_undone_is_forgotten_at_once(make_study: MakeStudy, disc: MakeScan, edit_of: MakeEdit) -> None:
    study = make_study()
    instant = InstantTier(study)
    instant.refit()
    before = classes(instant, disc(7)[0])
    free = (study.cases["case0"].labels or pytest.fail("no labels")).values == UNLABELLED
    row = int(np.flatnonzero(free[0].all(axis=1))[0])
    flood = edit_of(Region((0, row, 0), (1, row + 8, 64)), 1)
    study.apply("case0", 0, flood)
    instant.refit()
    assert (classes(instant, disc(7)[0]) != before).mean() > 0.02
    study.apply("case0", 0, flood.inverse())
    instant.refit()
    assert (classes(instant, disc(7)[0]) == before).all()


def test_that_there_is_no_guess_without_strokes_of_two_classes(make_study: MakeStudy, edit_of: MakeEdit) -> None:
    study = make_study(cases=0)
    assert InstantTier(study).refit() is None


def test_that_held_out_strokes_do_not_teach(make_study: MakeStudy) -> None:
    study = make_study()
    instant = InstantTier(study)
    instant.refit()
    assert instant.judged is instant.classifier
    held = choose_held_out(study)
    assert held.strokes
    instant.refit(held)
    assert instant.judged is not instant.classifier
    assert instant.fits == 1  # the shown one is fitted to all strokes


def test_that_a_training_begins_with_a_guess_and_pools_it_with_the_network(
    make_study: MakeStudy, small: TrainingSettings, tmp_path: Path
) -> None:
    study = make_study()
    trainer = Trainer(study, replace(small, steps=30), checkpoints=tmp_path, instant=InstantTier(study))
    events = []
    for event in trainer.run():
        events.append(event)
        if isinstance(event, TrainingStarted):
            assert isinstance(trainer.predictor(), ClassifierPredictor)
    assert isinstance(events[0], QuickGuess) and isinstance(events[1], TrainingStarted)
    rounds = [event for event in events if isinstance(event, RoundDone)]
    assert 0 < rounds[0].shares[1] < rounds[-1].shares[1]
    assert isinstance(trainer.predictor(), PooledPredictor)


def test_that_a_saved_pool_predicts_as_it_did(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path, disc: MakeScan) -> None:
    study = make_study()
    trainer = Trainer(study, replace(small, steps=20), checkpoints=tmp_path, instant=InstantTier(study))
    saved = [event for event in trainer.run() if isinstance(event, CheckpointSaved)][-1]
    scan, _ = disc(7)
    shown, loaded = (list(p.predict(scan, PredictionRequest("c"))) for p in (trainer.predictor(), load_predictor(Path(saved.path), "cpu")))
    assert len(shown) == len(loaded) > 1
    for a, b in zip(shown[:-1], loaded[:-1], strict=True):
        assert a.checkpoint == b.checkpoint == saved.id
        assert (a.probabilities == b.probabilities).all()


def test_that_full_masks_are_learnt_without_a_guess(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    study = make_study(dense=True)
    trainer = Trainer(study, replace(small, steps=2), checkpoints=tmp_path, instant=InstantTier(study))
    assert not any(isinstance(event, QuickGuess) for event in trainer.run())
    assert not isinstance(trainer.predictor(), PooledPredictor)


def test_that_the_guess_can_be_switched_off(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> None:
    study = make_study()
    trainer = Trainer(study, replace(small, steps=2, quick_guess=False), checkpoints=tmp_path, instant=InstantTier(study))
    assert not any(isinstance(event, QuickGuess) for event in trainer.run())


def test_that_what_is_taken_back_gives_the_word_back_to_the_guess(
    make_study: MakeStudy, small: TrainingSettings, tmp_path: Path, edit_of: MakeEdit
) -> None:
    study = make_study()
    trainer = Trainer(study, replace(small, steps=60), checkpoints=tmp_path, instant=InstantTier(study))
    flood, shares, taught = edit_of(Region((0, 1, 0), (1, 8, 64)), 1), [], []
    for event in trainer.run():
        if isinstance(event, RoundDone):
            shares.append(event.shares[1])
            taught.append(trainer.training.teaching if trainer.training else 0.0)
            if event.round == 2:
                study.apply("case0", 0, flood)
            if event.round == 4:
                study.apply("case0", 0, flood.inverse())
    assert shares[3] > shares[1] > shares[0] > 0
    assert shares[4] < shares[3]
    assert taught[4] > taught[3]


def test_that_a_study_without_held_out_labels_has_one_classifier(make_study: MakeStudy) -> None:
    instant = InstantTier(make_study())
    instant.refit(HeldOut(nothing=True))
    assert instant.judged is instant.classifier
