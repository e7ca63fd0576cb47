"""The networks that the worker offers, and the cost of each on this computer."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from unetstudio.ui.task import Task, Tasks, TaskState
from unetstudio.ui.worker_task import begin_worker_task
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.file_messages import ExportNetwork, NetworkExported
from unetstudio.worker.messages import DescribeNetworks, Event, NetworkChoice, NetworkCost, TaskEvent, TaskRequest, WorkerReady

SLOW, TIMES = 1.5, 2.5
"""A network is too slow for learning while somebody paints above this many seconds a step, if it also takes this many times what the
U-Net takes: on a busy computer all networks are slow."""

YARDSTICK = "unet"


class NetworkCatalogue(QObject):
    """Networks and their costs; `changed` on every news of them. Costs come from the worker, which stores its measurements."""

    changed = Signal()
    notice = Signal(str, str)  # sentence, level

    def __init__(self, worker: WorkerThread, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._worker = worker
        self._tasks = tasks
        self._costs: dict[tuple[str, int], NetworkCost] = {}
        self._on_processor = True  # whether no GPU computes here
        self.choices: tuple[NetworkChoice, ...] = ()
        self._describing: Task | None = None
        self._measuring: Task | None = None
        worker.event_received.connect(self._take)

    def __getitem__(self, name: str) -> NetworkChoice | None:
        """Return the network of this name; None while the worker is not ready, and for one that it does not know."""
        return next((choice for choice in self.choices if choice.name == name), None)

    def title(self, name: str) -> str:
        """Return the name to show to people."""
        choice = self[name]
        return name if choice is None else choice.title

    # ---------------------------------------------------------------------------------------------------- commands

    def describe(self) -> Task | None:
        """Ask for the size of every network here and for earlier measurements, and return the task; None when they are known."""
        if self._costs:
            return None
        if self._describing is None or not self._describing.running:
            self._describing = self._begin("Describing networks", DescribeNetworks, self._keep_cost)
        return self._describing

    def measure(self, networks: list[tuple[str, int]]) -> Task:
        """Measure seconds and memory of a training step of each (name, dims), which takes a few seconds each."""

        def keep(task: Task, event: TaskEvent) -> None:
            self._keep_cost(task, event)
            task.progress(task.done + 1, len(networks))

        request = partial(DescribeNetworks, networks=tuple(networks), measure=True)
        self._measuring = task = self._begin("Measuring networks", request, keep)
        task.progress(0, len(networks))
        return task

    def export(self, project: Path, out: Path) -> Task:
        """Write the newest checkpoint as ONNX; a notice says when it is written, or why it cannot be."""

        def finish(task: Task, event: TaskEvent) -> None:
            if isinstance(event, NetworkExported):
                self.notice.emit(f"{event.path.name} is written, and what to know about it in {event.card.name} beside it.", "info")
                task.finish(event)

        def say_failure() -> None:
            if task.state is TaskState.FAILED:
                self.notice.emit(task.error, "error")

        self.notice.emit("Exporting the network; this takes some seconds …", "info")
        task = self._begin("Exporting the network", partial(ExportNetwork, source=project, out=out), finish)
        task.when_ended(say_failure)
        return task

    # --------------------------------------------------------------------------------------------------- questions

    @property
    def measuring(self) -> Task | None:
        """The running measurement."""
        return self._measuring if self._measuring is not None and self._measuring.running else None

    def cost(self, name: str, dims: int) -> NetworkCost | None:
        """Return size, patch and batch as training here would choose them, and the cost of a step where it was measured."""
        return self._costs.get((name, dims))

    def suits(self, name: str, dims: int) -> bool:
        """Return whether it learns here while somebody paints: by its own description, and by the measurement."""
        choice, cost = self[name], self.cost(name, dims)
        if choice is None or (cost is not None and cost.problem):
            return False
        if cost is not None and cost.seconds is not None and name != YARDSTICK:
            usual = self.cost(YARDSTICK, dims)
            limit = SLOW if usual is None or usual.seconds is None else max(SLOW, TIMES * usual.seconds)
            if cost.seconds > limit:
                return False
        return choice.suits_cpu or not self._on_processor

    # ------------------------------------------------------------------------------------------------------ answers

    def _begin(self, name: str, make_request: Callable[[int], TaskRequest], on_event: Callable[[Task, TaskEvent], None]) -> Task:
        return begin_worker_task(self._tasks, self._worker, name, make_request, on_event)

    def _keep_cost(self, _task: Task, event: TaskEvent) -> None:
        if isinstance(event, NetworkCost):
            self._costs[event.name, event.dims] = event
            self.changed.emit()

    def _take(self, event: Event) -> None:
        """Take the description of a worker that is ready."""
        if isinstance(event, WorkerReady):
            self.choices, self._on_processor = event.networks, event.device.startswith("CPU")
            self.changed.emit()
