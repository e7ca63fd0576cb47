"""The worker's requirements, tried with every learner."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest
from training.conftest import disc_of, paint

from unetstudio.data.prediction import Prediction, is_guess
from unetstudio.data.region import Region
from unetstudio.data.study import Study
from unetstudio.inference.collect import collect
from unetstudio.inference.request import PredictionRequest
from unetstudio.learners.learner import LEARNERS, USUAL, Learner
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone, TrainingEvent, TrainingFinished, TrainingStarted

pytestmark = pytest.mark.parametrize("name", list(LEARNERS))
Story = Generator[TrainingEvent, None, None]


def learn_until(learner: Learner, kind: type[TrainingEvent]) -> Story:
    """Learn until an event of a kind has come, and return the generator."""
    story = learner.learn()
    while not isinstance(next(story), kind):
        pass
    return story


def step_of_start(learner: Learner) -> int:
    """Return the step at which it begins now."""
    return next(event.step for event in learner.learn() if isinstance(event, TrainingStarted))


def test_that_the_usual_one_is_there(name: str) -> None:
    assert USUAL in LEARNERS
    assert name in LEARNERS


def test_that_nothing_is_predicted_before_anything_was_learnt(name: str, study: Study, project: Path, endless: TrainingSettings) -> None:
    learner = LEARNERS[name](study, project)
    assert (learner.predictor(), learner.step, learner.network) == (None, 0, "")
    learner.begin(endless)
    story = learn_until(learner, TrainingStarted)
    predictor = learner.predictor()  # a network that has seen next to nothing would only mislead
    assert predictor is None or is_guess(predictor.checkpoint)
    story.close()


def test_that_a_round_makes_a_predictor_of_the_study_s_classes(name: str, study: Study, project: Path, endless: TrainingSettings) -> None:
    learner = LEARNERS[name](study, project)
    learner.begin(endless)
    story = learn_until(learner, RoundDone)
    predictor = learner.predictor()
    assert predictor is not None and learner.step > 0
    assert predictor.values == study.classes.values
    prediction = Prediction((1, 64, 64), predictor.values)
    list(collect(predictor.predict(disc_of(1)[0], PredictionRequest("other")), prediction))
    assert prediction.complete
    story.close()


def test_that_a_predictor_stays_as_it_is_while_learning_goes_on(name: str, study: Study, project: Path, endless: TrainingSettings) -> None:
    learner = LEARNERS[name](study, project)
    learner.begin(endless)
    story = learn_until(learner, RoundDone)
    predictor, scan = learner.predictor(), disc_of(1)[0]
    assert predictor is not None
    before, after = (Prediction((1, 64, 64), predictor.values) for _ in range(2))
    list(collect(predictor.predict(scan, PredictionRequest("other")), before))
    for _ in range(3):
        while not isinstance(next(story), RoundDone):
            pass
    list(collect(predictor.predict(scan, PredictionRequest("other")), after))
    assert (before.probabilities == after.probabilities).all()
    story.close()


def test_that_closing_saves_the_learned_network(name: str, study: Study, project: Path, endless: TrainingSettings) -> None:
    learner = LEARNERS[name](study, project)
    learner.begin(endless)
    learn_until(learner, RoundDone).close()
    later = LEARNERS[name](study, project)
    predictor = later.predictor()
    assert predictor is not None and later.network
    later.begin(endless)
    assert step_of_start(later) == learner.step > 0


def test_that_beginning_anew_forgets_what_was_learnt(name: str, study: Study, project: Path, endless: TrainingSettings) -> None:
    learner = LEARNERS[name](study, project)
    learner.begin(endless)
    learn_until(learner, RoundDone).close()
    later = LEARNERS[name](study, project)
    later.begin(endless, resume=False)
    assert later.predictor() is None
    assert step_of_start(later) == 0


def test_that_a_class_painted_meanwhile_is_learnt(name: str, study: Study, project: Path, endless: TrainingSettings) -> None:
    learner = LEARNERS[name](study, project)
    learner.begin(endless)
    story = learn_until(learner, RoundDone)
    study.set_classes(study.classes.added("third", (1, 2, 3)))
    study.apply("case0", 1, paint(Region((0, 1, 1), (1, 5, 60)), 2))
    while not isinstance(next(story), RoundDone):
        pass
    predictor = learner.predictor()
    assert predictor is not None and predictor.values == (0, 1, 2)
    story.close()


def test_that_a_budget_ends_it(name: str, study: Study, project: Path, endless: TrainingSettings) -> None:
    learner = LEARNERS[name](study, project)
    learner.begin(replace(endless, steps=4))
    events = list(learner.learn())
    assert isinstance(events[-1], TrainingFinished) and events[-1].reason == "budget"
    assert learner.step == events[-1].step == 4
