"""The synchronisation of project and worker: which requests are sent, and which answers count."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.labels import LabelMap
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.inference.events import CasePredicted, TilePredicted
from unetstudio.project import durable, prediction_file
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.settings import TrainingSettings
from unetstudio.tools.tool import Pointer
from unetstudio.training.events import StepDone, TrainingStarted
from unetstudio.ui.session import Session
from unetstudio.worker.messages import (
    ClassesChanged,
    CloseStudy,
    LabelsEdited,
    OpenStudy,
    Request,
    ShowView,
    StudyOpened,
    Train,
    TrainingPaused,
    WorkerReady,
)

Paint = Callable[..., None]


@pytest.fixture
def sent(session: Session, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """The requests to the worker, which does not exist."""
    requests: list[Request] = []
    monkeypatch.setattr(session.worker, "ask", requests.append)
    session.worker.event_received.emit(WorkerReady(1, "CPU", ()))
    return requests


def refuse(handle: int, data: bytes) -> int:
    """Refuse to write, like a disk without room."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def started() -> TrainingStarted:
    return TrainingStarted("unet", 2, 1000, (32, 32), 2, "cpu", 0)


def study(session: Session) -> None:
    """Report that the worker has opened the session's project."""
    session.worker.event_received.emit(StudyOpened(session.project.path, len(session.cases), ""))


def test_that_a_project_that_is_closed_is_taken_from_the_worker(sent: list[Request], opened: Session) -> None:
    assert any(isinstance(request, OpenStudy) for request in sent)
    opened.close_project()
    assert isinstance(sent[-1], CloseStudy)


def test_that_a_stroke_and_its_undo_are_learned_under_their_numbers_in_the_journal(
    sent: list[Request], opened: Session, paint: Paint, qtbot: QtBot
) -> None:
    sent.clear()
    paint(opened, 10, 10, 10, 30)
    opened.annotation.press(Pointer(20, 20))
    opened.annotation.move(Pointer(20, 40))
    with qtbot.waitSignal(opened.annotation.journalled, timeout=5_000):  # a part of it
        pass
    opened.annotation.cancel()
    opened.annotation.undo()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    edits = [request for request in sent if isinstance(request, LabelsEdited)]
    assert [(edit.case, edit.sequence) for edit in edits] == [(opened.case.id, 1), (opened.case.id, 2)]
    assert read_labels(opened.project.path, opened.case.case)[1] == 2
    study = LabelMap.unlabelled(opened.case.case.shape)
    study.apply(edits[0].edit)
    assert study.annotated > 0
    study.apply(edits[1].edit)
    assert study.annotated == opened.labels.annotated == 0


def test_that_the_worker_hears_of_classes_and_their_names_but_not_of_their_looks(sent: list[Request], opened: Session) -> None:
    opened.change(lambda project: project.classes.recolour(1, (1, 2, 3)))
    opened.change(lambda project: project.classes.show(1, False))
    assert not any(isinstance(request, ClassesChanged) for request in sent)
    opened.change(lambda project: project.classes.remove(1))
    assert sent[-1] == ClassesChanged(opened.classes)


def test_that_the_next_worker_is_shown_the_open_case_and_none_that_was_left(sent: list[Request], opened: Session, qtbot: QtBot) -> None:
    first = opened.case.id
    opened.worker_sync.show_view(Region.whole(opened.case.case.shape), (0, 40, 40))
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    sent.clear()
    opened.worker.event_received.emit(WorkerReady(2, "CPU", ()))
    assert [request.case for request in sent if isinstance(request, ShowView)] == [first]
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(+1)
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    sent.clear()
    opened.worker.event_received.emit(WorkerReady(3, "CPU", ()))
    assert any(isinstance(request, OpenStudy) for request in sent)
    assert not any(isinstance(request, ShowView) for request in sent)


def test_that_late_events_of_a_closed_project_do_not_keep_the_next_from_learning(
    sent: list[Request], opened: Session, qtbot: QtBot
) -> None:
    folder = opened.project.path
    study(opened)
    opened.worker.event_received.emit(started())
    opened.close_project()
    opened.worker.event_received.emit(StepDone(3, 0.5, 1.0))
    opened.worker.event_received.emit(TrainingPaused(3))
    assert opened.learning.state.phase == "waiting"
    assert opened.learning.losses == []
    sent.clear()
    opened.open_paths([folder])
    qtbot.waitUntil(lambda: any(isinstance(request, Train) for request in sent), timeout=10_000)


