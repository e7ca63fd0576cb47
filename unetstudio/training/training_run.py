"""A running training: the choices made at its start, and the state that changes from step to step."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import torch

from unetstudio.augment.presets import choose_recipe
from unetstudio.augment.recipe import Recipe
from unetstudio.data.classes import ClassTable
from unetstudio.data.intensity import Intensity
from unetstudio.data.study import Study
from unetstudio.inference.events import Notice
from unetstudio.networks.checkpoint import Checkpoint
from unetstudio.networks.device import Precision, choose_device, cores, use_threads
from unetstudio.networks.network import create
from unetstudio.networks.precision_choice import choose_precision
from unetstudio.settings import TrainingSettings
from unetstudio.training.borders import choose_borders
from unetstudio.training.events import QuickGuess, TrainingStarted
from unetstudio.training.hand_over import shares
from unetstudio.training.held_out_score import HeldOutScore
from unetstudio.training.instant import InstantTier
from unetstudio.training.material import Material
from unetstudio.training.plan import Plan, make_plan
from unetstudio.training.rollback import Rollback
from unetstudio.training.samples import Samples
from unetstudio.training.schedule import Budget, Stopwatch
from unetstudio.training.scoring import Scorer
from unetstudio.training.sizing import Machine
from unetstudio.training.start import Start
from unetstudio.training.study_scans import Unreadable, fit_intensity
from unetstudio.training.train_state import TrainState

TEACHING = 2.0
"""Weight of the quick guess in the loss at the first step."""

TAUGHT = 2000
"""Number of steps after which that weight has halved."""

TAKEN_BACK = 0.1
"""Share of a class's labelled voxels beyond which undoing or erasing them begins the hand-over anew."""

MANY_CORES = 8
"""Number of CPU cores from which a step is so fast that two threads make the batches."""


