"""On a network drive the newest strokes are kept on this computer too, and put back when the server lost them."""

from collections import namedtuple

import psutil
import pytest

from unetstudio.errors import ProjectError
from unetstudio.project import store
from unetstudio.project.local_journal import LocalJournal
from unetstudio.project.lock import Lock
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.rescue import FOLDER, Rescue, Rescued
from unetstudio.project.store import LabelStore
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
    writer._opened = {case.id: (project.store(case), project.store(case).load(case.shape).labels)}
    writer._opened[case.id][0].load(case.shape)
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
        back = again._local.restore(found, case.id, (), labels.apply)
        assert (len(back), labels.values.tobytes(), values(opened, case)) == (3, whole, whole)
        assert again._local.restore(found, case.id, (), labels.apply) == []


def test_that_strokes_that_the_server_lost_from_the_first_are_put_back(writer, project, case, paint, network_drive, tmp_path):
    paint_some(writer, case, paint, range(1, 4))
    whole = values(project, case)
    writer.close()
    (project.folder_of(case) / "strokes-0.journal").unlink()
    with Project.open(network_drive) as opened:
        found = opened.store(case)
        labels = found.load(case.shape).labels
        assert len(ProjectWriter(opened, tmp_path / "documents")._local.restore(found, case.id, (), labels.apply)) == 3
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
        assert ProjectWriter(opened, tmp_path / "documents")._local.restore(found, case.id, (), labels.apply) == []
        assert values(opened, case) == expected


def test_that_nothing_is_kept_here_once_it_is_in_a_generation(writer, project, case, paint, monkeypatch):
    monkeypatch.setattr(store, "STROKES", 3)
    paint_some(writer, case, paint, range(1, 3))
    assert len(writer._local.lost(case.id, 0, bytes(32))) == 2
    paint_some(writer, case, paint, range(3, 4))
    assert writer._local.lost(case.id, 0, bytes(32)) == []


def test_that_the_user_hears_of_a_network_drive_once(project, network_drive, tmp_path):
    project.close()
    first = open_project(network_drive, tmp_path / "documents")
    first.writer.close()
    again = open_project(network_drive, tmp_path / "documents")
    again.writer.close()
    assert "lies on a network drive" in " ".join(first.notices) and again.notices == ()


def test_that_a_project_on_this_computer_is_not_mirrored(project, case, paint, tmp_path):
    local = LocalJournal(project, state=tmp_path / "state", places=[tmp_path / "documents"])
    local.mirror(case.id, Kind.EDIT, paint(project.store(case).load(case.shape).labels, 1), 1, bytes(32))
    assert local.notice() == "" and not (tmp_path / "state").exists()


def test_that_strokes_that_the_disk_refused_come_back_once_and_in_order(project, case, paint, tmp_path):
    local = LocalJournal(project, state=tmp_path / "state", places=[tmp_path / "documents"])
    labels = project.store(case).load(case.shape).labels
    changes = [Rescued(case.id, Kind.EDIT, paint(labels, number), f"id {number}") for number in range(1, 4)]
    local.rescue.keep(changes[:2])
    local.rescue.keep(changes)  # the first two are there already
    assert sorted(path.name for path in (tmp_path / "documents").rglob("*.journal")) == [f"{case.id}-1.journal", f"{case.id}-2.journal"]
    store = project.store(case)
    again = store.load(case.shape).labels
    assert len(local.restore(store, case.id, (), again.apply)) == 3
    assert again.values.tobytes() == values(project, case) == labels.values.tobytes()
    assert local.restore(store, case.id, (), again.apply) == []
    assert not list((tmp_path / "documents").rglob("*.journal"))


def test_that_what_was_put_back_before_a_second_refusal_does_not_come_back_twice(project, case, paint, tmp_path):
    local = LocalJournal(project, state=tmp_path / "state", places=[tmp_path / "documents"])
    labels = project.store(case).load(case.shape).labels
    local.rescue.keep(Rescued(case.id, Kind.EDIT, paint(labels, number), f"id {number}") for number in range(1, 4))
    lock = tmp_path / "lock"
    lock.write_bytes(b"mine")
    refusing = LabelStore(project.folder_of(case), lock=Lock(lock, b"mine"))
    refusing.load(case.shape)
    with pytest.raises(ProjectError, match="in use by another program"):
        local.restore(refusing, case.id, (), lambda edit: lock.write_bytes(b"another's"))  # after the first change nothing more is written
    store = project.store(case)
    again = store.load(case.shape).labels
    assert store.sequence == 1
    assert len(local.restore(store, case.id, (), again.apply)) == 2
    assert (store.sequence, again.values.tobytes()) == (3, labels.values.tobytes())


def test_that_nothing_is_put_back_into_a_project_opened_for_reading(project, case, paint, tmp_path):
    labels = project.store(case).load(case.shape).labels
    places = {"state": tmp_path / "state", "places": [tmp_path / "documents"]}
    LocalJournal(project, **places).rescue.keep([Rescued(case.id, Kind.EDIT, paint(labels, 1), "id")])
    with Project.open(project.folder, read_only=True) as reader:
        store = reader.store(case)
        again = store.load(case.shape).labels
        assert LocalJournal(reader, **places).restore(store, case.id, (), again.apply) == []
    assert len(list((tmp_path / "documents").rglob("*.journal"))) == 1


def test_that_a_full_disk_here_costs_the_mirror_alone(writer, project, case, paint, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setattr(writer._local, "_mirror", tmp_path / "file" / "state")
    paint_some(writer, case, paint, range(1, 3))
    assert project.store(case).load(case.shape).sequence == 2


def test_that_an_import_into_a_case_that_is_not_open_is_kept_here_too(project, case, paint, network_drive, tmp_path):
    writer = ProjectWriter(project, tmp_path / "documents")
    labels = project.store(case).load(case.shape).labels
    writer.change_closed_case(case, lambda _: paint(labels, 1))
    assert len(writer._local.lost(case.id, 0, bytes(32))) == 1


def test_that_strokes_are_rescued_to_the_first_place_that_takes_them(case, paint, project, tmp_path):
    (tmp_path / "file").write_text("no folder can be made in it")
    labels = project.store(case).load(case.shape).labels
    rescue = Rescue("uuid", [tmp_path / "file", tmp_path / "stick"])
    assert rescue.keep([Rescued(case.id, Kind.EDIT, paint(labels, 1), "id")]) == tmp_path / "stick" / FOLDER
    with pytest.raises(ProjectError):
        Rescue("uuid", [tmp_path / "file"]).keep([Rescued(case.id, Kind.EDIT, paint(labels, 2), "id")])


def test_that_a_rescued_stroke_that_the_project_has_by_now_does_not_come_back(project, case, paint, tmp_path):
    writer = ProjectWriter(project, tmp_path / "documents")
    labels = project.store(case).load(case.shape).labels
    for number in (1, 2):
        writer.queue(case.id, Kind.EDIT, paint(labels, number))
    place = writer.rescue()
    kept = {path: path.read_bytes() for path in place.rglob("*.journal")}
    assert kept
    writer.retry()
    assert not list(place.rglob("*.journal"))
    for path, data in kept.items():  # as after a crash between saving and deleting
        path.write_bytes(data)
    store = project.store(case)
    loaded = store.load(case.shape)
    assert writer._local.restore(store, case.id, loaded.history, loaded.labels.apply) == []
    assert (store.sequence, list(place.rglob("*.journal"))) == (2, [])
