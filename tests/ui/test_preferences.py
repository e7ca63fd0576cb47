"""The user's preferences between runs."""

from __future__ import annotations

from pathlib import Path

from unetstudio.ui.preferences import Preferences


def test_that_a_value_is_there_in_the_next_run(tmp_path: Path) -> None:
    Preferences(tmp_path / "p.json").put("sections", ["classes"])
    assert Preferences(tmp_path / "p.json").get("sections", []) == ["classes"]


def test_that_a_value_of_another_kind_is_not_believed(tmp_path: Path) -> None:
    Preferences(tmp_path / "p.json").put("sections", "classes")
    assert Preferences(tmp_path / "p.json").get("sections", []) == []


def test_that_a_damaged_file_means_nothing_is_remembered(tmp_path: Path) -> None:
    (tmp_path / "p.json").write_text('{"theme": ', encoding="utf-8")
    assert Preferences(tmp_path / "p.json").get("theme", "system") == "system"


def test_that_a_home_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    preferences = Preferences(tmp_path / "file" / "p.json")
    preferences.put("theme", "dark")
    assert preferences.get("theme", "") == "dark"
