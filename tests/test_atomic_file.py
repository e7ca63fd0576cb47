"""A file outside a project is replaced whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from unetstudio import atomic_file
from unetstudio.atomic_file import replace_file, replacing
from unetstudio.errors import FormatError


def test_that_a_file_is_replaced_and_nothing_else_is_left(tmp_path: Path) -> None:
    replace_file(tmp_path / "file", b"old")
    replace_file(tmp_path / "file", b"new")
    assert (tmp_path / "file").read_bytes() == b"new"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_that_a_file_has_the_permissions_of_the_users_other_files(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"")
    replace_file(tmp_path / "file", b"")
    assert (tmp_path / "file").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_that_a_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"untouched")
    (tmp_path / "file").symlink_to(tmp_path / "elsewhere")
    replace_file(tmp_path / "file", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"untouched"
    assert not (tmp_path / "file").is_symlink()


def test_that_a_temporary_file_is_never_written_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(atomic_file.secrets, "token_hex", lambda count: "guessed")
    (tmp_path / "elsewhere").write_bytes(b"untouched")
    (tmp_path / f".guessed{atomic_file.TEMPORARY}").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FormatError):
        replace_file(tmp_path / "file", b"new")
    assert (tmp_path / "elsewhere").read_bytes() == b"untouched"
    assert not (tmp_path / "file").exists()


def test_that_a_failure_while_writing_leaves_the_old_file(tmp_path: Path) -> None:
    replace_file(tmp_path / "file", b"old")
    with pytest.raises(ZeroDivisionError), replacing(tmp_path / "file") as file:
        file.write(b"half")
        _ = 1 / 0
    assert (tmp_path / "file").read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_that_missing_folders_are_made_only_on_request(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="folder does not exist"):
        replace_file(tmp_path / "a" / "b" / "file", b"new")
    replace_file(tmp_path / "a" / "b" / "file", b"new", parents=True)
    assert (tmp_path / "a" / "b" / "file").read_bytes() == b"new"


@pytest.mark.parametrize("flush", [True, False])
def test_that_a_file_is_flushed_before_it_is_renamed_unless_flush_is_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, flush: bool
) -> None:
    flushed = []
    monkeypatch.setattr(os, "fsync", lambda handle: flushed.append((tmp_path / "file").exists()))
    replace_file(tmp_path / "file", b"new", flush=flush)
    assert flushed == ([False] if flush else [])


def held(*_: object) -> None:
    """Refuse to rename, as Windows does while a spreadsheet has the file open."""
    error = PermissionError(13, "The process cannot access the file because it is being used by another process")
    error.winerror = 32  # type: ignore[attr-defined]
    raise error


def test_that_a_file_open_in_a_spreadsheet_is_told_as_such_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "scores.csv"
    path.write_bytes(b"old")
    monkeypatch.setattr(atomic_file, "BUSY_SECONDS", 0.2)
    monkeypatch.setattr(Path, "replace", held)
    with pytest.raises(FormatError, match="another program has it open"):
        atomic_file.replace_file(path, b"new")
    assert path.read_bytes() == b"old" and [file.name for file in tmp_path.iterdir()] == ["scores.csv"]


def test_that_a_file_that_another_program_lets_go_of_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tries, replace = [], Path.replace

    def held_once(self: Path, target: Path) -> Path:
        tries.append(target)
        return held() if len(tries) == 1 else replace(self, target)  # type: ignore[return-value]

    monkeypatch.setattr(Path, "replace", held_once)
    atomic_file.replace_file(tmp_path / "scores.csv", b"new")
    assert (tmp_path / "scores.csv").read_bytes() == b"new" and len(tries) == 2
