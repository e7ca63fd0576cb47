"""The learning side of the window: what the worker reports, and pause / continue / afresh."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal

from unetstudio.settings import TrainingSettings
from unetstudio.worker.messages import NetworkChoice


@dataclass
class LearningState:
    """Everything the learning panel shows."""

    phase: str = "starting"  # starting, waiting, training, paused, failed
    sentence: str = "Starting the learner …"  # the one plain sentence
    step: int = 0
    round: int = 0
    seconds: float = 0.0
    seconds_per_round: float = 0.0
    loss: float | None = None
    score: float | None = None
    class_scores: dict[int, float] | None = None
    device: str = ""
    network: str = ""
    plan: dict[str, str] | None = None
    checkpoint: str = ""


class Learning(QObject):
    """API (implemented with Session)."""

    changed = Signal()  # state
    round_done = Signal(object)  # RoundDone, for the plot
    step_done = Signal(object)  # StepDone, for the plot
    settings_changed = Signal()
    device_report = Signal(object)  # DeviceReport

    state: LearningState
    settings: TrainingSettings
    networks: tuple[NetworkChoice, ...]
    rounds: list[object]  # all RoundDone so far, for a plot made later
    losses: list[tuple[float, float]]  # (seconds, loss)

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def start_afresh(self) -> None: ...
    def set_settings(self, settings: TrainingSettings) -> None: ...
    def ask_device_report(self) -> None: ...
