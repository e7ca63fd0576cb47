"""The learning panel's state: one phase and one plain sentence for whatever the worker reports."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ui.line import Line

from unetstudio.inference.events import Notice
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, QuickGuess, RoundDone, StepDone, TrainingFinished, TrainingStarted
from unetstudio.ui import learning_sentences
from unetstudio.ui.learning import MOST_LOSSES, Learning
from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.task import Tasks
from unetstudio.worker.messages import (
    JobFailed,
    NetworkChoice,
    PauseTraining,
    StudyOpened,
    Train,
    TrainingPaused,
    TrainingWaits,
    WorkerDied,
    WorkerReady,
)


@pytest.fixture
def line(qapp: object) -> Line:
    return Line()


@pytest.fixture
def learning(line: Line) -> Learning:
    """Learning with a worker that is ready."""
    made = Learning(line, NetworkCatalogue(line, Tasks()))
    ready = WorkerReady(
        1, "CPU, 2 cores", (NetworkChoice("unet", "U-Net", "", (2, 3)), NetworkChoice("attention_unet", "Attention U-Net", "", (2,)))
    )
    line.event_received.emit(ready)
    made.take(ready)
    return made


def started(step: int = 0) -> TrainingStarted:
    return TrainingStarted("unet", 2, 1000, (32, 32), 2, "cpu", step, {"Network": "U-Net"})


def done(number: int, score: float | None, held: str = "held-out strokes", shares: tuple[float, ...] = ()) -> RoundDone:
    scores = {} if score is None else {1: score}
    return RoundDone(number, 10 * number, 0.5, score, scores, 5.0 * number, 5.0, held, shares=dict(enumerate(shares)))


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
    assert learning.state.sentence == "U-Net: a few more strokes give it a score."
    learning.take(done(2, 0.81))
    assert learning.state.sentence == "U-Net: 0.81 on unseen strokes."
    assert learning.losses == [(1.5, 0.7)]
    learning.take(CheckpointSaved("abc", "path", 20, 0.81, True))
    assert learning.state.checkpoint == "abc"


def test_that_the_trend_of_the_score_is_described_in_words(learning: Learning) -> None:
    learning.take(started())
    for number in range(8):
        learning.take(done(number + 1, 0.5 + 0.05 * number))
    assert learning.state.sentence == "U-Net: still improving, now 0.85."
    for number in range(8):
        learning.take(done(number + 9, 0.85, "2 cases"))
    assert learning.state.sentence == "U-Net: steady at 0.85. Paint where it errs."
    learning.take(TrainingFinished(160, 80.0, "settled"))
    assert learning.state.phase == "finished"
    assert "0.85" in learning.state.sentence


GUESSING = "Quick guess from your strokes; the U-Net is learning …"


def test_that_the_quick_guess_is_named_until_the_network_has_taken_over(learning: Learning) -> None:
    learning.take(QuickGuess(2, 300, 0.2))
    assert (learning.state.phase, learning.state.sentence) == ("training", GUESSING)
    learning.take(started())
    assert learning.state.sentence == GUESSING
    sentences = []
    for number, shares in enumerate(((0.1, 0.0), (0.1, 0.6), (0.6, 0.6), (0.9, 0.86))):
        learning.take(done(number + 1, 0.84, shares=shares))
        sentences.append(learning.state.sentence)
    assert sentences == [
        "Quick guess: 0.84; the U-Net is learning …",
        "U-Net and quick guess: 0.84 on unseen strokes.",
        "U-Net and quick guess: 0.84 on unseen strokes.",
        "U-Net: 0.84 on unseen strokes.",
    ]
    assert learning.state.shares == {0: 0.9, 1: 0.86}


def test_that_a_stroke_while_training_changes_no_word(learning: Learning) -> None:
    learning.take(QuickGuess(2, 300, 0.2))
    learning.take(started())
    learning.take(done(1, 0.8, shares=(0.5, 0.5)))
    states = [learning.state]
    learning.changed.connect(lambda: states.append(learning.state))
    learning.take(QuickGuess(2, 320, 0.2))
    assert states == [learning.state]


def test_that_a_stroke_in_a_pause_leaves_it_paused(learning: Learning) -> None:
    learning.take(started())
    learning.pause()
    learning.take(QuickGuess(2, 300, 0.2))
    assert (learning.state.phase, learning.state.sentence) == ("paused", learning_sentences.paused(learned=False))
    assert "new strokes teach nothing" in learning.state.sentence.lower()


def test_that_a_network_learnt_before_is_not_called_a_guess(learning: Learning) -> None:
    learning.take(StudyOpened(Path("a"), 1, "abc", "unet"))
    sentence = learning.state.sentence
    learning.take(QuickGuess(2, 300, 0.2))
    assert learning.state.sentence == sentence
    learning.take(started(40))
    assert learning.state.sentence == "Learning goes on from where it was."


def test_that_the_guess_goes_with_the_strokes_of_a_class(learning: Learning) -> None:
    learning.take(QuickGuess(2, 300, 0.2))
    learning.take(TrainingWaits("Paint a second class to begin."))
    assert not learning.state.guessed
    learning.take(QuickGuess(2, 300, 0.2))
    assert learning.state.sentence == GUESSING


def test_that_another_network_is_called_by_its_title(learning: Learning) -> None:
    learning.choose_network("attention_unet")
    learning.take(QuickGuess(2, 300, 0.2))
    assert learning.state.sentence == "Quick guess from your strokes; the Attention U-Net is learning …"
    learning.take(replace(started(), network="attention_unet"))
    learning.take(done(1, 0.7, shares=(0.5, 0.5)))
    assert learning.state.sentence.startswith("Attention U-Net and quick guess: 0.70")


def test_that_the_remaining_time_of_a_budget_is_shown(learning: Learning) -> None:
    learning.take(started())
    learning.take(replace(done(1, None), left=125.0))
    assert learning.state.sentence == "U-Net: 2 min 05 s left to learn."
    learning.take(replace(done(2, 0.8), left=42.4))
    assert learning.state.sentence == "U-Net: 0.80, 42 s left to learn."
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
