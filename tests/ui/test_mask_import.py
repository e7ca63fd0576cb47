"""Masks imported in the window: a refused mask leaves labels as they were."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.errors import ProjectError
from unetstudio.project import durable
from unetstudio.project.audit import audit_trail
from unetstudio.project.record import Kind
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui.session import Session
from unetstudio.ui.task import Task, TaskState
from unetstudio.worker.messages import LabelsEdited, Request

Paint = Callable[..., None]


@pytest.fixture
def notices(opened: Session) -> list[tuple[str, str]]:
    """Every notice, with its level."""
    notices: list[tuple[str, str]] = []
    opened.notice.connect(lambda text, level: notices.append((text, level)))
    return notices


def masks(images: list[Path], value: int = 1, shape: tuple[int, int] = (80, 96)) -> list[Path]:
    """Write one mask for each image, all of one value."""
    folder = images[0].parent / "masks"
    folder.mkdir(exist_ok=True)
    for path in images:
        cv2.imwrite(str(folder / path.name), np.full(shape, value, np.uint8))
    return [folder / path.name for path in images]


def refuse(handle: int, data: bytes) -> int:
    """Refuse to write, like a disk without room."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def ended(session: Session, qtbot: QtBot, act: Callable[[], None]) -> None:
    """Call `act` and wait for the import or export to end."""
    act()
    qtbot.waitUntil(lambda: not session.tasks.running and not session.saver.busy, timeout=10_000)


