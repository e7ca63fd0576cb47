"""Files appear whole or not at all, whatever call fails."""

import errno
import os
import sys
from pathlib import Path

import pytest

from unetstudio.data.prediction import Prediction
from unetstudio.errors import ProjectError
from unetstudio.project import durable, folders, prediction_file
from unetstudio.project.file_reading import read_bytes
from unetstudio.project.os_errors import MissingError


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


OLD, NEW = b"old" * 1000, b"new!" * 3000


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir())) if sys.platform == "linux" else 0


def test_that_a_written_file_is_whole_and_for_this_user_only(tmp_path):
    folders.make_folder(tmp_path / "a" / "b")
    path = tmp_path / "a" / "b" / "file"
    durable.write_bytes(path, NEW)
    assert read_bytes(path) == NEW
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert names(path.parent) == ["file"]


def test_that_a_folder_that_is_gone_is_not_made_again_for_what_would_lie_in_it(tmp_path):
    project = tmp_path / "a.unetstudio"
    with pytest.raises(MissingError, match="it is gone"):
        folders.make_folder(project / "cases" / "0123", within=project)
    assert not project.exists()
    project.mkdir()
    folders.make_folder(project / "cases" / "0123", within=project)
    assert (project / "cases" / "0123").is_dir()


def test_that_what_another_is_writing_is_not_swept_away(tmp_path):
    for name in (".labels-3.h5.0123.tmp", ".strokes-0.journal.torn.0123.tmp", ".prediction.h5.0123.tmp", "labels-3.h5"):
        (tmp_path / name).write_bytes(b"half")
    folders.remove_temporary_files(tmp_path, "labels-", "strokes-")
    assert names(tmp_path) == [".prediction.h5.0123.tmp", "labels-3.h5"]
    folders.remove_temporary_files(tmp_path)
    assert names(tmp_path) == ["labels-3.h5"]


def test_that_a_disk_that_takes_few_bytes_at_a_time_gets_all_of_them(tmp_path, failing_disk):
    failing_disk(short=7)
    durable.write_bytes(tmp_path / "file", NEW)
    durable.append(tmp_path / "journal", NEW)
    assert (tmp_path / "file").read_bytes() == (tmp_path / "journal").read_bytes() == NEW


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EIO, errno.EACCES, errno.EROFS])
def test_that_a_replacement_that_fails_at_any_call_leaves_the_old_file_or_the_new_one(tmp_path, failing_disk, error):
    path, before = tmp_path / "file", descriptors()
    path.write_bytes(OLD)
    for number in range(1, 100):
        disk = failing_disk(number, error)
        try:
            durable.write_bytes(path, NEW, replace=True)
        except ProjectError as refusal:
            assert refusal.path == path and str(refusal).startswith("file: could not be saved")
        finally:
            failing_disk()
        assert path.read_bytes() in (OLD, NEW)
        assert descriptors() == before
        folders.remove_temporary_files(tmp_path)
        assert names(tmp_path) == ["file"]
        if not disk.failed:
            break
        path.write_bytes(OLD)
    assert 8 < number < 99 and path.read_bytes() == NEW


def test_that_a_full_disk_leaves_no_temporary_file(tmp_path, failing_disk):
    for number in range(1, 6):
        failing_disk(number, stays=True)
        with pytest.raises(ProjectError, match="the disk is full"):
            durable.write_bytes(tmp_path / "file", NEW)
    assert names(tmp_path) == []


def test_that_an_append_that_fails_at_any_call_leaves_a_file_that_begins_with_the_old_bytes(tmp_path, failing_disk):
    path, before = tmp_path / "journal", descriptors()
    for number in range(1, 30):
        path.write_bytes(OLD)
        disk = failing_disk(number)
        try:
            length = durable.append(path, NEW, at=len(OLD))
        except ProjectError:
            assert path.read_bytes() in (OLD, OLD + NEW)
        else:
            assert (length, path.read_bytes()) == (len(OLD + NEW), OLD + NEW)
        finally:
            failing_disk()
        assert descriptors() == before
        if not disk.failed:
            break
    assert 3 < number < 29


