"""What the window knows of networks, and what becomes of learning when another is chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, RoundDone, TrainingStarted
from unetstudio.ui.learning import Learning
from unetstudio.ui.measurements import MOST, Measured, Measurements
from unetstudio.ui.network_catalogue import Networks
from unetstudio.ui.worker_thread import WorkerThread
from unetstudio.worker.file_messages import ExportNetwork, NetworkExported
from unetstudio.worker.messages import (
    Answer,
    DescribeNetworks,
    NetworkChoice,
    NetworkCost,
    Request,
    TaskEnded,
    Train,
    WorkerDied,
    WorkerReady,
)

CHOICES = (
    NetworkChoice("unet", "U-Net", "The classic.", (2, 3), ("default", "published"), True),
    NetworkChoice("attention_unet", "Attention U-Net", "Looks.", (2, 3), ("default",), True, shows_attention=True),
    NetworkChoice("unet3d", "3D U-Net", "For volumes.", (3,), ("default",), True),
    NetworkChoice("unetr", "UNETR", "Large.", (2, 3), ("default",), False),
)


class Line(WorkerThread):
    """A worker thread that is not started: what would be sent to its process is kept."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Request] = []

    def ask(self, request: Request) -> None:
        self.sent.append(request)


@pytest.fixture
def line(qapp: object) -> Line:
    return Line()


@pytest.fixture
def learning(line: Line) -> Learning:
    """A U-Net learns and has saved a checkpoint."""
    made = Learning(line)
    made.take(WorkerReady(1, "CPU, 2 cores", CHOICES))
    made.take(TrainingStarted("unet", 2, 1000, (32, 32), 2, "cpu", 0))
    made.take(CheckpointSaved("a" * 64, "a.safetensors", 7, None, True))
    return made


@pytest.fixture
def networks(line: Line, tmp_path: Path) -> Networks:
    made = Networks(line, Measurements(tmp_path / "networks.json"))
    line.event_received.emit(WorkerReady(1, "CPU, 2 cores", CHOICES))
    return made


def cost(name: str = "unet", dims: int = 2, seconds: float | None = None, problem: str = "", machine: str = "mine") -> NetworkCost:
    return NetworkCost(name, dims, 482_466, (192, 192), 4, (("default", 7_762_498),), machine, seconds, 2**28, problem)


def test_that_another_network_begins_anew_and_says_what_becomes_of_the_weights(learning: Learning, line: Line) -> None:
    told: list[str] = []
    learning.notice.connect(lambda text, _: told.append(text))
    learning.choose_network("attention_unet")
    assert told == ["Attention U-Net begins anew; what U-Net learned is kept in the project."]
    assert line.sent[-1] == Train(replace(TrainingSettings(), network="attention_unet"), resume=False)


def test_that_a_network_used_before_can_go_on(learning: Learning, line: Line) -> None:
    told: list[str] = []
    learning.notice.connect(lambda text, _: told.append(text))
    learning.choose_network("attention_unet", go_on=True)
    assert told[0].startswith("Attention U-Net goes on from where it stopped;")
    assert line.sent[-1] == Train(replace(TrainingSettings(), network="attention_unet"), resume=True)


def test_that_what_the_network_before_took_is_not_told_of_the_new_one(learning: Learning) -> None:
    learning.take(RoundDone(3, 30, 0.5, 0.8, {1: 0.8}, 15.0, 5.0, "held-out strokes"))
    learning.choose_network("attention_unet", go_on=True)
    state = learning.state
    assert (state.step, state.round, state.seconds, state.seconds_per_round, state.score) == (0, 0, 0.0, 0.0, None)
    assert learning.rounds == []


def test_that_nothing_is_said_of_weights_that_there_are_not(line: Line) -> None:
    learning, told = Learning(line), []
    learning.take(WorkerReady(1, "CPU, 2 cores", CHOICES))
    learning.notice.connect(lambda *notice: told.append(notice))
    learning.choose_network("attention_unet")
    assert told == []


def test_that_dimensions_a_network_does_not_have_are_left_to_the_program(learning: Learning) -> None:
    learning.set_settings(replace(TrainingSettings(), dims=2))
    learning.choose_network("unet3d")
    assert learning.settings.dims == 0
    learning.set_settings(replace(learning.settings, dims=3))
    learning.choose_network("unet", "default")
    assert (learning.settings.dims, learning.settings.preset) == (3, "default")


