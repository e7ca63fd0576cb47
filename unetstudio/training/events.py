"""Events of a running training. No torch here: the window reads these."""

from __future__ import annotations

from dataclasses import dataclass, field

from unetstudio.inference.events import Notice


@dataclass(frozen=True)
class TrainingStarted:
    """The plan that training begins with, in words and numbers."""

    network: str
    dims: int
    parameters: int
    patch: tuple[int, ...]  # (Y, X) or (Z, Y, X)
    batch: int
    device: str
    step: int  # 0, or that at which a resumed run continues
    plan: dict[str, str] = field(default_factory=dict)  # every choice with its reason, for the Advanced panel


@dataclass(frozen=True)
class QuickGuess:
    """A pixel classifier was fitted to the strokes: a first prediction, or a better one, is there before the network has learnt."""

    classes: int
    voxels: int
    seconds: float


@dataclass(frozen=True)
class StepDone:
    """An optimiser step; not every step is reported."""

    step: int
    loss: float
    seconds: float  # of training so far, pauses left out


@dataclass(frozen=True)
class RoundDone:
    """A stretch of steps after which the moving-average weights were scored on held-out strokes or cases."""

    round: int
    step: int
    loss: float  # mean over the round
    score: float | None  # mean Dice over the structures on held-out labels; None without any, or of one class only
    class_scores: dict[int, float]  # by class value
    seconds: float  # of training so far
    seconds_per_round: float
    held_out: str  # what was scored: "held-out strokes", "held-out cases" or ""
    left: float | None = None  # seconds until the budget is used up; None without one
    shares: dict[int, float] = field(default_factory=dict)  # by class value: the network's weight in what is shown
    strokes: int = 0  # held-out strokes that were scored, of all classes; or cases, where whole cases are held out
    class_strokes: dict[int, int] = field(default_factory=dict)  # the same by class value
    uncertainty: float | None = None  # standard error of the score, by drawing the strokes again


@dataclass(frozen=True)
class CheckpointSaved:
    """A checkpoint on disk, which `predict --checkpoint` and reopening use."""

    id: str  # SHA-256 of the weights file
    path: str
    step: int
    score: float | None
    best: bool


@dataclass(frozen=True)
class TrainingFinished:
    """The end of a training, with its reason."""

    step: int
    seconds: float
    reason: str  # "budget"; "stopped": no labels are left; "settled": the score has plateaued


TrainingEvent = TrainingStarted | QuickGuess | StepDone | RoundDone | CheckpointSaved | TrainingFinished | Notice
