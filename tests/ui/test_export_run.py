"""Exports of the window: a refused one leaves files as they were, and the task reports the outcome."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot
from ui.line import answer, end

from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.formats import FORMATS, read_mask
from unetstudio.project import durable, prediction_file
from unetstudio.project.audit import audit_trail
from unetstudio.project.prediction_file import averaged_folder
from unetstudio.ui.session import Session
from unetstudio.ui.task import Task, TaskState
from unetstudio.worker.file_messages import AverageCases, CaseAveraged
from unetstudio.worker.messages import Request, StopTask, WorkerDied
from unetstudio.workspace.export import ExportChoice, What

Paint = Callable[..., None]


@pytest.fixture
def notices(opened: Session) -> list[tuple[str, str]]:
    """Every notice, with its level."""
    notices: list[tuple[str, str]] = []
    opened.notice.connect(lambda text, level: notices.append((text, level)))
    return notices


def ended(session: Session, qtbot: QtBot, act: Callable[[], None]) -> None:
    """Call `act` and wait for the import or export to end."""
    act()
    qtbot.waitUntil(lambda: not session.tasks.running and not session.saver.busy, timeout=10_000)


def export(session: Session, folder: Path, what: What = "labels") -> Task:
    return session.export_run.begin(folder, ExportChoice(what, ("png",), pictures=False), [case.id for case in session.cases])


def test_that_labels_are_exported_as_they_are_on_the_disk(
    opened: Session, paint: Paint, notices: list[tuple[str, str]], tmp_path: Path, qtbot: QtBot
) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    ended(opened, qtbot, lambda: export(opened, tmp_path / "out"))
    assert np.array_equal(read_mask(tmp_path / "out" / "disc_0.png")[0], opened.labels.values)
    assert not (tmp_path / "out" / "disc_1.png").exists()
    assert notices == [("disc_1 has no labels yet; paint it, or export the segmentation instead.", "warning")]


def test_that_a_case_saved_in_another_format_is_told_and_counts_as_exported(
    opened: Session, paint: Paint, notices: list[tuple[str, str]], tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FORMATS["tiff"], "suits", lambda source, *, volume: False)
    paint(opened, 40, 30, 40, 60, value=1)
    choice = ExportChoice("labels", ("tiff",), pictures=False)
    ended(opened, qtbot, lambda: opened.export_run.begin(tmp_path / "out", choice, [opened.case.id]))
    assert notices == [("disc_0 cannot be saved as TIFF; it was saved as PNG instead.", "warning")]
    assert (tmp_path / "out" / "disc_0.png").is_file()


def test_that_an_export_into_an_unwritable_folder_is_reported(
    opened: Session, paint: Paint, notices: list[tuple[str, str]], tmp_path: Path, qtbot: QtBot
) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    (tmp_path / "out").write_text("mine")
    ended(opened, qtbot, lambda: export(opened, tmp_path / "out"))
    assert notices == [("out: a file of this name is in the way; choose another folder.", "error")]


def test_that_an_export_never_replaces_the_images(
    opened: Session, paint: Paint, images: list[Path], notices: list[tuple[str, str]], qtbot: QtBot
) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    before = [path.read_bytes() for path in images]
    ended(opened, qtbot, lambda: export(opened, images[0].parent))
    assert notices[0][1] == "error"
    assert "choose another folder" in notices[0][0]
    assert [path.read_bytes() for path in images] == before


def test_that_segmentations_without_a_prediction_are_refused_with_one_sentence(
    opened: Session, notices: list[tuple[str, str]], tmp_path: Path, qtbot: QtBot
) -> None:
    ended(opened, qtbot, lambda: export(opened, tmp_path / "out", "segmentation"))
    assert len(notices) == 1
    assert "has not been predicted yet" in notices[0][0]


@pytest.fixture
def sent(opened: Session, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """The requests to the worker, which does not exist."""
    requests: list[Request] = []
    monkeypatch.setattr(opened.worker, "ask", requests.append)
    return requests


def tell(session: Session, sent: list[Request], event: CaseAveraged) -> None:
    """Answer the request for averaged cases; the last answer ends its job."""
    request = next(request for request in sent if isinstance(request, AverageCases))
    answer(session.worker, request, event)
    if event.done == event.total:
        end(session.worker, request)


def averaged(session: Session, folder: Path) -> Task:
    choice = ExportChoice("segmentation", ("png",), pictures=False, table=False)
    return session.export_run.begin(folder, choice, [case.id for case in session.cases], averaged=True)


def test_that_averaged_masks_are_written_when_the_worker_has_made_them(
    opened: Session, sent: list[Request], notices: list[tuple[str, str]], qtbot: QtBot, tmp_path: Path
) -> None:
    first, second = opened.cases
    averaged(opened, tmp_path / "out")
    assert isinstance(sent[-1], AverageCases) and set(sent[-1].cases) == {first.id, second.id}
    found = Prediction(first.shape, (0, 1))
    found.put(Region.whole(first.shape), np.stack([np.zeros(first.shape, np.uint8), np.full(first.shape, 255, np.uint8)]), "some")
    prediction_file.save(averaged_folder(opened.project.path, first.id), found)
    tell(opened, sent, CaseAveraged(first.id, 1, 2))
    ended(opened, qtbot, lambda: tell(opened, sent, CaseAveraged(second.id, 2, 2, "disc_1.png cannot be read.")))
    assert (read_mask(tmp_path / "out" / "disc_0.png")[0] == 1).all()
    assert notices[0][0].startswith("disc_1.png cannot be read.")
    assert not averaged_folder(opened.project.path, first.id).exists()


@pytest.mark.parametrize("how", ["stopped", "failed", "died", "closed"])
def test_that_an_averaged_export_that_ends_early_says_so_and_writes_nothing(
    opened: Session, sent: list[Request], notices: list[tuple[str, str]], qtbot: QtBot, tmp_path: Path, how: str
) -> None:
    averaged(opened, tmp_path / "out")
    ends: dict[str, Callable[[], None]] = {
        "stopped": opened.tasks.running[0].stop,
        "failed": lambda: end(opened.worker, sent[-1], "Nothing has been learnt yet."),
        "died": lambda: opened.worker.event_received.emit(WorkerDied("The learner ended.")),
        "closed": opened.close_project,
    }
    ended(opened, qtbot, ends[how])
    assert "error" in [level for _, level in notices]
    tell(opened, sent, CaseAveraged("any", 1, 1))  # too late
    assert not (tmp_path / "out").exists()


def test_that_an_averaged_export_in_which_every_case_fails_says_why(
    opened: Session, sent: list[Request], notices: list[tuple[str, str]], qtbot: QtBot, tmp_path: Path
) -> None:
    averaged(opened, tmp_path / "out")
    first, second = opened.cases
    tell(opened, sent, CaseAveraged(first.id, 1, 2, "disc_0.png cannot be read."))
    ended(opened, qtbot, lambda: tell(opened, sent, CaseAveraged(second.id, 2, 2, "disc_1.png cannot be read.")))
    assert notices[-1] == ("disc_1.png cannot be read.", "error")
    assert not (tmp_path / "out").exists()


def test_that_an_export_is_a_task_with_its_folder_as_result_and_its_problems(
    opened: Session, paint: Paint, tmp_path: Path, qtbot: QtBot
) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    task = export(opened, tmp_path / "out")
    qtbot.waitUntil(lambda: not task.running, timeout=10_000)
    assert (task.name, task.state, task.result) == ("Exporting", TaskState.DONE, tmp_path / "out")
    assert task.problems == ["disc_1 has no labels yet; paint it, or export the segmentation instead."]


def test_that_an_export_that_fails_says_why_in_its_task(opened: Session, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "out").write_text("mine")
    task = export(opened, tmp_path / "out")
    qtbot.waitUntil(lambda: not task.running, timeout=10_000)
    assert task.state is TaskState.FAILED
    assert "choose another folder" in task.error


def test_that_nothing_is_exported_without_a_project(session: Session, tmp_path: Path) -> None:
    task = export(session, tmp_path / "out")
    assert (task.state, task.error) == (TaskState.FAILED, "Nothing was exported: no project is open.")


def test_that_strokes_that_are_not_saved_are_not_left_out_of_an_export(
    opened: Session, paint: Paint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    def refuse(handle: int, data: bytes) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse)
        paint(opened, 40, 30, 40, 60, value=1)
        task = export(opened, tmp_path / "out")
    assert task.state is TaskState.FAILED
    assert task.error.startswith("Nothing was exported: some strokes are not saved yet.")
    assert not (tmp_path / "out").exists()


def test_that_an_export_is_noted_for_a_case_that_was_removed_meanwhile(opened: Session, paint: Paint, tmp_path: Path, qtbot: QtBot) -> None:
    states: list[tuple[str, str]] = []
    opened.save_state_changed.connect(lambda text, level: states.append((text, level)))
    paint(opened, 40, 30, 40, 60, value=1)
    first = opened.case.case
    task = export(opened, tmp_path / "out")
    opened.change(lambda project: project.cases.remove(first.id))
    qtbot.waitUntil(lambda: not task.running and opened.case.id != first.id and not opened.saver.busy, timeout=10_000)
    assert all(level != "bad" for _, level in states)
    assert [line.event for line in audit_trail(opened.project.writer.project.folder_of(first))][-1] == "exported"


def test_that_a_stopped_averaged_export_asks_nothing_more_of_the_worker(opened: Session, sent: list[Request], tmp_path: Path) -> None:
    task = averaged(opened, tmp_path / "out")
    task.stop()
    assert task.state is TaskState.STOPPED
    assert isinstance(sent[-1], StopTask) and sent[-1].task == task.id