def test_that_a_short_write_before_the_disk_is_full_is_taken_back(tmp_path, failing_disk):
    durable.append(tmp_path / "journal", OLD)
    failing_disk(5, short=100)
    with pytest.raises(ProjectError, match="disk is full"):
        durable.append(tmp_path / "journal", NEW)
    assert (tmp_path / "journal").read_bytes() == OLD


def test_that_nothing_is_appended_to_a_file_that_another_program_changed(tmp_path):
    durable.append(tmp_path / "journal", OLD, at=0)
    with pytest.raises(ProjectError, match="changed by another program"):
        durable.append(tmp_path / "journal", NEW, at=len(OLD) - 1)
    with pytest.raises(ProjectError):
        durable.append(tmp_path / "journal", NEW, at=0)
    assert (tmp_path / "journal").read_bytes() == OLD


def test_that_a_file_is_never_written_over_unless_asked(tmp_path):
    durable.write_bytes(tmp_path / "file", OLD)
    with pytest.raises(ProjectError, match="never written over"):
        durable.write_bytes(tmp_path / "file", NEW)
    assert names(tmp_path) == ["file"] and (tmp_path / "file").read_bytes() == OLD


def test_that_a_disk_that_gives_back_other_bytes_is_found_out(tmp_path, monkeypatch):
    write = os.write
    monkeypatch.setattr(durable.os, "write", lambda handle, data: write(handle, b"\0" * len(data)))
    with pytest.raises(ProjectError, match="other bytes than were written"):
        durable.write_bytes(tmp_path / "file", NEW)
    monkeypatch.undo()
    assert names(tmp_path) == []


def test_that_a_file_held_by_another_program_is_tried_again(tmp_path, monkeypatch):
    refusals = [5, 32, 32]
    replace = os.replace

    def busy(source: Path, target: Path) -> None:
        if refusals:
            error = PermissionError(errno.EACCES, "sharing violation")
            error.winerror = refusals.pop()  # type: ignore[attr-defined]
            raise error
        replace(source, target)

    monkeypatch.setattr(durable.os, "replace", busy)
    durable.write_bytes(tmp_path / "file", NEW, replace=True)
    assert (tmp_path / "file").read_bytes() == NEW


def test_that_only_one_of_two_gets_a_file_written_once(tmp_path):
    assert durable.write_once(tmp_path / "lock", b"mine") is not None
    assert durable.write_once(tmp_path / "lock", b"yours") is None
    assert (tmp_path / "lock").read_bytes() == b"mine"


@pytest.mark.parametrize(("number", "winerror"), [(errno.ENOTSUP, None), (errno.EINVAL, 1), (errno.EINVAL, 50)])
def test_that_a_file_is_written_once_where_the_disk_knows_no_links(tmp_path, monkeypatch, number, winerror):
    def no_links(source: Path, target: Path) -> None:
        error = OSError(number, "no links here")
        error.winerror = winerror  # type: ignore[attr-defined]
        raise error

    monkeypatch.setattr(durable.os, "link", no_links)
    assert durable.write_once(tmp_path / "lock", b"mine") is not None
    assert durable.write_once(tmp_path / "lock", b"yours") is None
    assert (tmp_path / "lock").read_bytes() == b"mine"


def test_that_a_missing_file_is_told_apart_from_one_that_cannot_be_read(tmp_path, failing_disk):
    with pytest.raises(MissingError):
        read_bytes(tmp_path / "none")
    (tmp_path / "file").write_bytes(OLD)
    failing_disk(2, errno.EIO)
    with pytest.raises(ProjectError, match=r"file: could not be read: the disk reports a fault") as refusal:
        read_bytes(tmp_path / "file")
    assert not isinstance(refusal.value, MissingError)


def test_that_opening_a_case_leaves_a_prediction_in_the_making_alone(project, case):
    folder = project.folder_of(case)
    folders.make_folder(folder)
    (folder / ".prediction.h5.0123.tmp").write_bytes(b"half")
    project.store(case).load(case.shape)
    assert names(folder) == [".prediction.h5.0123.tmp"]
    prediction = Prediction(case.shape, (0, 1), "checkpoint")
    prediction_file.save(folder, prediction)
    assert names(folder) == [prediction_file.NAME]
