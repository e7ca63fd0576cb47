"""On a network drive the newest strokes are kept on this computer too, and put back when the server lost them."""

from collections import namedtuple

import psutil
import pytest

from unetstudio.project import store
from unetstudio.project.journal import Kind
from unetstudio.project.project import Project
from unetstudio.project.second_copy import second_copy
from unetstudio.workspace.open_project import open_project
from unetstudio.workspace.project_writer import ProjectWriter

Mount = namedtuple("Mount", "device mountpoint fstype opts")


@pytest.fixture
def network_drive(project, monkeypatch):
    """The project's folder, as if it were another computer's."""
    mounts = [Mount("disk", "/", "ext4", "rw"), Mount("server:/study", str(project.folder), "nfs4", "rw")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    return project.folder


@pytest.fixture
def writer(project, case, tmp_path, network_drive):
    """With the case open."""
    writer = ProjectWriter(project, tmp_path / "documents")
    writer._kept = {case.id: (project.store(case), project.store(case).load(case.shape).labels)}
    writer._kept[case.id][0].load(case.shape)
    return writer


def values(project, case):
    return project.store(case).load(case.shape).labels.values.tobytes()


def paint_some(writer, case, paint, numbers):
    labels = writer.project.store(case).load(case.shape).labels
    for number in numbers:
        writer.append(case.id, Kind.EDIT, paint(labels, number))


def test_that_strokes_that_the_server_lost_are_put_back(writer, project, case, paint, network_drive, tmp_path):
    paint_some(writer, case, paint, range(1, 4))
    journal = project.folder_of(case) / "strokes-0.journal"
    kept = journal.read_bytes()
    paint_some(writer, case, paint, range(4, 7))
    whole = values(project, case)
    writer.close()
    journal.write_bytes(kept)  # the server comes back as it was after three strokes
    with Project.open(network_drive) as opened:
        again, found = ProjectWriter(opened, tmp_path / "documents"), opened.store(case)
        labels = found.load(case.shape).labels
        assert labels.values.tobytes() != whole
        back = again._copy.put_back(found, case.id, labels.apply)
        assert (len(back), labels.values.tobytes(), values(opened, case)) == (3, whole, whole)
        assert again._copy.put_back(found, case.id, labels.apply) == []


def test_that_strokes_that_the_server_lost_from_the_first_are_put_back(writer, project, case, paint, network_drive, tmp_path):
    paint_some(writer, case, paint, range(1, 4))
    whole = values(project, case)
    writer.close()
    (project.folder_of(case) / "strokes-0.journal").unlink()
    with Project.open(network_drive) as opened:
        found = opened.store(case)
        labels = found.load(case.shape).labels
        assert len(ProjectWriter(opened, tmp_path / "documents")._copy.put_back(found, case.id, labels.apply)) == 3
        assert values(opened, case) == whole


def test_that_what_somebody_else_painted_meanwhile_is_not_painted_over(writer, project, case, paint, network_drive, tmp_path):
    paint_some(writer, case, paint, range(1, 4))
    writer.close()
    (project.folder_of(case) / "strokes-0.journal").unlink()
    with Project.open(network_drive) as theirs:
        other = theirs.store(case)
        labels = other.load(case.shape).labels
        other.append(Kind.EDIT, paint(labels, 50))
        expected = labels.values.tobytes()
    with Project.open(network_drive) as opened:
        found = opened.store(case)
        labels = found.load(case.shape).labels
        assert ProjectWriter(opened, tmp_path / "documents")._copy.put_back(found, case.id, labels.apply) == []
        assert values(opened, case) == expected


def test_that_nothing_is_kept_here_once_it_is_in_a_generation(writer, project, case, paint, monkeypatch):
    monkeypatch.setattr(store, "STROKES", 3)
    paint_some(writer, case, paint, range(1, 3))
    assert len(writer._copy.lost(case.id, 0, bytes(32))) == 2
    paint_some(writer, case, paint, range(3, 4))
    assert writer._copy.lost(case.id, 0, bytes(32)) == []


def test_that_the_user_hears_of_a_network_drive_once(project, network_drive, tmp_path):
    project.close()
    first = open_project(network_drive, tmp_path / "documents")
    first.writer.close()
    again = open_project(network_drive, tmp_path / "documents")
    again.writer.close()
    assert "lies on a network drive" in " ".join(first.notices) and again.notices == ()


def test_that_a_project_on_this_computer_has_no_second_copy(project, tmp_path):
    assert second_copy(project, tmp_path) is None


def test_that_a_full_disk_here_costs_the_second_copy_alone(writer, project, case, paint, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(writer._copy, "_folder", tmp_path / "file" / "state")
    paint_some(writer, case, paint, range(1, 3))
    assert project.store(case).load(case.shape).sequence == 2


def test_that_an_import_into_a_case_that_is_not_open_is_kept_here_too(project, case, paint, network_drive, tmp_path):
    writer = ProjectWriter(project, tmp_path / "documents")
    labels = project.store(case).load(case.shape).labels
    writer.change_closed_case(case, lambda _: paint(labels, 1))
    assert len(writer._copy.lost(case.id, 0, bytes(32))) == 1
