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
    score: float | None  # mean Dice over classes on held-out labels; None without any
    class_scores: dict[int, float]  # by class value
    seconds: float  # of training so far
    seconds_per_round: float
    held_out: str  # what was scored: "held-out strokes", "held-out cases" or ""
    left: float | None = None  # seconds until the budget is used up; None without one


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


TrainingEvent = TrainingStarted | StepDone | RoundDone | CheckpointSaved | TrainingFinished | Notice