def test_that_an_import_is_one_undoable_change_of_the_open_case(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    ended(opened, qtbot, lambda: opened.mask_import.begin(masks(images)))
    assert opened.labels.counts[1] == 80 * 96
    assert read_labels(opened.project.path, opened.cases[1])[0].counts[1] == 80 * 96
    opened.annotation.undo()
    assert (opened.labels.values == UNLABELLED).all()


def test_that_the_worker_learns_from_every_mask_under_its_number(
    opened: Session, images: list[Path], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    sent: list[Request] = []
    monkeypatch.setattr(opened.worker, "ask", sent.append)
    ended(opened, qtbot, lambda: opened.mask_import.begin(masks(images)))
    edits = [(request.case, request.sequence) for request in sent if isinstance(request, LabelsEdited)]
    assert sorted(edits) == sorted((case.id, 1) for case in opened.cases)


def test_that_a_mask_of_any_name_is_for_the_open_case_when_it_comes_alone(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    mask = masks(images)[0]
    other = mask.rename(mask.with_name("result.png"))
    ended(opened, qtbot, lambda: opened.mask_import.begin([other]))
    assert opened.labels.counts[1] == 80 * 96


def test_that_an_import_reports_the_number_of_imported_masks(
    opened: Session, images: list[Path], notices: list[tuple[str, str]], qtbot: QtBot
) -> None:
    ended(opened, qtbot, lambda: opened.mask_import.begin(masks(images)))
    assert opened.case.annotated_share == 1.0
    assert opened.project.cases.annotated_share(opened.cases[1].id) == 1.0
    assert notices == [(f"{len(images)} masks imported. What you painted by hand stays.", "info")]


@pytest.mark.parametrize("wrong", ["size", "broken", "missing"])
def test_that_a_mask_that_does_not_fit_is_reported_and_changes_nothing(
    opened: Session, images: list[Path], notices: list[tuple[str, str]], qtbot: QtBot, wrong: str
) -> None:
    paths = masks(images, shape=(8, 9)) if wrong == "size" else masks(images)
    if wrong == "broken":
        paths[0].write_bytes(paths[0].read_bytes()[:40])
    elif wrong == "missing":
        paths[0].unlink()
    opened.mask_import.begin(paths[:1])
    qtbot.waitUntil(lambda: bool(notices), timeout=10_000)
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert notices[0][1] == "error"
    assert "disc_0.png" in notices[0][0]
    assert (opened.labels.values == UNLABELLED).all()
    assert read_labels(opened.project.path, opened.case.case)[1] == 0


def test_that_cases_can_be_stepped_through_during_an_import_and_all_masks_arrive(
    opened: Session, images: list[Path], paint: Paint, qtbot: QtBot
) -> None:
    paint(opened, 10, 10, 10, 60, value=0)
    second = opened.cases[1]
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(+1)
        opened.mask_import.begin(masks(images))
    qtbot.waitUntil(lambda: not opened.tasks.running and opened.labels.counts[1] > 0 and not opened.saver.busy, timeout=10_000)
    paint(opened, 50, 10, 50, 60, value=0)
    labels, sequence = read_labels(opened.project.path, second)
    assert sequence == 2
    assert np.array_equal(labels.values, opened.labels.values)
    first = read_labels(opened.project.path, opened.cases[0])[0]
    assert first.counts[UNLABELLED] == 0
    assert first.counts[0] > 0


def test_that_undo_takes_back_an_import_that_came_while_another_case_was_open(
    opened: Session, images: list[Path], paint: Paint, qtbot: QtBot
) -> None:
    paint(opened, 10, 10, 10, 60, value=0)
    painted = opened.labels.values.copy()
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(+1)
    ended(opened, qtbot, lambda: opened.mask_import.begin(masks(images[:1])))
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(-1)
    assert opened.labels.counts[UNLABELLED] == 0
    opened.annotation.undo()
    assert np.array_equal(opened.labels.values, painted)


def test_that_an_unfinished_stroke_does_not_overwrite_an_import(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    opened.annotation.set_active_class(0)
    opened.annotation.press(Pointer(40, 20))
    opened.annotation.move(Pointer(40, 40))
    ended(opened, qtbot, lambda: opened.mask_import.begin(masks(images)[:1]))
    opened.annotation.cancel()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert opened.labels.counts[0] > 0
    assert opened.labels.counts[UNLABELLED] == 0
    assert np.array_equal(read_labels(opened.project.path, opened.case.case)[0].values, opened.labels.values)


def test_that_an_import_ends_with_its_project(opened: Session, images: list[Path], notices: list[tuple[str, str]], qtbot: QtBot) -> None:
    folder = opened.project.path
    opened.mask_import.begin(masks(images))
    opened.open_paths([folder])
    qtbot.waitUntil(lambda: opened.case is not None, timeout=10_000)
    qtbot.wait(200)
    assert not [text for text, level in notices if level in ("warning", "error")]


def test_that_strokes_that_were_refused_come_before_an_import(
    opened: Session, images: list[Path], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    opened.saver.save_now()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    second = opened.cases[1]
    stroke = Stroke(LabelMap.unlabelled(second.shape), 0, tool="brush")
    stroke.paint(Region((0, 10, 10), (1, 20, 60)), np.ones((1, 10, 50), np.bool_))
    edit = stroke.commit()
    with monkeypatch.context() as disk, pytest.raises(ProjectError):
        disk.setattr(durable.os, "write", refuse)
        opened.project.writer.append(second.id, Kind.EDIT, edit)  # painted until the first case was there
    ended(opened, qtbot, lambda: opened.mask_import.begin(masks(images)[1:]))
    assert next(audit_trail(opened.project.writer.project.folder_of(second))).tool == "brush"
    labels = read_labels(opened.project.path, second)[0]
    assert (labels.counts[0], labels.counts[UNLABELLED]) == (500, 0)


def test_that_an_import_is_a_task_whose_result_counts_the_masks(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    begun: list[Task] = []
    opened.tasks.begun.connect(begun.append)
    ended(opened, qtbot, lambda: opened.mask_import.begin(masks(images)))
    (task,) = begun
    assert (task.name, task.state, task.result, task.done, task.total) == ("Importing masks", TaskState.DONE, 2, 4, 5)


def test_that_a_mask_that_cannot_be_read_fails_its_task(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    begun: list[Task] = []
    opened.tasks.begun.connect(begun.append)
    paths = masks(images)
    paths[0].write_bytes(paths[0].read_bytes()[:40])
    ended(opened, qtbot, lambda: opened.mask_import.begin(paths))
    assert begun[0].state is TaskState.FAILED
    assert begun[0].error.startswith("disc_0.png")


def test_that_an_import_that_is_stopped_keeps_what_it_did(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    paths = masks(images)
    tasks: list[Task] = []

    def stop(task: Task) -> None:
        tasks.append(task)
        task.changed.connect(lambda: task.done > len(paths) and task.stop())

    opened.tasks.begun.connect(stop)
    opened.mask_import.begin(paths)
    qtbot.waitUntil(lambda: bool(tasks) and not tasks[0].running and not opened.saver.busy, timeout=10_000)
    assert tasks[0].state is TaskState.STOPPED
    assert opened.labels.counts[1] == 80 * 96


def test_that_nothing_is_imported_without_a_project(session: Session, images: list[Path]) -> None:
    notices: list[str] = []
    session.notice.connect(lambda text, level: notices.append(text))
    session.mask_import.begin(masks(images))
    assert notices == ["Open a project that can be changed first."]
    assert session.tasks.running == ()


def test_that_a_mask_whose_case_is_closed_while_it_is_on_its_way_is_stored_all_the_same(
    opened: Session, images: list[Path], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    first, writer = opened.cases[0], opened.project.writer
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.case_opener.step(+1)
    answers = iter([True])  # as if it had been asked before the next case was opened
    is_open = writer.is_open
    monkeypatch.setattr(writer, "is_open", lambda case_id: next(answers, None) or is_open(case_id))
    begun: list[Task] = []
    opened.tasks.begun.connect(begun.append)
    ended(opened, qtbot, lambda: opened.mask_import.begin(masks(images)[:1]))
    assert (begun[0].state, begun[0].result, begun[0].problems) == (TaskState.DONE, 1, [])
    assert read_labels(opened.project.path, first)[0].counts[1] == 80 * 96
