"""Room on the disk: a warning in time, a reserve for when it is full, and what is known of network drives."""

import errno
import os
import shutil
from collections import namedtuple

import psutil
import pytest

from unetstudio.errors import ProjectError
from unetstudio.project import disk_reserve, durable, folders
from unetstudio.project.disk_space import free_bytes
from unetstudio.project.network_drive import is_on_network_drive
from unetstudio.project.record import Kind

Usage = namedtuple("Usage", "total used free")
Mount = namedtuple("Mount", "device mountpoint fstype opts")


@pytest.fixture
def free(monkeypatch):
    """Sets how many bytes the disk says are free."""
    return lambda number: monkeypatch.setattr(shutil, "disk_usage", lambda folder: Usage(10**12, 0, number))


@pytest.fixture
def full_disk(monkeypatch):
    """A disk on which nothing can be written while it is full: until a reserve is given up."""
    write, unlink = os.write, os.unlink
    state = {"full": True}

    def refuse(handle, data):
        if state["full"]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(handle, data)

    def remove(path):
        unlink(path)
        state["full"] = state["full"] and not str(path).endswith(disk_reserve.NAME)

    monkeypatch.setattr(durable.os, "write", refuse)
    monkeypatch.setattr(durable.os, "unlink", remove)
    return state


def test_that_the_reserve_takes_real_room_and_is_given_back_on_closing(project):
    project.hold_reserve()
    reserve = project.folder / disk_reserve.NAME
    found = reserve.stat()
    assert (found.st_size, found.st_mode & 0o777) == (disk_reserve.SIZE, 0o600)
    assert found.st_blocks * 512 >= disk_reserve.SIZE
    project.close()
    assert not reserve.exists()


def test_that_a_reserve_that_a_killed_program_left_half_made_is_made_anew(project):
    (project.folder / disk_reserve.NAME).write_bytes(b"half")
    project.hold_reserve()
    assert (project.folder / disk_reserve.NAME).stat().st_size == disk_reserve.SIZE


def test_that_a_reserve_is_not_made_where_it_would_fill_the_disk(project, free):
    free(2 * disk_reserve.SIZE)
    project.hold_reserve()
    assert not (project.folder / disk_reserve.NAME).exists()


def test_that_a_stroke_reaches_a_full_disk_through_the_reserve(project, case, paint, full_disk):
    project.hold_reserve()
    store = project.store(case)
    labels = store.load(case.shape).labels
    edit = paint(labels, 1)
    folders.make_folder(store.folder)
    assert store.append(Kind.EDIT, edit) == 1
    assert not (project.folder / disk_reserve.NAME).exists()
    assert (project.store(case).load(case.shape).labels.values == labels.values).all()


def test_that_a_full_disk_without_a_reserve_refuses_with_a_sentence(project, case, paint, full_disk):
    store = project.store(case)
    labels = store.load(case.shape).labels
    with pytest.raises(ProjectError, match=r"disk is full\. What was saved before is untouched"):
        store.append(Kind.EDIT, paint(labels, 1))


def test_that_the_reserve_comes_back_when_the_disk_has_room_again(project, free):
    project.hold_reserve()
    assert disk_reserve.release_reserve(project.folder / "cases" / "0123456789abcdef" / "strokes-0.journal")
    free(disk_reserve.SIZE)
    project.heartbeat()
    assert not (project.folder / disk_reserve.NAME).exists()
    free(10**10)
    project.heartbeat()
    assert (project.folder / disk_reserve.NAME).exists()


def test_that_a_project_read_only_makes_no_reserve(project):
    with type(project).open(project.folder, read_only=True) as reader:
        reader.hold_reserve()
    assert not (project.folder / disk_reserve.NAME).exists()


def test_that_little_room_is_told_with_the_folder_and_what_to_do(project, free):
    free(10**10)
    assert project.space_warning() == ""
    free(300_000_000)
    assert project.space_warning() == (
        "Only 300 MB are free on the disk of study.unetstudio: free some space soon, so that strokes can go on being saved."
    )


def test_that_large_labels_ask_for_more_room(project, case, free):
    folder = project.folder_of(case)
    folders.make_folder(folder)
    with (folder / "labels-1.h5").open("wb") as file:
        file.truncate(2 * 10**9)
    free(5 * 10**9)
    assert project.space_warning() == "" != project.space_warning(case.id)


@pytest.mark.parametrize(
    ("kind", "remote"), [("ext4", False), ("nfs4", True), ("cifs", True), ("fuse.sshfs", True), ("9p", True), ("overlay", False)]
)
def test_that_network_drives_are_known_by_their_file_system(tmp_path, monkeypatch, kind, remote):
    mounts = [Mount("disk", "/", "ext4", "rw"), Mount("server", str(tmp_path), kind, "rw"), Mount("x", str(tmp_path / "sub"), "nfs", "rw")]
    monkeypatch.setattr(psutil, "disk_partitions", lambda all: mounts)
    assert is_on_network_drive(tmp_path / "study.unetstudio") is remote


def test_that_this_disk_says_what_it_is(tmp_path):
    assert free_bytes(tmp_path) > 0
    assert free_bytes(tmp_path / "nowhere") is None
    assert is_on_network_drive(tmp_path) in (True, False)


@pytest.mark.parametrize("problem", [errno.EIO, errno.ENOSPC])
def test_that_after_a_flush_that_failed_the_file_counts_as_lost_and_strokes_go_on_in_a_new_one(project, case, paint, monkeypatch, problem):
    store = project.store(case)
    labels = store.load(case.shape).labels
    store.append(Kind.EDIT, paint(labels, 1))
    flush, refusals = os.fdatasync, [problem]

    def fail_once(handle):
        if refusals:
            raise OSError(refusals.pop(), "flush")
        flush(handle)

    monkeypatch.setattr(durable.os, "fdatasync", fail_once)
    edit = paint(labels, 2)
    with pytest.raises(ProjectError):
        store.append(Kind.EDIT, edit)
    assert store.append(Kind.EDIT, edit) == 2
    store.append(Kind.EDIT, paint(labels, 3))
    assert sorted(path.name for path in store.folder.glob("*.journal")) == ["strokes-0-1.journal", "strokes-0.journal"]
    again = project.store(case).load(case.shape)
    assert (again.sequence, again.recovered) == (3, None) and (again.labels.values == labels.values).all()