def test_that_a_learner_that_comes_back_waits_for_the_strokes_that_the_disk_refused(
    sent: list[Request], opened: Session, paint: Paint, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse)
        paint(opened, 20, 10, 20, 60, value=1)
        sent.clear()
        opened.worker.event_received.emit(WorkerReady(2, "CPU", ()))  # another one, which would read labels without that stroke
        assert not any(isinstance(request, OpenStudy) for request in sent)
    opened.saver.save_now()
    qtbot.waitUntil(lambda: any(isinstance(request, OpenStudy) for request in sent), timeout=10_000)


def test_that_a_tile_predicted_before_the_project_was_opened_anew_is_not_shown(sent: list[Request], opened: Session, qtbot: QtBot) -> None:
    folder = opened.project.path
    study(opened)
    opened.close_project()
    opened.open_paths([folder])
    qtbot.waitUntil(lambda: opened.case is not None, timeout=10_000)
    tile = Region((0, 0, 0), (1, 8, 8))
    late = TilePredicted(opened.case.id, tile, np.zeros((2, 1, 8, 8), np.uint8), (0, 1), "old", 1, 1)
    opened.worker.event_received.emit(late)
    assert opened.review.prediction is None
    study(opened)
    opened.worker.event_received.emit(late)
    assert opened.review.prediction is not None


def test_that_nothing_is_learned_in_a_project_that_is_open_elsewhere(
    opened: Session, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    second = Session()
    second.start_worker = lambda: None  # type: ignore[method-assign]
    requests: list[Request] = []
    monkeypatch.setattr(second.worker, "ask", requests.append)
    second.worker.event_received.emit(WorkerReady(1, "CPU", ()))
    try:
        second.open_paths([opened.project.path])
        qtbot.waitUntil(lambda: second.case is not None, timeout=10_000)
        assert second.read_only
        assert not any(isinstance(request, (OpenStudy, Train)) for request in requests)
        assert "read-only" in second.learning.state.sentence
    finally:
        second.shut_down()


def test_that_a_budget_of_the_command_line_does_not_limit_the_window(
    sent: list[Request], session: Session, images: list[Path], qtbot: QtBot
) -> None:
    with Project.create(images[0].parent / "cli.unetstudio", training=TrainingSettings(base=8, seconds=300)) as made:
        folder = made.folder
    session.open_paths([folder])
    qtbot.waitUntil(lambda: any(isinstance(request, Train) for request in sent), timeout=10_000)
    assert next(request for request in sent if isinstance(request, Train)).settings == TrainingSettings(base=8)


def test_that_a_case_seen_in_part_is_shown_whole_once_it_was_predicted(sent: list[Request], opened: Session, qtbot: QtBot) -> None:
    study(opened)
    opened.worker_sync.show_view(Region((0, 0, 0), (1, 8, 8)), (0, 4, 4))
    case = opened.case.case
    kept = Prediction(case.shape, (0, 1), "new")
    kept.put(Region.whole(case.shape), np.full((2, *case.shape), 128, np.uint8), "new")
    prediction_file.save(opened.project.writer.project.folder_of(case), kept)
    opened.worker.event_received.emit(CasePredicted(case.id, "new", 1.0, True))
    qtbot.waitUntil(lambda: opened.review.prediction is not None and opened.review.prediction.complete, timeout=10_000)


def test_that_attention_is_computed_only_while_it_is_looked_at(sent: list[Request], opened: Session) -> None:
    assert opened.case is not None
    whole = Region.whole(opened.case.case.shape)
    opened.worker_sync.show_view(whole, (0, 0, 0))
    assert sent[-1] == ShowView(opened.case.id, whole, (0, 0, 0))
    opened.display.show(replace(opened.display.options, overlay="attention"))
    assert sent[-1] == ShowView(opened.case.id, whole, (0, 0, 0), attention=True)
    opened.display.show(replace(opened.display.options, overlay="classes"))
    opened.worker_sync.show_view(whole, (0, 1, 1))
    assert sent[-1] == ShowView(opened.case.id, whole, (0, 1, 1))
