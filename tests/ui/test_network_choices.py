"""The window's catalogue of networks, and the effect on learning when another is chosen."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from ui.line import Line, answer, end, task_of

from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, RoundDone, TrainingStarted
from unetstudio.ui.learning import Learning
from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.task import Tasks, TaskState
from unetstudio.ui.worker_thread import NOT_UP, WorkerThread
from unetstudio.worker.file_messages import ExportNetwork, NetworkExported
from unetstudio.worker.messages import DescribeNetworks, NetworkChoice, NetworkCost, Train, WorkerDied, WorkerReady

CHOICES = (
    NetworkChoice("unet", "U-Net", "The classic.", (2, 3), ("default", "published"), True),
    NetworkChoice("attention_unet", "Attention U-Net", "Looks.", (2, 3), ("default",), True, shows_attention=True),
    NetworkChoice("unet3d", "3D U-Net", "For volumes.", (3,), ("default",), True),
    NetworkChoice("unetr", "UNETR", "Large.", (2, 3), ("default",), False),
)


@pytest.fixture
def line(qapp: object) -> Line:
    return Line()


@pytest.fixture
def networks(line: Line) -> NetworkCatalogue:
    """The catalogue of a worker that is up."""
    made = NetworkCatalogue(line, Tasks())
    line.event_received.emit(WorkerReady(1, "CPU, 2 cores", CHOICES))
    return made


@pytest.fixture
def learning(line: Line, networks: NetworkCatalogue) -> Learning:
    """A U-Net learns and has saved a checkpoint."""
    made = Learning(line, networks)
    made.take(WorkerReady(1, "CPU, 2 cores", CHOICES))
    made.take(TrainingStarted("unet", 2, 1000, (32, 32), 2, "cpu", 0))
    made.take(CheckpointSaved("a" * 64, "a.safetensors", 7, None, True))
    return made


def cost(name: str = "unet", dims: int = 2, seconds: float | None = None, problem: str = "") -> NetworkCost:
    return NetworkCost(name, dims, 482_466, (192, 192), 4, (("default", 7_762_498),), "mine", seconds, 2**28, problem)


def describe(networks: NetworkCatalogue, line: Line, *costs: NetworkCost) -> None:
    """Ask what networks cost, and answer."""
    networks.describe()
    answer(line, line.sent[-1], *costs)
    end(line, line.sent[-1])


def test_that_another_network_begins_anew_and_says_what_happens_to_the_weights(learning: Learning, line: Line) -> None:
    notices: list[str] = []
    learning.notice.connect(lambda text, _: notices.append(text))
    learning.choose_network("attention_unet")
    assert notices == ["Attention U-Net begins anew; what U-Net learned is kept in the project."]
    assert line.sent[-1] == Train(replace(TrainingSettings(), network="attention_unet"), resume=False)


def test_that_a_network_used_before_can_go_on(learning: Learning, line: Line) -> None:
    notices: list[str] = []
    learning.notice.connect(lambda text, _: notices.append(text))
    learning.choose_network("attention_unet", go_on=True)
    assert notices[0].startswith("Attention U-Net goes on from where it stopped;")
    assert line.sent[-1] == Train(replace(TrainingSettings(), network="attention_unet"), resume=True)


def test_that_the_progress_of_the_previous_network_is_not_shown_for_the_new_one(learning: Learning) -> None:
    learning.take(RoundDone(3, 30, 0.5, 0.8, {1: 0.8}, 15.0, 5.0, "held-out strokes"))
    learning.choose_network("attention_unet", go_on=True)
    state = learning.state
    assert (state.step, state.round, state.seconds, state.seconds_per_round, state.score) == (0, 0, 0.0, 0.0, None)
    assert learning.rounds == []


def test_that_nothing_is_said_of_weights_that_there_are_not(line: Line, networks: NetworkCatalogue) -> None:
    learning, notices = Learning(line, networks), []
    learning.take(WorkerReady(1, "CPU, 2 cores", CHOICES))
    learning.notice.connect(lambda *notice: notices.append(notice))
    learning.choose_network("attention_unet")
    assert notices == []


def test_that_dimensions_a_network_does_not_have_are_left_to_the_program(learning: Learning) -> None:
    learning.set_settings(replace(TrainingSettings(), dims=2))
    learning.choose_network("unet3d")
    assert learning.settings.dims == 0
    learning.set_settings(replace(learning.settings, dims=3))
    learning.choose_network("unet", "default")
    assert (learning.settings.dims, learning.settings.preset) == (3, "default")


def test_that_networks_are_described_once(networks: NetworkCatalogue, line: Line) -> None:
    asked = networks.describe()
    assert line.sent == [DescribeNetworks(task_of(line.sent[0]))]
    assert networks.describe() is asked and len(line.sent) == 1
    answer(line, line.sent[0], cost(), cost("unetr"))
    end(line, line.sent[0])
    assert networks.describe() is None and len(line.sent) == 1
    assert networks.cost("unetr", 2) == cost("unetr") and networks.cost("unetr", 3) is None


def test_that_networks_are_described_again_when_it_failed(networks: NetworkCatalogue, line: Line) -> None:
    networks.describe()
    end(line, line.sent[0], "It went wrong.")
    again = networks.describe()
    assert again is not None and again.running and len(line.sent) == 2


def test_that_measurements_of_earlier_runs_count(networks: NetworkCatalogue, line: Line) -> None:
    describe(networks, line, cost("attention_unet", seconds=1.9))
    assert not networks.suits("attention_unet", 2)


def test_that_progress_counts_what_is_measured_and_ends(networks: NetworkCatalogue, line: Line) -> None:
    networks.describe()
    description = line.sent[-1]
    task = networks.measure([("unet", 2), ("unetr", 2)])
    assert line.sent[-1] == DescribeNetworks(task.id, (("unet", 2), ("unetr", 2)), measure=True)
    assert (task.done, task.total, networks.measuring) == (0, 2, task)
    answer(line, line.sent[-1], cost(seconds=0.2))
    answer(line, description, cost("unetr"))  # its size, asked for before
    end(line, description)
    assert (task.done, task.total, networks.measuring) == (1, 2, task)
    answer(line, line.sent[-1], cost("unetr", problem="needs more memory than there is"))
    end(line, line.sent[-1])
    assert (task.state, task.done, networks.measuring) == (TaskState.DONE, 2, None)
    measured = networks.cost("unet", 2)
    assert measured is not None and measured.seconds == 0.2


@pytest.mark.parametrize("died", [False, True])
def test_that_a_measurement_that_ends_early_says_why(networks: NetworkCatalogue, line: Line, died: bool) -> None:
    task = networks.measure([("unet", 2)])
    if died:
        line.event_received.emit(WorkerDied("It went wrong."))
    else:
        end(line, line.sent[-1], "It went wrong.")
    assert (task.state, task.error, networks.measuring) == (TaskState.FAILED, "It went wrong.", None)


def test_that_suitability_comes_from_the_class_until_it_is_measured(networks: NetworkCatalogue, line: Line) -> None:
    assert networks.suits("unet", 2) and networks.suits("attention_unet", 2) and not networks.suits("unetr", 2)
    line.event_received.emit(WorkerReady(1, "NVIDIA GeForce RTX 3060", CHOICES))
    assert networks.suits("unetr", 2)
    describe(networks, line, cost("unetr", problem="needs more memory than there is"))
    assert not networks.suits("unetr", 2)
    assert not networks.suits("unknown", 2)


def test_that_a_network_suits_when_it_is_not_much_slower_than_the_u_net(networks: NetworkCatalogue, line: Line) -> None:
    networks.measure([("attention_unet", 2)])
    measurement = line.sent[-1]
    answer(line, measurement, cost("attention_unet", seconds=1.9))
    assert not networks.suits("attention_unet", 2)
    answer(line, measurement, cost("unet", seconds=1.6))  # a busy computer: it is slow with everything
    assert networks.suits("unet", 2) and networks.suits("attention_unet", 2)
    answer(line, measurement, cost("attention_unet", seconds=4.1))
    assert not networks.suits("attention_unet", 2)


def test_that_an_export_is_announced_and_its_end_reported(networks: NetworkCatalogue, line: Line, tmp_path: Path) -> None:
    notices: list[tuple[str, str]] = []
    networks.notice.connect(lambda *notice: notices.append(notice))
    task = networks.export(tmp_path, tmp_path / "a.onnx")
    assert line.sent[-1] == ExportNetwork(task.id, tmp_path, tmp_path / "a.onnx")
    answer(line, line.sent[-1], NetworkExported(tmp_path / "a.onnx", tmp_path / "a.onnx.json", 1e-6))
    end(line, line.sent[-1])
    assert "a.onnx is written" in notices[-1][0] and "a.onnx.json" in notices[-1][0]
    assert task.state is TaskState.DONE and len(notices) == 2


@pytest.mark.parametrize("up", [True, False])
def test_that_an_export_that_fails_says_why(up: bool, networks: NetworkCatalogue, line: Line, tmp_path: Path) -> None:
    notices: list[tuple[str, str]] = []
    made = networks if up else NetworkCatalogue(WorkerThread(), Tasks())
    made.notice.connect(lambda *notice: notices.append(notice))
    made.export(tmp_path, tmp_path / "a.onnx")
    if up:
        end(line, line.sent[-1], "Nothing has been learnt yet.")
    assert notices[-1] == ("Nothing has been learnt yet." if up else NOT_UP, "error")
