"""The worker's reports on networks, and changes from one network to another and back."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import Edit, constant
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.formats import discover
from unetstudio.inference.events import AttentionMapped
from unetstudio.project.checkpoints import cards
from unetstudio.project.project import Project
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone, TrainingStarted
from unetstudio.training.trial import Cost
from unetstudio.worker.file_messages import ExportNetwork, NetworkExported
from unetstudio.worker.messages import (
    Answer,
    DescribeNetworks,
    Event,
    JobFailed,
    LabelsEdited,
    NetworkCost,
    OpenStudy,
    PauseTraining,
    Request,
    ShowView,
    StudyOpened,
    TaskEnded,
    TaskEvent,
    Train,
)
from unetstudio.worker.network_jobs import choices, describe_networks
from unetstudio.worker.runner import Runner
from unetstudio.workspace.add_images import CaseRead, read_images

SMALL = TrainingSettings(base=4, depth=2, patch=32, batch=2, round_seconds=0.3, device="cpu", threads=1)
ATTENTION = replace(SMALL, network="attention_unet")


class RecordedRunner:
    """A runner with the events since the last request."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.runner = Runner(self.events.append)

    def ask(self, *requests: Request, until: type[Event | TaskEvent], most: int = 4000) -> Event | TaskEvent:
        self.events.clear()
        for request in requests:
            self.runner.handle(request)
        for _ in range(most):
            for event in self.events:
                said = event.event if isinstance(event, Answer) else event
                if isinstance(said, until):
                    return said
                assert not isinstance(event, JobFailed), event
            self.runner.advance()
        raise AssertionError([type(event).__name__ for event in self.events])


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A picture of a bright disc."""
    picture = np.full((64, 64), 40, np.uint8)
    cv2.circle(picture, (32, 32), 14, 200, -1)
    cv2.imwrite(str(tmp_path / "disc.png"), picture)
    made = Project.create(tmp_path / "discs.unetstudio", ClassTable.named(["background", "disc"], [(90, 90, 90), (0, 200, 0)]))
    made.add_cases(found.case for found in read_images(discover([tmp_path])) if isinstance(found, CaseRead))
    made.save()
    return made


def stroke(value: int, row: int) -> Edit:
    region = Region((0, row, 20), (1, row + 1, 44))
    values = (constant(UNLABELLED, 24), constant(value, 24), constant(0, 24), constant(Origin.PAINTED, 24))
    return Edit.of(region, np.ones(region.shape, np.bool_), *values, tool="brush", value=value)


def opened(project: Project) -> Iterable[Request]:
    case = project.cases[0]
    edits = [LabelsEdited(case.id, number, stroke(value, row)) for number, (value, row) in enumerate(((0, 4), (1, 32)), start=1)]
    return (OpenStudy(project.folder, project.classes, project.cases), *edits)


def test_that_only_networks_with_gates_show_attention() -> None:
    assert [choice.name for choice in choices() if choice.shows_attention] == ["attention_unet"]
    assert all(choice.source and choice.description for choice in choices())


def test_that_sizes_are_counted_without_trying_anything() -> None:
    (cost,) = [event for event in describe_networks(DescribeNetworks(7, (("unet", 2),))) if event is not None]
    assert dict(cost.presets)["published"] == 31_030_658
    assert cost.parameters > 0 and cost.seconds is None and cost.machine


def test_that_a_step_is_tried_and_leaves_no_trace_in_a_training_that_goes_on() -> None:
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    (cost,) = [event for event in describe_networks(DescribeNetworks(7, (("unet", 2),), measure=True)) if event is not None]
    assert cost.seconds is not None and cost.seconds > 0 and cost.bytes > 20 * cost.parameters
    assert torch.get_num_threads() == threads and torch.equal(torch.get_rng_state(), state)


def test_that_what_was_measured_is_remembered_until_it_is_measured_anew(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNETSTUDIO_CACHE", str(tmp_path))

    def cost(name: str, *, measure: bool) -> NetworkCost:
        (found,) = [event for event in describe_networks(DescribeNetworks(0, ((name, 2),), measure)) if event is not None]
        return found

    assert cost("unet", measure=False).seconds is None
    first = cost("unet", measure=True)
    again = cost("unet", measure=False)
    assert again.seconds == pytest.approx(first.seconds, abs=1e-4) and again.bytes == first.bytes
    assert cost("fcn", measure=False).seconds is None
    monkeypatch.setattr("unetstudio.worker.network_jobs.cost_of", lambda *_: Cost(1, (8, 8), 2, 123.0, 456))
    cost("unet", measure=True)
    assert (cost("unet", measure=False).seconds, cost("unet", measure=False).bytes) == (123.0, 456)
    monkeypatch.setattr("unetstudio.worker.network_jobs.__version__", "another")
    assert cost("unet", measure=False).seconds is None


def test_that_a_remembered_cost_that_makes_no_sense_is_not_believed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("UNETSTUDIO_CACHE", str(tmp_path))
    monkeypatch.setattr("unetstudio.worker.network_jobs.recall", lambda _: ["soon", 1])
    (cost,) = [event for event in describe_networks(DescribeNetworks(0, (("unet", 2),))) if event is not None]
    assert cost.seconds is None


def test_that_want_of_memory_is_said_of_the_network_and_the_others_are_still_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def exhausted(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("unetstudio.worker.network_jobs.cost_of", exhausted)
    request = DescribeNetworks(7, (("unet", 2), ("fcn", 2)), measure=True)
    costs = [event for event in describe_networks(request) if event is not None]
    assert [(cost.seconds, "memory" in cost.problem) for cost in costs] == [(None, True), (None, True)]


def test_that_another_network_begins_anew_and_the_one_before_goes_on_when_it_is_chosen_again(project: Project) -> None:
    worker = RecordedRunner()
    worker.ask(*opened(project), Train(SMALL), until=RoundDone)
    anew = worker.ask(Train(ATTENTION, resume=False), until=TrainingStarted)
    assert isinstance(anew, TrainingStarted) and (anew.network, anew.step) == ("attention_unet", 0)
    worker.ask(until=RoundDone)
    back = worker.ask(Train(SMALL), until=TrainingStarted)
    assert isinstance(back, TrainingStarted) and back.network == "unet" and back.step > 0
    worker.runner.close()
    assert {card.network for card in cards(project.checkpoints_folder)} == {"unet", "attention_unet"}


def test_that_the_attention_map_of_the_view_is_computed_on_request(project: Project) -> None:
    worker, case = RecordedRunner(), project.cases[0]
    view = ShowView(case.id, Region.whole(case.shape), (0, 32, 32), attention=True)
    found = worker.ask(*opened(project), Train(ATTENTION), view, until=AttentionMapped)
    assert isinstance(found, AttentionMapped) and found.values.shape == case.shape
    worker.ask(PauseTraining(), until=object)  # type: ignore[arg-type]
    study = worker.ask(OpenStudy(project.folder, project.classes, project.cases), until=StudyOpened)
    assert isinstance(study, StudyOpened) and study.network == "attention_unet"


def test_that_what_was_learned_is_written_as_onnx(project: Project, tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime")
    worker = RecordedRunner()
    worker.ask(*opened(project), Train(SMALL), until=RoundDone)
    worker.runner.handle(PauseTraining())
    done = worker.ask(ExportNetwork(7, project.folder, tmp_path / "disc"), until=NetworkExported)
    assert isinstance(done, NetworkExported)
    assert done.path == tmp_path / "disc.onnx" and done.path.stat().st_size > 1000 and done.card.exists()


@pytest.mark.parametrize("missing", [True, False])
def test_that_an_export_that_cannot_be_made_says_what_to_do(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, missing: bool
) -> None:
    worker = RecordedRunner()
    if missing:
        worker.ask(*opened(project), Train(SMALL), until=RoundDone)
        worker.runner.handle(PauseTraining())
        monkeypatch.setitem(sys.modules, "onnx", None)
    worker.runner.handle(ExportNetwork(7, project.folder, tmp_path / "disc.onnx"))
    while worker.runner.busy:
        worker.runner.advance()
    (failed,) = [event for event in worker.events if isinstance(event, TaskEnded)]
    assert ("unetstudio[onnx]" if missing else "train first") in failed.error
    assert not (tmp_path / "disc.onnx").exists()


def test_that_costs_are_reported_between_other_work(project: Project) -> None:
    worker = RecordedRunner()
    worker.ask(DescribeNetworks(7, (("fcn", 2), ("unet", 2))), until=NetworkCost)
    assert worker.runner.busy  # the second is still to come
