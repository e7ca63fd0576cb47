"""The learning panel's state: one phase and one plain sentence for whatever the worker reports."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ui.line import Line

from unetstudio.inference.events import Notice
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, RoundDone, StepDone, TrainingFinished, TrainingStarted
from unetstudio.ui import learning_sentences
from unetstudio.ui.learning import MOST_LOSSES, Learning
from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.task import Tasks
from unetstudio.worker.messages import JobFailed, PauseTraining, Train, TrainingPaused, TrainingWaits, WorkerDied, WorkerReady


@pytest.fixture
def line(qapp: object) -> Line:
    return Line()


@pytest.fixture
def learning(line: Line) -> Learning:
    """Learning with a worker that is ready."""
    made = Learning(line, NetworkCatalogue(line, Tasks()))
    made.take(WorkerReady(1, "CPU, 2 cores", ()))
    return made


def started(step: int = 0) -> TrainingStarted:
    return TrainingStarted("unet", 2, 1000, (32, 32), 2, "cpu", step, {"Network": "U-Net"})


def done(number: int, score: float | None, held: str = "held-out strokes") -> RoundDone:
    return RoundDone(number, 10 * number, 0.5, score, {} if score is None else {1: score}, 5.0 * number, 5.0, held)


def test_that_a_worker_that_is_up_waits_for_two_classes(learning: Learning) -> None:
    assert learning.state.phase == "waiting"
    assert "two classes" in learning.state.sentence
    learning.take(TrainingWaits("Paint a second class to begin."))
    assert learning.state.sentence == "Paint a second class to begin."


def test_that_training_shows_steps_rounds_and_scores(learning: Learning) -> None:
    learning.take(started())
    learning.take(StepDone(3, 0.7, 1.5))
    assert (learning.state.phase, learning.state.step, learning.state.loss) == ("training", 3, 0.7)
    learning.take(done(1, None))
    assert "A score appears when" in learning.state.sentence
    learning.take(done(2, 0.81))
    assert learning.state.sentence == "Learning: 0.81 on strokes it has not seen."
    assert learning.losses == [(1.5, 0.7)]
    learning.take(CheckpointSaved("abc", "path", 20, 0.81, True))
    assert learning.state.checkpoint == "abc"


def test_that_the_trend_of_the_score_is_described_in_words(learning: Learning) -> None:
    learning.take(started())
    for number in range(8):
        learning.take(done(number + 1, 0.5 + 0.05 * number))
    assert learning.state.sentence == "Still improving: 0.85 on strokes it has not seen."
    for number in range(8):
        learning.take(done(number + 9, 0.85, "2 cases"))
    assert learning.state.sentence == "Steady: 0.85 on images it has not seen. Paint where it is wrong."
    learning.take(TrainingFinished(160, 80.0, "settled"))
    assert learning.state.phase == "finished"
    assert "0.85" in learning.state.sentence


def test_that_the_remaining_time_of_a_budget_is_shown(learning: Learning) -> None:
    learning.take(started())
    learning.take(replace(done(1, None), left=125.0))
    assert learning.state.sentence == "Learning. 2 min 05 s left."
    learning.take(replace(done(2, 0.8), left=42.4))
    assert learning.state.sentence == "Learning: 0.80 on strokes it has not seen. 42 s left."
    learning.take(TrainingFinished(20, 60.0, "budget"))
    assert learning.state.phase == "finished"
    assert learning.state.sentence.startswith("The time to learn is over: 0.80.")


def test_that_a_pause_stays_a_pause_until_it_is_ended(learning: Learning, line: Line) -> None:
    learning.take(started())
    learning.pause()
    assert isinstance(line.sent[-1], PauseTraining)
    learning.take(done(1, 0.5))  # was under way
    learning.take(TrainingPaused(10))
    learning.take(TrainingWaits("Paint a second class to begin."))
    assert learning.state.phase == "paused"
    line.sent.clear()
    learning.start()
    assert line.sent == []
    learning.resume()
    assert line.sent == [Train(learning.settings)]
    assert learning.state.phase == "waiting"


def test_that_a_paused_learner_that_is_killed_does_not_begin_again_by_itself(learning: Learning, line: Line) -> None:
    learning.take(started())
    learning.pause()
    line.sent.clear()
    learning.take(WorkerDied("The learner was ended from outside.", restarting=True))
    learning.take(WorkerReady(2, "CPU", ()))
    learning.start()
    assert (learning.state.phase, learning.state.sentence, learning.state.device) == (
        "paused",
        learning_sentences.paused(learned=False),
        "CPU",
    )
    assert line.sent == []


def test_that_a_learner_that_cannot_be_started_is_reported_as_an_error(learning: Learning) -> None:
    notices: list[tuple[str, str]] = []
    learning.notice.connect(lambda text, level: notices.append((text, level)))
    learning.take(WorkerDied("The learner ended by itself (exit code 1).", restarting=False))
    assert learning.state.phase == "failed"
    assert notices == [("The learner ended by itself (exit code 1). Nothing you painted is lost.", "error")]


@pytest.mark.parametrize("job", ["training", "Train"])
def test_that_a_training_that_fails_says_why_and_can_be_begun_again(learning: Learning, line: Line, job: str) -> None:
    learning.take(started())
    learning.take(JobFailed(job, "Memory did not suffice."))
    assert (learning.state.phase, learning.state.sentence) == ("failed", "Memory did not suffice.")
    learning.start_afresh()
    assert line.sent[-1] == Train(learning.settings, resume=False)


def test_that_a_failed_prediction_is_reported_and_training_continues(learning: Learning) -> None:
    notices: list[str] = []
    learning.notice.connect(lambda text, level: notices.append(text))
    learning.take(started())
    learning.take(JobFailed("case", "cell.png: there is no such file.", case="a"))
    learning.take(Notice("Memory ran short."))
    assert learning.state.phase == "training"
    assert notices == ["cell.png: there is no such file.", "Memory ran short."]


def test_that_other_settings_begin_afresh_and_the_same_ones_do_not(learning: Learning, line: Line) -> None:
    learning.take(started())
    learning.take(StepDone(3, 0.7, 1.5))
    learning.set_settings(learning.settings)
    assert line.sent == []
    learning.set_settings(TrainingSettings(base=8))
    assert line.sent == [Train(TrainingSettings(base=8), resume=False)]
    assert learning.losses == []
    assert learning.state.score is None


def test_that_settings_chosen_before_the_first_stroke_are_those_that_train(learning: Learning, line: Line) -> None:
    learning.start()
    learning.take(TrainingWaits("Paint a stroke of each class to begin."))
    learning.set_settings(TrainingSettings(base=8))
    assert line.sent[-1] == Train(TrainingSettings(base=8))


def test_that_a_closed_project_leaves_nothing_of_its_curve(learning: Learning) -> None:
    learning.take(started())
    learning.take(done(1, 0.7))
    learning.project_closed()
    assert learning.rounds == []
    assert learning.state.score is None
    assert learning.state.device == "CPU, 2 cores"
    assert learning.state.phase == "waiting"


def test_that_a_training_whose_strokes_were_taken_back_waits_for_others(learning: Learning) -> None:
    learning.take(started())
    learning.take(TrainingFinished(20, 4.0, "stopped"))
    assert learning.state.phase == "waiting"
    assert "Paint two classes" in learning.state.sentence


def test_that_a_night_of_training_keeps_a_curve_of_bounded_length(learning: Learning) -> None:
    learning.take(started())
    for step in range(50_000):
        learning.take(StepDone(step, 0.5, 0.1 * step))
    assert len(learning.losses) <= MOST_LOSSES
    assert learning.losses[0] == (0.0, 0.5)
    assert learning.losses[-1][0] > 4999


def test_that_a_round_reported_after_starting_afresh_is_no_part_of_the_new_curve(learning: Learning) -> None:
    learning.take(started())
    learning.start_afresh()
    learning.take(StepDone(900, 0.2, 450.0))
    learning.take(done(90, 0.8))
    learning.take(started())
    assert learning.rounds == []
    assert learning.losses == []
    assert learning.state.score is None