@dataclass(eq=False)
class TrainingRun:
    """A running training, made by `begin_run`. The study is live; `revision` is that of the labels in use.

    `words` describe every choice with its reason. `classes` are those of the network's channels. `patch` and `batch` shrink when memory
    runs short, and so does `score_edge`, the edge of scored windows (0: the default). With an `instant` tier, `shares` are the network's in
    what is shown, by class value, and `born` the steps at which classes joined. `relearnt` is the step at which labels were last taken
    back, and `trained_on` the labelled voxels of each class since.
    """

    study: Study
    settings: TrainingSettings
    device: torch.device
    plan: Plan
    intensity: Intensity
    recipe: Recipe
    words: dict[str, str]
    parameters: int
    state: TrainState
    material: Material
    budget: Budget
    clock: Stopwatch
    classes: ClassTable
    patch: tuple[int, ...]
    batch: int
    score: HeldOutScore
    step: int = 0
    round: int = 0
    revision: int = -1
    score_edge: int = 0
    began: str = ""
    instant: InstantTier | None = None
    shares: dict[int, float] = field(default_factory=dict)
    born: dict[int, int] = field(default_factory=dict)
    relearnt: int = 0
    trained_on: dict[int, int] = field(default_factory=dict)
    rollback: Rollback = field(init=False)
    samples: Samples = field(init=False)
    scorer: Scorer = field(init=False)

    def __post_init__(self) -> None:
        self.began = self.began or datetime.now(UTC).isoformat(timespec="seconds")
        self.rollback = Rollback(self.state)
        self.trained_on = self._labelled_voxels
        self.scorer = Scorer(self.material, self.plan.dims, self.plan.windows, self.settings.seed)
        self.restart_samples()

    @property
    def seconds(self) -> float:
        """Seconds of training so far, excluding pauses and predictions between steps."""
        return self.clock.seconds

    @property
    def started(self) -> TrainingStarted:
        """The event that describes the plan."""
        plan = self.plan
        return TrainingStarted(plan.network, plan.dims, self.parameters, self.patch, self.batch, str(self.device), self.step, self.words)

    @property
    def version(self) -> tuple[int, int]:
        """What changes with every step and every fit of the instant tier."""
        return (self.step, 0 if self.instant is None else self.instant.fits)

    @property
    def teaching(self) -> float:
        """The weight of the quick guess in the loss: it falls as steps are made."""
        return TEACHING / (1 + (self.step - self.relearnt) / TAUGHT) if self.instant is not None else 0.0

    @property
    def labels_changed(self) -> bool:
        """Whether labels, classes or cases have changed since the last step."""
        return self.revision != self.study.revision

    def follow_study(self) -> None:
        """Take up a change of classes since the last step."""
        if not self.labels_changed:
            return
        self.revision = self.study.revision
        before, now = self.classes.values, self.study.classes.values
        if before != now:
            if not self.state.finite():  # the last finite state still has the old classes
                self.rollback.restore(self.state)
            self.state.change_classes(before, now)
            self.rollback.keep(self.state)
            self.born |= {value: self.step for value in now if value not in before}
        self.classes = self.study.classes

    def refit(self) -> QuickGuess | None:
        """Fit the instant tier to changed labels, and return the event of it."""
        if self.instant is None:
            return None
        guess = self.instant.refit(self.material.refresh().held)
        if guess is not None:
            self._notice_removals()
        return guess

    def renew_teacher(self) -> None:
        """Let the instant tier as it is now teach batches made from now on; for that it is fitted without the held-out labels."""
        if self.instant is not None:
            self.material.teacher = self.instant.judged

    def _notice_removals(self) -> None:
        """Give the word back to the quick guess where much was undone or erased, so that the network is taught anew."""
        before, self.trained_on = self.trained_on, self._labelled_voxels
        if any(self.trained_on.get(value, 0) < (1 - TAKEN_BACK) * n for value, n in before.items()):
            self.relearnt = self.step
            self.born = dict.fromkeys(self.classes.values, self.step)
            self.shares = {}

    @property
    def _labelled_voxels(self) -> dict[int, int]:
        """The number of labelled voxels by class value."""
        return {value: sum(n) for value, n in self.study.counts().items()}

    @property
    def shown_shares(self) -> dict[int, float]:
        """The network's shares in what is shown; none where there is no quick guess to share with."""
        return self.shares if self.instant is not None and self.instant.classifier is not None else {}

    def hand_over(self, network: HeldOutScore, classifier: HeldOutScore) -> None:
        """Set the network's shares by its steps and both scores on held-out labels."""
        self.shares = shares(self.classes.values, self.step, self.born, network.classes, classifier.classes)

    def exclude(self, unreadable: Unreadable) -> Iterable[Notice]:
        """Continue without an image that cannot be read; batches made ahead may report it again."""
        if unreadable.case not in self.study.excluded:
            self.study.exclude(unreadable.case)
            self.material.forget(unreadable.case)
            yield unreadable.notice

    def restart_samples(self) -> None:
        """Start making batches of the current patch and batch size."""
        cpu = self.device.type == "cpu"  # it needs its threads for the step; one or two make batches fast enough
        threads = (1 if cores() < MANY_CORES else 2) if cpu else max(1, min(6, cores() - 1))
        self.samples = Samples(
            self.material,
            self.recipe,
            self.patch,
            self.batch,
            valid_margin=self.state.network.valid_margin,
            seed=self.settings.seed,
            first=self.step,
            threads=threads,
            bias=self.plan.bias,
        )


