"""Reading and writing the open project: refused writes, recovery, and the files on the disk."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from unetstudio.data.case import ReviewState
from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.origin import Origin
from unetstudio.errors import ProjectError
from unetstudio.project import durable
from unetstudio.project.audit import audit_trail
from unetstudio.project.locate import default_folder
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.relocate import copy_files
from unetstudio.project.store import read_labels
from unetstudio.workspace.add_images import CaseRead, CaseRefused, open_images
from unetstudio.workspace.open_project import OpenProject, open_project
from unetstudio.workspace.user_folders import documents

MakeStroke = Callable[..., Edit]


def refuse_writing_below(folder: Path, monkeypatch: pytest.MonkeyPatch, problem: int = errno.EROFS) -> None:
    """Make a folder read-only, as the system would; permissions alone do not bind an administrator."""
    real = os.open

    def guarded(path: str | Path, flags: int, mode: int = 0o777) -> int:
        place = Path(path)
        if flags & (os.O_WRONLY | os.O_CREAT) and place.parent == folder:
            raise OSError(problem, os.strerror(problem), str(path))
        return real(path, flags, mode)

    monkeypatch.setattr(durable.os, "open", guarded)


def refuse(handle: int, data: bytes) -> int:
    """Refuse to write, like a disk without room."""
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def paint(project: OpenProject, number: int, edit: Callable[..., Edit]) -> None:
    """Open a case and store a stroke of it."""
    loaded = project.writer.open_case(project.cases.all[number])
    project.writer.append(loaded.case.id, Kind.EDIT, edit(loaded.labels, 10))


def test_that_a_thumbnail_that_was_deleted_is_made_again_when_its_case_is_opened(project: OpenProject) -> None:
    case = project.cases.all[0]
    picture = project.thumbnail(case.id)
    made = picture.read_bytes()
    picture.unlink()
    project.writer.open_case(case)
    assert picture.read_bytes() == made


def test_that_a_case_that_can_be_painted_is_listed_on_the_disk(project: OpenProject) -> None:
    first = project.cases.all[0]
    added = project.cases.add(replace(first, id="0" * 16, sha256="1" * 64))
    assert added is not None
    project.writer.open_case(first)
    with Project.open(project.path, read_only=True) as stored:
        assert stored.cases == project.cases.all


def test_that_what_waits_is_stored_in_its_order(project: OpenProject, stroke: MakeStroke, monkeypatch: pytest.MonkeyPatch) -> None:
    case = project.cases.all[0]
    labels = project.writer.open_case(case).labels
    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "write", refuse)
        for row, value in ((10, 1), (10, 0)):
            with pytest.raises(ProjectError):
                project.writer.append(case.id, Kind.EDIT, stroke(labels, row, value))
        assert project.writer.waiting == 2
    project.writer.retry()
    assert np.array_equal(read_labels(project.path, case)[0].values, labels.values)


def test_that_a_note_of_a_case_that_left_the_list_is_stored(project: OpenProject) -> None:
    case = project.cases.all[1]
    project.cases.review(case.id, ReviewState.ACCEPTED)
    project.cases.remove(case.id)
    project.writer.note(case, {"event": "accepted"})
    assert [line.event for line in audit_trail(project.writer.project.folder_of(case))] == ["accepted"]


def imported(labels: LabelMap) -> Edit | None:
    """An Edit that gives every labelled voxel the first class."""
    return labels.change(labels.values == 1, np.zeros(labels.shape, np.uint8), Origin.IMPORTED, "import")


def test_that_an_edit_of_a_closed_case_is_made_from_its_labels_on_the_disk(project: OpenProject, stroke: MakeStroke) -> None:
    paint(project, 1, stroke)
    project.writer.open_case(project.cases.all[0])
    case = project.cases.all[1]
    change = project.writer.change_closed_case(case, imported)
    assert change.edit is not None and change.sequence == 2
    assert (change.labels.counts[0], change.labels.counts[1]) == (200, 0)
    assert project.writer.change_closed_case(case, imported).edit is None
    assert read_labels(project.path, case)[1] == 2


def test_that_what_is_changed_while_the_project_moves_is_kept(project: OpenProject, tmp_path: Path) -> None:
    target = tmp_path / "other.unetstudio"
    for _ in copy_files(project.path, target):
        pass
    project.classes.rename(1, "Nucleus")
    project.writer.move_to(target)
    assert project.path == target
    project.classes.rename(0, "Ground")
    project.writer.retry()
    with Project.open(target, read_only=True) as stored:
        assert [found.name for found in stored.classes] == ["Ground", "Nucleus"]


def test_that_a_change_made_while_the_copy_is_opened_is_kept(project: OpenProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, real = tmp_path / "other.unetstudio", os.open
    for _ in copy_files(project.path, target):
        pass

    def renaming(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if Path(path).parent == target and Path(path).name.startswith(".lock"):  # written after the copy's project.json
            project.classes.rename(1, "Nucleus")
        return real(path, flags, mode)

    with monkeypatch.context() as window:
        window.setattr(durable.os, "open", renaming)
        project.writer.move_to(target)
    assert project.classes.table[1].name == "Nucleus"
    with Project.open(target, read_only=True) as stored:
        assert stored.classes[1].name == "Nucleus"


def test_that_a_move_that_is_refused_leaves_the_project_where_it_was(
    project: OpenProject, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, target = project.path, tmp_path / "other.unetstudio"
    for _ in copy_files(folder, target):
        pass
    project.classes.rename(1, "Nucleus")
    with monkeypatch.context() as disk, pytest.raises(ProjectError):
        refuse_writing_below(target, disk, errno.ENOSPC)
        project.writer.move_to(target)
    assert project.path == folder
    project.writer.retry()
    with Project.open(folder, read_only=True) as stored:
        assert stored.classes[1].name == "Nucleus"


def test_that_strokes_stored_in_the_copy_keep_the_typed_name(project: OpenProject, stroke: MakeStroke, tmp_path: Path) -> None:
    target = tmp_path / "other.unetstudio"
    for _ in copy_files(project.path, target):
        pass
    project.writer.set_author("Dr. Grey")
    project.writer.move_to(target)
    paint(project, 0, stroke)
    assert [line.author for line in audit_trail(project.writer.project.folder_of(project.cases.all[0]))] == ["Dr. Grey"]


def test_that_settings_of_a_project_that_was_lost_are_refused_and_its_cases_can_be_looked_at(project: OpenProject) -> None:
    (project.path / "lock").write_bytes(b'{"somebody": "else"}')
    with pytest.raises(ProjectError, match="in use by another program"):
        project.writer.beat()
    project.classes.rename(1, "Nucleus")
    for save in (project.writer.retry, project.writer.beat):
        with pytest.raises(ProjectError, match="in use by another program"):
            save()
    assert project.writer.open_case(project.cases.all[1]).case == project.cases.all[1]


def test_that_strokes_wait_on_when_the_new_disk_is_full_after_it_took_them(
    project: OpenProject, stroke: MakeStroke, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, old, target, real = project.cases.all[0], project.path, tmp_path / "other.unetstudio", os.open
    for _ in copy_files(old, target):
        pass
    labels = project.writer.open_case(case).labels
    locked: list[Path] = []

    def guarded(path: str | Path, flags: int, mode: int = 0o777) -> int:
        place = Path(path)
        if place.parent == target and place.name.startswith(".lock"):
            locked.append(place)
            project.classes.rename(1, "Nucleus")
        late = place.parent == target and place.name.startswith(".project.json") and locked
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) and (late or old in place.parents):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        return real(path, flags, mode)

    with monkeypatch.context() as disk:
        disk.setattr(durable.os, "open", guarded)
        with pytest.raises(ProjectError, match="full"):
            project.writer.append(case.id, Kind.EDIT, stroke(labels, 10))
        with pytest.raises(ProjectError, match="full"):
            project.writer.move_to(target)
    assert (project.path, project.writer.waiting, len(locked)) == (old, 1, 1)
    project.writer.retry()
    assert read_labels(old, case)[1] == 1
    with Project.open(old, read_only=True) as stored:
        assert stored.classes[1].name == "Nucleus"


def test_that_a_folder_that_cannot_be_written_gets_its_project_in_the_documents(
    images: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    refuse_writing_below(images[0].parent, monkeypatch)
    events = list(open_images(images, None, documents()))
    opened = next(e for e in events if isinstance(e, OpenProject))
    try:
        assert opened.path == documents() / "images.unetstudio"
        assert sorted(p.name for p in images[0].parent.iterdir()) == ["disc_0.png", "disc_1.png"]
        assert sum(isinstance(e, CaseRead) for e in events) == 2
    finally:
        opened.close()


@pytest.mark.skipif(not Path("/proc/self").is_dir(), reason="/proc is a folder that not even an administrator may write to")
def test_that_a_really_read_only_folder_is_found_out(tmp_path: Path) -> None:
    assert default_folder([Path("/proc/cpuinfo")], tmp_path).parent == tmp_path


def test_that_a_project_on_a_read_only_disk_is_shown_and_says_why(project: OpenProject, monkeypatch: pytest.MonkeyPatch) -> None:
    project.close()
    with monkeypatch.context() as disk:
        refuse_writing_below(project.path, disk)
        shown = open_project(project.path, documents())
        assert shown.read_only
        assert len(shown.notices) == 1
        assert "the disk is read-only. Copy the project" in shown.notices[0]
        assert shown.writer.open_case(shown.cases.all[0]).labels.shape == (1, 80, 96)


def test_that_changes_of_a_project_open_for_reading_reach_no_disk(project: OpenProject) -> None:
    before = (project.path / "project.json").read_bytes()
    shown = open_project(project.path, documents(), read_only=True)
    shown.enter(shown.writer.open_case(shown.cases.all[1]))
    shown.writer.open_case(shown.cases.all[0])
    shown.close()
    assert (project.path / "project.json").read_bytes() == before


def test_that_images_of_other_sizes_join_and_those_of_other_channels_are_refused(images: list[Path]) -> None:
    rng = np.random.default_rng(1)
    cv2.imwrite(str(images[0].with_name("large.png")), rng.integers(0, 255, (120, 40), np.uint8))
    cv2.imwrite(str(images[0].with_name("colour.png")), rng.integers(0, 255, (80, 96, 3), np.uint8))
    events = list(open_images([*images, *(images[0].with_name(n) for n in ("large.png", "colour.png"))], None, documents()))
    next(e for e in events if isinstance(e, OpenProject)).close()
    assert [e.case.shape for e in events if isinstance(e, CaseRead)] == [(1, 80, 96), (1, 80, 96), (1, 120, 40)]
    (refused,) = [e for e in events if isinstance(e, CaseRefused)]
    assert refused.text == "colour has 3 channels and this project's images have 1 channel; open it in a project of its own."


def test_that_a_project_whose_folder_was_moved_with_its_images_opens(project: OpenProject, stroke: MakeStroke, tmp_path: Path) -> None:
    paint(project, 0, stroke)
    project.close()
    shutil.move(tmp_path / "images", tmp_path / "elsewhere")
    with open_project(tmp_path / "elsewhere" / "images.unetstudio", documents()) as moved:
        loaded = moved.writer.open_case(moved.cases.all[0])
        assert loaded.case.source.path.parent == tmp_path / "elsewhere"
        assert loaded.labels.counts[1] > 0


def test_that_another_image_under_the_old_name_is_refused(project: OpenProject, images: list[Path]) -> None:
    cv2.imwrite(str(images[0]), np.zeros((80, 96), np.uint8))
    with pytest.raises(ProjectError, match=r"disc_0\.png"):
        project.writer.open_case(project.cases.all[0])
    assert project.writer.open_case(project.cases.all[1]).labels.shape == (1, 80, 96)


def test_that_a_project_of_a_newer_version_is_shown_and_stays_as_it_is(project: OpenProject, stroke: MakeStroke) -> None:
    paint(project, 0, stroke)
    project.close()
    folder = project.path
    text = (folder / "project.json").read_bytes()
    body = text[: text.rindex(b',\n"sha256": "')].replace(b'"version": 1', b'"version": 99', 1)
    (folder / "project.json").write_bytes(body + b',\n"sha256": "' + hashlib.sha256(body).hexdigest().encode() + b'"\n}\n')
    before = {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    newer = open_project(folder, documents())
    assert newer.read_only
    assert any("newer version" in sentence for sentence in newer.notices)
    newer.writer.open_case(newer.cases.all[0])
    newer.close()
    assert {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


def test_that_a_lock_is_given_back_on_closing(project: OpenProject) -> None:
    project.close()
    with Project.open(project.path) as again:
        assert not again.read_only
