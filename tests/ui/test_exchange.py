"""Imports and exports of the window: what is refused leaves labels and files as they were."""

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
from unetstudio.data.prediction import Prediction
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.errors import ProjectError
from unetstudio.formats import read_mask
from unetstudio.project import durable, prediction_file
from unetstudio.project.audit import audit_trail
from unetstudio.project.prediction_file import averaged_folder
from unetstudio.project.record import Kind
from unetstudio.project.store import read_labels
from unetstudio.tools.tool import Pointer
from unetstudio.ui.session import Session
from unetstudio.worker.file_messages import AverageCases, CaseAveraged
from unetstudio.worker.messages import Answer, Request, TaskEnded, WorkerDied

Paint = Callable[..., None]


@pytest.fixture
def told(opened: Session) -> list[tuple[str, str]]:
    """Every notice, with its level."""
    notices: list[tuple[str, str]] = []
    opened.notice.connect(lambda text, level: notices.append((text, level)))
    return notices


def masks(images: list[Path], value: int = 1, shape: tuple[int, int] = (80, 96)) -> list[Path]:
    """One for each image, all of one value."""
    folder = images[0].parent / "masks"
    folder.mkdir(exist_ok=True)
    for path in images:
        cv2.imwrite(str(folder / path.name), np.full(shape, value, np.uint8))
    return [folder / path.name for path in images]


