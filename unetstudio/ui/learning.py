"""The learning state as the window shows it, from the worker's events, and the commands pause, continue and start afresh."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

from PySide6.QtCore import QObject, Signal

from unetstudio.inference.events import Notice
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, QuickGuess, RoundDone, StepDone, TrainingFinished, TrainingStarted
from unetstudio.ui import learning_sentences, score_words
from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.messages import (
    Event,
    JobFailed,
    PauseTraining,
    StudyOpened,
    Train,
    TrainingPaused,
    TrainingWaits,
    WorkerDied,
    WorkerReady,
)

MOST_LOSSES = 8000
"""Number of losses kept for the curve: a night of training reports some hundred thousand."""


Phase = Literal["starting", "waiting", "training", "paused", "finished", "failed"]


@dataclass(frozen=True)
class LearningState:
    """The state shown by the learning panel.

    `guessed`: there is a quick guess; `shares` are the network's in what is shown, by class value, none where it predicts alone; `basis` is
    what the score rests on, in words.
    """

    phase: Phase = "starting"
    sentence: str = "Starting the learner …"
    step: int = 0
    round: int = 0
    seconds: float = 0.0
    seconds_per_round: float = 0.0
    loss: float | None = None
    score: float | None = None
    class_scores: dict[int, float] = field(default_factory=dict)
    device: str = ""
    network: str = ""
    dims: int = 0  # 2 or 3; 0 before anything was learned
    plan: dict[str, str] = field(default_factory=dict)
    checkpoint: str = ""
    guessed: bool = False
    shares: dict[int, float] = field(default_factory=dict)
    basis: str = ""


class Learning(QObject):
    """Turns the worker's events into `state`, with one plain sentence."""

    changed = Signal()
    round_done = Signal(object)  # RoundDone
    step_done = Signal(object)  # StepDone
    restarted = Signal()  # the curve begins anew
    settings_changed = Signal()
    notice = Signal(str, str)  # sentence, level

    def __init__(self, worker: WorkerThread, networks: NetworkCatalogue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._networks = networks
        self.state = LearningState()
        self.settings = TrainingSettings()
        self.rounds: list[RoundDone] = []
        self.losses: list[tuple[float, float]] = []

    @property
    def guesses(self) -> bool:
        """Whether the network has next to no say beside the quick guess."""
        return bool(self.state.shares) and learning_sentences.predicting(self.state.shares, "") == learning_sentences.QUICK_GUESS

    # ---------------------------------------------------------------------------------------------------- commands

    def start(self) -> None:
        """Begin, or continue from the newest checkpoint, as soon as two classes carry strokes."""
        if self.state.phase not in ("paused", "failed"):
            self._show(replace(self.state, sentence="Looking for strokes …"))  # the worker soon reports whether it waits or trains
            self._worker.ask(Train(self.settings))

    def pause(self) -> None:
        """Stop training after the current step."""
        self._worker.ask(PauseTraining())
        self._show(replace(self.state, phase="paused", sentence=self._paused()))

    def resume(self) -> None:
        """Continue after a pause."""
        self._show(replace(self.state, phase="waiting", sentence="Going on …"))
        self._worker.ask(Train(self.settings))

    def start_afresh(self) -> None:
        """Discard what was learned and begin again; checkpoints on disk stay."""
        self._forget_scores("Starting afresh …")
        self._worker.ask(Train(self.settings, resume=False))

    def set_settings(self, settings: TrainingSettings, *, go_on: bool = False) -> None:
        """Start afresh with other settings, or `go_on` from the newest checkpoint of that network; the old checkpoint is kept."""
        if settings == self.settings:
            return
        if settings.network != self.settings.network and (self.state.step or self.state.checkpoint):
            self.notice.emit(self.restart_sentence(settings.network, goes_on=go_on), "info")
        self.settings = settings
        self.settings_changed.emit()
        if self.state.phase not in ("training", "paused", "finished", "failed"):
            self.start()  # a training that waits for strokes takes the new settings
        elif go_on:
            self._forget_scores("Going on from what it learned before …")
            self._worker.ask(Train(self.settings))
        else:
            self.start_afresh()

    def choose_network(self, network: str, preset: str = "", *, go_on: bool = False) -> None:
        """Learn with another network, or another preset of it; an unsupported number of dimensions is replaced by automatic."""
        choice = self._networks[network]
        dims = self.settings.dims if choice is None or self.settings.dims in choice.dims else 0
        self.set_settings(replace(self.settings, network=network, preset=preset, dims=dims), go_on=go_on)

    def restart_sentence(self, network: str, *, goes_on: bool) -> str:
        """Return a sentence on what happens to the learned network when this one takes over."""
        titles = self._networks.title(network), self._networks.title(self.settings.network)
        return learning_sentences.restart(*titles, goes_on=goes_on)

    def project_closed(self) -> None:
        """Show that there is no project to learn from."""
        self.rest(learning_sentences.READY)

    def rest(self, sentence: str) -> None:
        """Show that learning rests; `sentence` says why, or what to do."""
        self._clear_curve()
        self._show(LearningState(device=self.state.device, phase="waiting", sentence=sentence))

    # ------------------------------------------------------------------------------------------------------ events

    def take(self, event: Event) -> None:
        """Handle an event of the worker."""
        match event:
            case WorkerReady():
                self._wait(learning_sentences.READY, device=event.device)
            case StudyOpened():
                network = event.network or self.state.network
                self._show(replace(self.state, checkpoint=event.checkpoint, network=network, guessed=False, shares={}))
            case TrainingWaits():
                self._wait(event.reason)
            case QuickGuess():
                self._take_guess()
            case TrainingStarted():
                self._take_start(event)
            case StepDone():
                self._keep_loss(event)
                self.state = replace(self.state, step=event.step, seconds=event.seconds, loss=event.loss)
                self.step_done.emit(event)
            case RoundDone():
                self.rounds.append(event)
                self._take_round(event)
            case CheckpointSaved():
                self._show(replace(self.state, checkpoint=event.id))
            case TrainingPaused():
                self._show(replace(self.state, phase="paused", sentence=self._paused()))
            case TrainingFinished(reason="stopped"):
                self._show(replace(self.state, phase="waiting", sentence="Paint two classes, and learning goes on.", guessed=False))
            case TrainingFinished():
                self._show(replace(self.state, phase="finished", sentence=learning_sentences.finished(event.reason, self.state.score)))
            case Notice():
                self.notice.emit(event.text, "info")
            case JobFailed():
                if event.job in ("training", Train.__name__):
                    self._show(replace(self.state, phase="failed", sentence=event.text))
                self.notice.emit(event.text, "error")
            case WorkerDied():
                again = self.state.phase if self.state.phase == "paused" else "starting"
                self._show(replace(self.state, phase=again if event.restarting else "failed", sentence=event.reason))
                self.notice.emit(event.reason + " Nothing you painted is lost.", "warning" if event.restarting else "error")

    def _keep_loss(self, event: StepDone) -> None:
        """Keep a loss for the curve; of a long training every second one is dropped, again and again."""
        self.losses.append((event.seconds, event.loss))
        if len(self.losses) > MOST_LOSSES:
            del self.losses[1::2]

    def _take_guess(self) -> None:
        """Say that there is a quick guess where nothing better is shown; after later strokes everything stays as it is."""
        if self.state.guessed:
            return
        first = self.state.phase in ("starting", "waiting", "training") and not self.rounds and not self.state.checkpoint
        state = replace(self.state, guessed=True)
        self._show(replace(state, phase="training", sentence=self._guessing) if first else state)

    @property
    def _guessing(self) -> str:
        return learning_sentences.guessing(self._networks.title(self.settings.network))

    def _take_start(self, event: TrainingStarted) -> None:
        sentence = "Learning goes on from where it was."
        if not event.step:
            sentence = self._guessing if self.state.guessed else "Learning from your strokes …"
            self._clear_curve()  # also late events of the training before
            self._show(replace(self.state, score=None, loss=None, round=0, class_scores={}, shares={}, basis=""))
        begun = replace(self.state, network=event.network, dims=event.dims, plan=event.plan, step=event.step)
        self._show(replace(begun, phase="training", sentence=sentence))

    def _take_round(self, event: RoundDone) -> None:
        self.round_done.emit(event)
        phase = self.state.phase if self.state.phase == "paused" else "training"
        self._show(
            replace(
                self.state,
                phase=phase,
                sentence=self._running(event) if phase == "training" else self.state.sentence,
                step=event.step,
                round=event.round,
                seconds=event.seconds,
                seconds_per_round=event.seconds_per_round,
                loss=event.loss,
                score=event.score,
                class_scores=dict(event.class_scores),
                shares=dict(event.shares),
                basis=score_words.basis(event),
            )
        )

    def _running(self, event: RoundDone) -> str:
        return learning_sentences.running(event, self.rounds, self._networks.title(self.state.network or self.settings.network))

    def _forget_scores(self, sentence: str) -> None:
        self._clear_curve()
        blank = replace(self.state, score=None, loss=None, class_scores={}, step=0, round=0, seconds=0.0, seconds_per_round=0.0)
        blank = replace(blank, guessed=False, shares={}, basis="")
        self._show(replace(blank, phase="waiting", sentence=sentence))

    def _paused(self) -> str:
        return learning_sentences.paused(learned=self.state.step > 0 or bool(self.state.checkpoint))

    def _wait(self, sentence: str, device: str = "") -> None:
        """Show why learning waits, and on which device if that is new; a pause stays a pause."""
        paused = self.state.phase == "paused"
        state = replace(self.state, device=device or self.state.device, sentence=self._paused() if paused else sentence)
        self._show(state if paused else replace(state, phase="waiting", guessed=False))

    def _clear_curve(self) -> None:
        self.rounds.clear()
        self.losses.clear()
        self.restarted.emit()

    def _show(self, state: LearningState) -> None:
        self.state = state
        self.changed.emit()
