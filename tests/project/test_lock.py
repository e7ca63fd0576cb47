"""One writer at a time; the dead do not hold a lock."""

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from unetstudio.errors import ProjectError
from unetstudio.project import lock as locks
from unetstudio.project.lock import Lock, LockHolder, acquire

OPENER = """
import sys
from pathlib import Path
from unetstudio.project.lock import acquire

print(type(acquire(Path(sys.argv[1]))).__name__, flush=True)
sys.stdin.read()
"""


def names(folder: Path) -> list[str]:
    """What lies in a folder."""
    return sorted(path.name for path in folder.iterdir())


def written(folder, **changes):
    """A lock file as another process left it."""
    ours = acquire(folder)
    content = {**json.loads((folder / "lock").read_bytes()), **changes}
    ours.release()
    (folder / "lock").write_text(json.dumps(content))
    return folder / "lock"


def aged(path, seconds):
    os.utime(path, (time.time() - seconds, time.time() - seconds))


def test_that_a_second_window_is_told_who_has_the_project(tmp_path):
    first, second = acquire(tmp_path), acquire(tmp_path)
    assert isinstance(first, Lock) and isinstance(second, LockHolder)
    assert "another window on this computer" in second.message and "reading only" in second.message
    first.release()
    assert isinstance(acquire(tmp_path), Lock)


def test_that_the_lock_of_a_dead_process_is_taken_over(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    written(tmp_path, pid=gone.pid)
    assert isinstance(acquire(tmp_path), Lock) and names(tmp_path) == ["lock"]


def test_that_a_lock_from_another_computer_holds_while_its_heart_beats(tmp_path):
    path = written(tmp_path, host="elsewhere")
    aged(path, locks.STALE - 30)
    assert isinstance(acquire(tmp_path), LockHolder)
    aged(path, locks.STALE + 30)
    assert isinstance(acquire(tmp_path), Lock)


def test_that_another_process_of_the_same_number_is_not_taken_for_the_holder_for_ever(tmp_path):
    path = written(tmp_path, started=1.0, ticks=0)
    assert isinstance(acquire(tmp_path), LockHolder)
    aged(path, locks.STALE + 30)
    assert isinstance(acquire(tmp_path), Lock)


def test_that_a_holder_that_slept_long_on_this_computer_keeps_its_lock(tmp_path):
    first = acquire(tmp_path)
    aged(tmp_path / "lock", 10_000)
    assert isinstance(acquire(tmp_path), LockHolder)
    first.heartbeat()
    assert time.time() - (tmp_path / "lock").stat().st_mtime < 100


def test_that_an_unreadable_lock_holds_for_two_minutes(tmp_path):
    (tmp_path / "lock").write_bytes(b"\0\0")
    assert isinstance(acquire(tmp_path), LockHolder)
    aged(tmp_path / "lock", locks.STALE + 30)
    assert isinstance(acquire(tmp_path), Lock)


def test_that_whoever_lost_the_lock_hears_of_it_and_does_not_remove_the_new_one(tmp_path):
    first = acquire(tmp_path)
    (tmp_path / "lock").unlink()
    second = acquire(tmp_path)
    for _ in range(2):
        with pytest.raises(ProjectError, match="in use by another program"):
            first.heartbeat()
    first.release()
    second.confirm()
    assert first.lost and not second.lost


def test_that_a_lock_that_was_deleted_is_made_again(tmp_path):
    first = acquire(tmp_path)
    (tmp_path / "lock").unlink()
    first.confirm()
    assert isinstance(acquire(tmp_path), LockHolder)


def test_that_a_released_lock_allows_nothing_more(tmp_path):
    lock = acquire(tmp_path)
    lock.release()
    with pytest.raises(ProjectError):
        lock.confirm()
    assert names(tmp_path) == []


def test_that_of_many_windows_opened_at_once_over_a_dead_lock_one_gets_it(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    written(tmp_path, pid=gone.pid)
    command = [sys.executable, "-c", OPENER, str(tmp_path)]
    windows = [subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [window.stdout.readline().strip() for window in windows]
    for window in windows:
        window.communicate()
    assert sorted(answers) == ["Lock", "LockHolder", "LockHolder", "LockHolder"]


@pytest.mark.parametrize("claimed_by", ["a killed process", "nobody knows whom"])
def test_that_a_process_killed_while_it_took_a_dead_lock_over_does_not_close_the_project_for_ever(tmp_path, monkeypatch, claimed_by):
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    dead = written(tmp_path, pid=gone.pid)
    claim = tmp_path / f".lock.{hashlib.sha256(dead.read_bytes()).hexdigest()[:16]}.tmp"
    claim.write_bytes(dead.read_bytes() if claimed_by == "a killed process" else b"")
    if claimed_by != "a killed process":
        monkeypatch.setattr(locks, "PATIENCE", 0.2)
        assert isinstance(acquire(tmp_path), LockHolder)
        aged(claim, locks.STALE + 30)
    assert isinstance(acquire(tmp_path), Lock) and names(tmp_path) == ["lock"]


def test_that_a_claim_of_a_living_process_is_left_alone(tmp_path, monkeypatch):
    living = acquire(tmp_path)
    content = (tmp_path / "lock").read_bytes()
    living.release()
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        pass
    dead = written(tmp_path, pid=gone.pid)
    claim = tmp_path / f".lock.{hashlib.sha256(dead.read_bytes()).hexdigest()[:16]}.tmp"
    claim.write_bytes(content)
    monkeypatch.setattr(locks, "PATIENCE", 0.2)
    assert isinstance(acquire(tmp_path), LockHolder) and claim.exists()


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the system says when a process began in another way")
@pytest.mark.parametrize("change", [{"ticks": 1}, {"boot": "of the day before"}])
def test_that_a_lock_from_before_a_restart_or_of_a_number_used_again_is_taken_over_at_once(tmp_path, change):
    written(tmp_path, **change)
    assert isinstance(acquire(tmp_path), Lock)


def test_that_a_setting_of_the_clock_does_not_lose_the_lock(tmp_path):
    written(tmp_path, started=1.0)  # as the holder's begin would be computed then; its ticks stay
    assert isinstance(acquire(tmp_path), LockHolder)
