"""The networks as the window knows them: what the worker says of each, and what each costs on this computer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from unetstudio.ui.measurements import Measured, Measurements
from unetstudio.ui.task import Task
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.file_messages import ExportNetwork, NetworkExported
from unetstudio.worker.messages import (
    DescribeNetworks,
    Event,
    NetworkChoice,
    NetworkCost,
    TaskEnded,
    TaskEvent,
    TaskRequest,
    WorkerDied,
    WorkerReady,
)

SLOW, TIMES = 1.5, 2.5
"""Seconds a step, and times what the U-Net takes, from which a network is too slow to learn while somebody paints: a busy computer is slow
with all of them."""

YARDSTICK = "unet"


class Networks(QObject):
    """`changed` whenever something new is known; `measuring` is how many are still to be measured."""

    changed = Signal()
    finished = Signal(str)  # the last one is measured, or a sentence why it was not
    notice = Signal(str, str)  # sentence, level

    def __init__(self, worker: WorkerThread, measurements: Measurements, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._measurements = measurements
        self._costs: dict[tuple[str, int], NetworkCost] = {}
        self._processor = True  # what computes here is no GPU
        self._waiting: set[tuple[str, int]] = set()
        self._asked = 0
        self.choices: tuple[NetworkChoice, ...] = ()
        worker.event_received.connect(self.take)

    def __getitem__(self, name: str) -> NetworkChoice | None:
        """None for one that the worker does not know, or has not told of yet."""
        return next((choice for choice in self.choices if choice.name == name), None)

    def title(self, name: str) -> str:
        """As people call it."""
        found = self[name]
        return name if found is None else found.title

    # ---------------------------------------------------------------------------------------------------- commands

    def describe(self) -> None:
        """Asks how large they are here, unless it is known; answered by `changed`."""
        if not self._costs:
            self._begin(DescribeNetworks(Task("Describing networks", parent=self).id))

    def measure(self, wanted: list[tuple[str, int]]) -> None:
        """Asks for seconds and memory of a step of each (name, dims), which takes a few seconds each."""
        self._waiting, self._asked = set(wanted), len(wanted)
        self._begin(DescribeNetworks(Task("Measuring networks", parent=self).id, tuple(wanted), measure=True), self._stop)
        self.changed.emit()

    def export(self, project: Path, out: Path) -> None:
        """Writes the newest checkpoint as ONNX; a notice says when it is there, or why not."""
        self.notice.emit("Exporting the network; this takes some seconds …", "info")
        self._begin(ExportNetwork(Task("Exporting the network", parent=self).id, project, out))

    def _begin(self, request: TaskRequest, then: Callable[[str], None] = lambda error: None) -> None:
        def ended(end: TaskEnded) -> None:
            if end.error:
                self.notice.emit(end.error, "error")
            then(end.error)
            self.changed.emit()

        self._worker.begin(request, self.answered, ended)

    # --------------------------------------------------------------------------------------------------- questions

    @property
    def progress(self) -> tuple[int, int]:
        """How many are measured, of how many that were asked for; (0, 0) when nothing is under way."""
        return (self._asked - len(self._waiting), self._asked) if self._waiting else (0, 0)

    def cost(self, name: str, dims: int) -> NetworkCost | None:
        """Size, patch and batch as training here would have it."""
        return self._costs.get((name, dims))

    def measured(self, name: str, dims: int) -> Measured | None:
        """What a step of it takes here, measured now or in an earlier run with these versions."""
        cost = self.cost(name, dims)
        return None if cost is None else self._measurements.get(cost.machine, name, dims)

    def suits(self, name: str, dims: int) -> bool:
        """Whether it learns here while somebody paints: by what it says of itself, and by the measurement."""
        found, cost, measured = self[name], self.cost(name, dims), self.measured(name, dims)
        if measured is not None and name != YARDSTICK:
            usual = self.measured(YARDSTICK, dims)
            if measured.seconds > max(SLOW, TIMES * usual.seconds if usual is not None else 0.0):
                return False
        return found is not None and (found.suits_cpu or not self._processor) and (cost is None or not cost.problem)

    # ------------------------------------------------------------------------------------------------------ events

    def take(self, event: Event) -> None:
        """One event of the worker."""
        match event:
            case WorkerReady():
                self.choices, self._processor = event.networks, event.device.startswith("CPU")
                self._stop("")
            case WorkerDied():
                self._stop(event.reason)
            case _:
                return
        self.changed.emit()

    def answered(self, event: TaskEvent) -> None:
        """One event of a job that was asked for here."""
        match event:
            case NetworkCost():
                self._costs[event.name, event.dims] = event
                if event.seconds is not None:
                    self._measurements.put(event.machine, event.name, event.dims, Measured(event.seconds, event.bytes))
                if (event.name, event.dims) in self._waiting and (event.seconds is not None or event.problem):
                    self._waiting.discard((event.name, event.dims))
                    if not self._waiting:
                        self.finished.emit("")
            case NetworkExported():
                self.notice.emit(f"{event.path.name} is written, and what to know about it in {event.card.name} beside it.", "info")
            case _:
                return
        self.changed.emit()

    def _stop(self, why: str) -> None:
        """What was asked for will not come."""
        if self._waiting:
            self._waiting.clear()
            self.finished.emit(why)
