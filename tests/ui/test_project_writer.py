"""What the disk thread does with the open project, in the order in which a hurried user asks for it."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.errors import ProjectError
from unetstudio.project import durable
from unetstudio.project.locate import default_folder
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.ui.session import Session
from unetstudio.workspace import recent
from unetstudio.workspace.intake import CaseRead, CaseRefused
from unetstudio.workspace.project_writer import OpenedProject, open_project
from unetstudio.workspace.take_in import take_in

Paint = Callable[..., None]


def refuse_writing_below(folder: Path, monkeypatch: pytest.MonkeyPatch, problem: int = errno.EROFS) -> None:
    """A read-only folder, as the system would answer; permissions alone do not bind an administrator."""
    real = os.open

    def guarded(path: str | Path, flags: int, mode: int = 0o777) -> int:
        place = Path(path)
        if flags & (os.O_WRONLY | os.O_CREAT) and place.parent == folder:
            raise OSError(problem, os.strerror(problem), str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(durable.os, "open", guarded)


def test_that_a_stroke_painted_while_the_next_case_is_being_read_is_kept(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    paint(opened, 10, 10, 10, 60, value=1)
    first = opened.case
    opened.step_case(+1)
    paint(opened, 30, 10, 30, 60, value=0)  # the first case is still on screen
    qtbot.waitUntil(lambda: opened.case.id != first.id, timeout=10_000)
    paint(opened, 50, 10, 50, 60, value=1)
    labels, sequence = read_labels(opened.project_path, first)
    assert sequence == 2
    assert labels.counts[0] > 0
    assert read_labels(opened.project_path, opened.case)[1] == 1


def test_that_a_thumbnail_that_was_deleted_is_made_again_when_its_case_is_opened(opened: Session, qtbot: QtBot) -> None:
    first = opened.case
    picture = opened.thumbnail(first.id)
    made = picture.read_bytes()
    picture.unlink()
    opened.step_case(+1)
    qtbot.waitUntil(lambda: opened.case.id != first.id, timeout=10_000)
    opened.step_case(-1)
    qtbot.waitUntil(lambda: opened.case.id == first.id, timeout=10_000)
    assert picture.read_bytes() == made


def test_that_strokes_between_hurried_steps_back_and_forth_are_kept(opened: Session, paint: Paint, qtbot: QtBot) -> None:
    first, second = opened.cases
    painted = {first.id: 0, second.id: 0}
    for number in range(6):
        opened.open_case((second, first)[number % 2].id)
        paint(opened, 6 + 5 * number, 10, 6 + 5 * number, 60, value=number % 2)
        painted[opened.case.id] += 1
    qtbot.waitUntil(lambda: opened.case.id == first.id and not opened.saver.busy, timeout=10_000)
    for case in (first, second):
        assert read_labels(opened.project_path, case)[1] == painted[case.id]
    assert np.array_equal(read_labels(opened.project_path, first)[0].values, opened.labels.values)


def test_that_a_folder_that_cannot_be_written_gets_its_project_in_the_documents(
    images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_writing_below(images[0].parent, monkeypatch)
    events = list(take_in(images, None, recent.documents()))
    opened = next(e for e in events if isinstance(e, OpenedProject))
    try:
        assert opened.writer.project.folder == recent.documents() / "images.unetstudio"
        assert sorted(p.name for p in images[0].parent.iterdir()) == ["disc_0.png", "disc_1.png"]
        assert sum(isinstance(e, CaseRead) for e in events) == 2
    finally:
        opened.writer.close()


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="/proc is a folder that not even an administrator may write to")
def test_that_a_really_read_only_folder_is_found_out(tmp_path: Path) -> None:
    assert default_folder([Path("/proc/cpuinfo")], tmp_path).parent == tmp_path


def test_that_a_project_on_a_read_only_disk_is_shown_and_says_why(opened: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = opened.project_path
    opened.shut_down()
    with monkeypatch.context() as disk:
        refuse_writing_below(folder, disk)
        shown = open_project(folder, recent.documents())
        assert shown.writer.project.read_only
        assert len(shown.notices) == 1
        assert "the disk is read-only. Copy the project" in shown.notices[0]
        assert shown.writer.open_case(shown.writer.project.cases[0]).labels.shape == (1, 80, 96)


def test_that_images_of_other_sizes_join_and_those_of_other_channels_are_refused(images: list[Path]) -> None:
    rng = np.random.default_rng(1)
    cv2.imwrite(str(images[0].with_name("large.png")), rng.integers(0, 255, (120, 40), np.uint8))
    cv2.imwrite(str(images[0].with_name("colour.png")), rng.integers(0, 255, (80, 96, 3), np.uint8))
    events = list(take_in([*images, *(images[0].with_name(n) for n in ("large.png", "colour.png"))], None, recent.documents()))
    next(e for e in events if isinstance(e, OpenedProject)).writer.close()
    assert [e.case.shape for e in events if isinstance(e, CaseRead)] == [(1, 80, 96), (1, 80, 96), (1, 120, 40)]
    (refused,) = [e for e in events if isinstance(e, CaseRefused)]
    assert refused.text == "colour.png has 3 channels, this project's images have 1; open it in a project of its own."


def test_that_a_project_whose_folder_was_moved_with_its_images_opens(opened: Session, paint: Paint, tmp_path: Path) -> None:
    paint(opened, 10, 10, 10, 60, value=1)
    opened.shut_down()
    shutil.move(tmp_path / "images", tmp_path / "elsewhere")
    moved = open_project(tmp_path / "elsewhere" / "images.unetstudio", recent.documents())
    try:
        found = moved.writer.open_case(moved.writer.project.cases[0])
        assert found.case.source.path.parent == tmp_path / "elsewhere"
        assert found.labels.counts[1] > 0
    finally:
        moved.writer.close()


def test_that_another_image_under_the_old_name_is_refused(opened: Session, images: list[Path]) -> None:
    folder = opened.project_path
    opened.shut_down()
    cv2.imwrite(str(images[0]), np.zeros((80, 96), np.uint8))
    again = open_project(folder, recent.documents())
    try:
        with pytest.raises(ProjectError, match=r"disc_0\.png"):
            again.writer.open_case(again.writer.project.cases[0])
        assert again.writer.open_case(again.writer.project.cases[1]).labels.shape == (1, 80, 96)
    finally:
        again.writer.close()


def test_that_a_project_of_a_newer_version_is_shown_and_not_painted(opened: Session, qtbot: QtBot, paint: Paint) -> None:
    import hashlib

    paint(opened, 10, 10, 10, 60, value=1)
    folder = opened.project_path
    opened.shut_down()
    text = (folder / "project.json").read_bytes()
    body = text[: text.rindex(b',\n"sha256": "')].replace(b'"version": 1', b'"version": 99', 1)
    (folder / "project.json").write_bytes(body + b',\n"sha256": "' + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n')
    before = {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    newer = Session()
    newer.start_worker = lambda: None  # type: ignore[method-assign]
    told: list[str] = []
    newer.notice.connect(lambda words, level: told.append(words))
    try:
        newer.open_paths([folder])
        qtbot.waitUntil(lambda: newer.case is not None, timeout=10_000)
        assert any("newer version" in words for words in told)
        drawn = newer.labels.values.copy()
        paint(newer, 30, 10, 30, 60, value=0)
        newer.add_class()
        assert np.array_equal(newer.labels.values, drawn)
    finally:
        newer.shut_down()
    assert {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_that_a_lock_is_given_back_on_closing(opened: Session) -> None:
    folder = opened.project_path
    opened.shut_down()
    with Project.open(folder) as again:
        assert not again.read_only