def begin_run(
    study: Study, settings: TrainingSettings, start: Start | None, clock: Stopwatch, instant: InstantTier | None = None
) -> tuple[TrainingRun, list[Unreadable]]:
    """Choose device, number format, plan, intensity scale and network for a study that is ready to train.

    A checkpoint's network and intensity scale are kept. Return also the images that cannot be read. UserErrors say what to change.
    """
    budgeted = bool(settings.seconds or settings.steps)
    threads = use_threads(settings.threads, spare=0 if budgeted else 1)
    checkpoint = None if start is None else start.checkpoint
    device, precision, plan = _plan(study, settings, checkpoint)
    unreadable: list[Unreadable] = []
    if start is None:
        intensity, unreadable = fit_intensity(study, plan.filters, settings.normalisation)
        torch.manual_seed(settings.seed)
        network = create(plan.network, intensity.channels_out(intensity.channels), len(study.classes), plan.dims, **plan.options)
    else:
        intensity, network = Intensity.from_json(start.checkpoint.intensity), start.network
    words = plan.words | {
        "Image": _image_words(intensity, settings, resumed=start is not None),
        "Precision": precision.reason,
        "Threads": str(threads),
    }
    borders, why = choose_borders(study, settings, dense=plan.dice > 0)
    if why:
        words["Borders"] = why
    if settings.hold_out == "off":
        words["Held out"] = "nothing, as you chose: all labels are learnt from, and there is no score"
    recipe, words["Augmentation"] = Recipe(), "none"
    if settings.augment:
        cases = [study.cases[id].case for id in study.labelled()]
        recipe, words["Augmentation"] = choose_recipe(cases, settings.augmentation, settings.vary, plan.spacing)
    state, budget = TrainState(network, precision), Budget(settings.seconds, settings.steps)
    step, round, score = 0, 0, HeldOutScore()
    if start is not None and start.state is not None:
        state.load_state_dict(start.state["learner"])
        step, round = start.checkpoint.step, int(start.state["round"])
        score = HeldOutScore(start.checkpoint.score, start.checkpoint.class_scores)
        clock.set(start.checkpoint.seconds)
        budget = budget.resumed(Budget(**start.state["budget"]), step, clock.seconds)
    patch, batch = network.input_shape(plan.patch), plan.batch
    if start is not None and start.patches is not None and not (settings.patch or settings.batch):
        patch, batch = start.patches  # chosen for the memory that was free at the first start
    run = TrainingRun(
        study=study,
        settings=settings,
        device=device,
        plan=plan,
        intensity=intensity,
        recipe=recipe,
        words=words,
        parameters=network.parameters_count,
        state=state,
        material=Material(study, intensity, settings.seed, borders, plan.spacing, plan.dims, settings.hold_out),
        budget=budget,
        clock=clock,
        classes=study.classes if checkpoint is None else checkpoint.classes,
        patch=patch,
        batch=batch,
        score=score,
        step=step,
        round=round,
        instant=instant,
        shares=_saved_shares(checkpoint),
    )
    return run, unreadable


def _plan(study: Study, settings: TrainingSettings, checkpoint: Checkpoint | None) -> tuple[torch.device, Precision, Plan]:
    """Choose device, number format and plan. The plan is made twice: its dimensions determine the first two, and these its sizes."""
    device = choose_device(settings.device)
    dims = make_plan(study, settings, device, checkpoint).dims
    device = choose_device(settings.device, dims)  # an Apple GPU may be right for pictures and wrong for volumes
    precision = choose_precision(device, dims, settings.precision)
    return device, precision, make_plan(study, settings, device, checkpoint, Machine.of(precision))


def _saved_shares(checkpoint: Checkpoint | None) -> dict[int, float]:
    """Return the network's shares by class value as they were saved."""
    if checkpoint is None or not checkpoint.classifier:
        return {}
    return dict(zip(checkpoint.classes.values, map(float, checkpoint.classifier.get("shares", ())), strict=False))


def _image_words(intensity: Intensity, settings: TrainingSettings, *, resumed: bool) -> str:
    """Describe the intensity scale."""
    words = f"{intensity.describe()}; as it was trained before" if resumed else intensity.describe(settings.normalisation)
    if intensity.filters:
        words += "; beside it edges, lines and blobs of two widths: from strokes the network finds them sooner"
    return words