def test_that_what_was_measured_is_remembered_for_this_machine_and_these_versions(networks: Networks, line: Line, tmp_path: Path) -> None:
    networks.measure([("unet", 2)])
    networks.answered(cost(seconds=0.21))
    later = Networks(line, Measurements(tmp_path / "networks.json"))
    later.answered(cost())
    assert later.measured("unet", 2) == Measured(0.21, 2**28)
    later.answered(cost(machine="another version"))
    assert later.measured("unet", 2) is None


@pytest.mark.parametrize("content", ["", "[]", '{"mine": 3}', '{"mine": {"unet 2D": ["x"]}}', "[" * 100_000])
def test_that_a_file_of_measurements_that_is_none_counts_as_not_measured(content: str, tmp_path: Path) -> None:
    path = tmp_path / "networks.json"
    path.write_text(content)
    kept = Measurements(path)
    assert kept.get("mine", "unet", 2) is None
    kept.put("mine", "unet", 2, Measured(0.5, 100))
    assert Measurements(path).get("mine", "unet", 2) == Measured(0.5, 100)


def test_that_only_so_many_machines_are_remembered(tmp_path: Path) -> None:
    kept = Measurements(tmp_path / "networks.json")
    for number in range(MOST + 1):
        kept.put(f"machine {number}", "unet", 2, Measured(1.0, 1))
    assert kept.get("machine 0", "unet", 2) is None
    assert kept.get(f"machine {MOST}", "unet", 2) is not None


def test_that_progress_counts_what_is_measured_and_ends(networks: Networks, line: Line) -> None:
    ended: list[str] = []
    networks.finished.connect(ended.append)
    networks.measure([("unet", 2), ("unetr", 2)])
    assert replace(line.sent[-1], task=7) == DescribeNetworks(7, (("unet", 2), ("unetr", 2)), measure=True)
    assert networks.progress == (0, 2)
    networks.answered(cost(seconds=0.2))
    networks.answered(cost("unetr"))  # its size, asked for before
    assert networks.progress == (1, 2) and ended == []
    networks.answered(cost("unetr", problem="needs more memory than there is"))
    assert networks.progress == (0, 0) and ended == [""]


@pytest.mark.parametrize("died", [False, True])
def test_that_a_measurement_that_ends_early_says_why(networks: Networks, line: Line, died: bool) -> None:
    ended: list[str] = []
    networks.finished.connect(ended.append)
    networks.measure([("unet", 2)])
    line.event_received.emit(WorkerDied("It went wrong.") if died else TaskEnded(line.sent[-1].task, "It went wrong."))
    assert networks.progress == (0, 0) and ended == ["It went wrong."]


def test_that_what_suits_is_told_by_the_class_until_it_is_measured(networks: Networks, line: Line) -> None:
    assert networks.suits("unet", 2) and networks.suits("attention_unet", 2) and not networks.suits("unetr", 2)
    line.event_received.emit(WorkerReady(1, "NVIDIA GeForce RTX 3060", CHOICES))
    assert networks.suits("unetr", 2)
    networks.answered(cost("unetr", problem="needs more memory than there is"))
    assert not networks.suits("unetr", 2)


def test_that_a_network_suits_when_it_is_not_much_slower_than_the_u_net(networks: Networks, line: Line) -> None:
    networks.answered(cost("attention_unet", seconds=1.9))
    assert not networks.suits("attention_unet", 2)
    networks.answered(cost("unet", seconds=1.6))  # a busy computer: it is slow with everything
    assert networks.suits("unet", 2) and networks.suits("attention_unet", 2)
    networks.answered(cost("attention_unet", seconds=4.1))
    assert not networks.suits("attention_unet", 2)


def test_that_an_export_is_announced_and_its_end_told(networks: Networks, line: Line, tmp_path: Path) -> None:
    told: list[str] = []
    networks.notice.connect(lambda text, _: told.append(text))
    networks.export(tmp_path, tmp_path / "a.onnx")
    request = line.sent[-1]
    assert replace(request, task=7) == ExportNetwork(7, tmp_path, tmp_path / "a.onnx")
    line.event_received.emit(Answer(request.task, NetworkExported(tmp_path / "a.onnx", tmp_path / "a.onnx.json", 1e-6)))
    assert "a.onnx is written" in told[-1] and "a.onnx.json" in told[-1]