def refuse(handle: int, data: bytes) -> int:
    """A disk without room."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def ended(session: Session, qtbot: QtBot, act: Callable[[], None]) -> None:
    """Acts, and waits for the import or export to end."""
    with qtbot.waitSignal(session.progress, check_params_cb=lambda what, done, total: done == total == 1, timeout=10_000):
        act()
    qtbot.waitUntil(lambda: not session.saver.busy, timeout=10_000)


def export(session: Session, folder: Path, what: str = "labels", formats: list[str] | None = None) -> None:
    session.export(folder, what, formats or ["png"], [case.id for case in session.cases], False, True)


def test_that_an_import_is_one_undoable_change_of_the_open_case(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    ended(opened, qtbot, lambda: opened.import_masks(masks(images)))
    assert opened.labels.counts[1] == 80 * 96
    assert read_labels(opened.project_path, opened.cases[1])[0].counts[1] == 80 * 96
    opened.annotation.undo()
    assert (opened.labels.values == UNLABELLED).all()


def test_that_a_mask_of_any_name_is_for_the_open_case_when_it_comes_alone(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    mask = masks(images)[0]
    other = mask.rename(mask.with_name("result.png"))
    ended(opened, qtbot, lambda: opened.import_masks([other]))
    assert opened.labels.counts[1] == 80 * 96


def test_that_an_import_says_how_many_masks_it_took_in(
    opened: Session, images: list[Path], told: list[tuple[str, str]], qtbot: QtBot
) -> None:
    ended(opened, qtbot, lambda: opened.import_masks(masks(images)))
    assert [opened.annotated_fraction(case.id) for case in opened.cases] == [1.0] * len(images)
    assert told == [(f"{len(images)} masks imported. What you painted by hand stays.", "info")]


@pytest.mark.parametrize("wrong", ["size", "value", "broken", "missing"])
def test_that_a_mask_that_does_not_fit_is_told_and_changes_nothing(
    opened: Session, images: list[Path], told: list[tuple[str, str]], qtbot: QtBot, wrong: str
) -> None:
    paths = masks(images, shape=(8, 9)) if wrong == "size" else masks(images)
    opened.add_class()
    qtbot.waitUntil(lambda: len(opened.classes) == 3)
    if wrong == "value":
        cv2.imwrite(str(paths[0]), np.full((80, 96), 9, np.uint8))
    elif wrong == "broken":
        paths[0].write_bytes(paths[0].read_bytes()[:40])
    elif wrong == "missing":
        paths[0].unlink()
    opened.import_masks(paths[:1])
    qtbot.waitUntil(lambda: bool(told), timeout=10_000)
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert told[0][1] == "error"
    assert "disc_0.png" in told[0][0]
    assert (opened.labels.values == UNLABELLED).all()
    assert read_labels(opened.project_path, opened.case)[1] == 0


def test_that_cases_can_be_stepped_through_during_an_import_and_all_masks_arrive(
    opened: Session, images: list[Path], paint: Paint, qtbot: QtBot
) -> None:
    paint(opened, 10, 10, 10, 60, value=0)
    second = opened.cases[1]
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.step_case(+1)
        opened.import_masks(masks(images))
    qtbot.waitUntil(lambda: opened.labels.counts[1] > 0 and not opened.saver.busy, timeout=10_000)
    paint(opened, 50, 10, 50, 60, value=0)
    labels, sequence = read_labels(opened.project_path, second)
    assert sequence == 2
    assert np.array_equal(labels.values, opened.labels.values)
    first = read_labels(opened.project_path, opened.cases[0])[0]
    assert first.counts[UNLABELLED] == 0
    assert first.counts[0] > 0


def test_that_labels_are_exported_as_they_are_on_the_disk(
    opened: Session, paint: Paint, told: list[tuple[str, str]], tmp_path: Path, qtbot: QtBot
) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    ended(opened, qtbot, lambda: export(opened, tmp_path / "out"))
    assert np.array_equal(read_mask(tmp_path / "out" / "disc_0.png")[0], opened.labels.values)
    assert not (tmp_path / "out" / "disc_1.png").exists()
    assert told == [("disc_1 has no labels yet; paint it, or export the segmentation instead.", "warning")]


def test_that_an_export_into_a_place_that_refuses_is_told(
    opened: Session, paint: Paint, told: list[tuple[str, str]], tmp_path: Path, qtbot: QtBot
) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    (tmp_path / "out").write_text("mine")
    ended(opened, qtbot, lambda: export(opened, tmp_path / "out"))
    assert told == [("out: a file of this name is in the way; choose another folder.", "error")]


def test_that_an_export_never_replaces_the_images(
    opened: Session, paint: Paint, images: list[Path], told: list[tuple[str, str]], qtbot: QtBot
) -> None:
    paint(opened, 40, 30, 40, 60, value=1)
    before = [path.read_bytes() for path in images]
    ended(opened, qtbot, lambda: export(opened, images[0].parent))
    assert told[0][1] == "error"
    assert "choose another folder" in told[0][0]
    assert [path.read_bytes() for path in images] == before


def test_that_segmentations_without_a_prediction_are_refused_with_one_sentence(
    opened: Session, told: list[tuple[str, str]], tmp_path: Path, qtbot: QtBot
) -> None:
    ended(opened, qtbot, lambda: export(opened, tmp_path / "out", "segmentation"))
    assert len(told) == 1
    assert "has not been predicted yet" in told[0][0]


def test_that_undo_takes_back_an_import_that_came_while_another_case_was_open(
    opened: Session, images: list[Path], paint: Paint, qtbot: QtBot
) -> None:
    paint(opened, 10, 10, 10, 60, value=0)
    painted = opened.labels.values.copy()
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.step_case(+1)
    ended(opened, qtbot, lambda: opened.import_masks(masks(images[:1])))
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        opened.step_case(-1)
    assert opened.labels.counts[UNLABELLED] == 0
    opened.annotation.undo()
    assert np.array_equal(opened.labels.values, painted)


def test_that_a_stroke_in_hand_does_not_wipe_out_an_import(opened: Session, images: list[Path], qtbot: QtBot) -> None:
    opened.annotation.set_active_class(0)
    opened.annotation.press(Pointer(40, 20))
    opened.annotation.move(Pointer(40, 40))
    ended(opened, qtbot, lambda: opened.import_masks(masks(images)[:1]))
    opened.annotation.cancel()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    assert opened.labels.counts[0] > 0
    assert opened.labels.counts[UNLABELLED] == 0
    assert np.array_equal(read_labels(opened.project_path, opened.case)[0].values, opened.labels.values)


def test_that_an_import_ends_with_its_project(opened: Session, images: list[Path], told: list[tuple[str, str]], qtbot: QtBot) -> None:
    folder = opened.project_path
    opened.import_masks(masks(images))
    opened.open_paths([folder])
    qtbot.waitUntil(lambda: opened.case is not None, timeout=10_000)
    qtbot.wait(200)
    assert not [text for text, level in told if level in ("warning", "error")]


def test_that_strokes_that_were_refused_come_before_an_import(
    opened: Session, images: list[Path], monkeypatch: pytest.MonkeyPatch, qtbot: QtBot
) -> None:
    opened.saver.flush()
    qtbot.waitUntil(lambda: not opened.saver.busy, timeout=10_000)
    second = opened.cases[1]
    stroke = Stroke(LabelMap.unlabelled(second.shape), 0, tool="brush")
    stroke.paint(Region((0, 10, 10), (1, 20, 60)), np.ones((1, 10, 50), np.bool_))
    edit = stroke.commit()
    with monkeypatch.context() as disk, pytest.raises(ProjectError):
        disk.setattr(durable.os, "write", refuse)
        opened.writer.append(second.id, Kind.EDIT, edit)  # painted until the first case was there
    ended(opened, qtbot, lambda: opened.import_masks(masks(images)[1:]))
    assert next(audit_trail(opened.writer.project.folder_of(second))).tool == "brush"
    labels = read_labels(opened.project_path, second)[0]
    assert (labels.counts[0], labels.counts[UNLABELLED]) == (500, 0)


@pytest.fixture
def sent(opened: Session, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    """What the worker was asked for, which is not there."""
    requests: list[Request] = []
    monkeypatch.setattr(opened.worker, "ask", requests.append)
    return requests


def tell(session: Session, sent: list[Request], event: CaseAveraged) -> None:
    """An answer to the request for averaged cases."""
    request = next(request for request in sent if isinstance(request, AverageCases))
    session.worker.event_received.emit(Answer(request.task, event))


def averaged(session: Session, folder: Path) -> None:
    session.export(folder, "segmentation", ["png"], [case.id for case in session.cases], False, False, averaged=True)


def test_that_averaged_masks_are_written_when_the_worker_has_made_them(
    opened: Session, sent: list[Request], told: list[tuple[str, str]], qtbot: QtBot, tmp_path: Path
) -> None:
    first, second = opened.cases
    averaged(opened, tmp_path / "out")
    assert isinstance(sent[-1], AverageCases) and set(sent[-1].cases) == {first.id, second.id}
    found = Prediction(first.shape, (0, 1))
    found.put(Region.whole(first.shape), np.stack([np.zeros(first.shape, np.uint8), np.full(first.shape, 255, np.uint8)]), "some")
    prediction_file.save(averaged_folder(opened.project_path, first.id), found)
    tell(opened, sent, CaseAveraged(first.id, 1, 2))
    ended(opened, qtbot, lambda: tell(opened, sent, CaseAveraged(second.id, 2, 2, "disc_1.png cannot be read.")))
    assert (read_mask(tmp_path / "out" / "disc_0.png")[0] == 1).all()
    assert told[0][0].startswith("disc_1.png cannot be read.")
    assert not averaged_folder(opened.project_path, first.id).exists()


@pytest.mark.parametrize("how", ["stopped", "failed", "died", "closed"])
def test_that_an_averaged_export_that_ends_early_says_so_and_writes_nothing(
    opened: Session, sent: list[Request], told: list[tuple[str, str]], qtbot: QtBot, tmp_path: Path, how: str
) -> None:
    averaged(opened, tmp_path / "out")
    ends: dict[str, Callable[[], None]] = {
        "stopped": opened.stop_work,
        "failed": lambda: opened.worker.event_received.emit(TaskEnded(sent[-1].task, "Nothing has been learnt yet.")),
        "died": lambda: opened.worker.event_received.emit(WorkerDied("The learner ended.")),
        "closed": opened.close_project,
    }
    ended(opened, qtbot, ends[how])
    assert "error" in [level for _, level in told]
    tell(opened, sent, CaseAveraged("any", 1, 1))  # too late
    assert not (tmp_path / "out").exists()


def test_that_an_averaged_export_of_nothing_but_trouble_says_why(
    opened: Session, sent: list[Request], told: list[tuple[str, str]], qtbot: QtBot, tmp_path: Path
) -> None:
    averaged(opened, tmp_path / "out")
    first, second = opened.cases
    tell(opened, sent, CaseAveraged(first.id, 1, 2, "disc_0.png cannot be read."))
    ended(opened, qtbot, lambda: tell(opened, sent, CaseAveraged(second.id, 2, 2, "disc_1.png cannot be read.")))
    assert told[-1] == ("disc_1.png cannot be read.", "error")
    assert not (tmp_path / "out").exists()
