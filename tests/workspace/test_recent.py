"""The list of recent projects: damaged entries are left out and stop nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unetstudio.workspace import recent


def project(folder: Path, cases: object) -> Path:
    folder.mkdir()
    (folder / "project.json").write_text(json.dumps({"cases": cases}))
    recent.remember(folder)
    return folder


@pytest.mark.parametrize("cases", [[{}], ["text"], {"id": 1}, 7, None])
def test_that_a_project_whose_list_makes_no_sense_is_left_out(tmp_path: Path, cases: object) -> None:
    sound = project(tmp_path / "sound.unetstudio", [{"id": "0123456789abcdef"}])
    project(tmp_path / "odd.unetstudio", cases)
    assert [found.path for found in recent.projects()] == [sound]


def test_that_the_first_thumbnail_that_is_there_stands_for_a_project(tmp_path: Path) -> None:
    folder = project(tmp_path / "study.unetstudio", [{"id": "aaaaaaaa"}, {"id": "bbbbbbbb"}])
    picture = folder / "cache" / "thumbnails" / "bbbbbbbb.png"
    picture.parent.mkdir(parents=True)
    picture.write_bytes(b"picture")
    (found,) = recent.projects()
    assert (found.name, found.thumbnail, found.cases) == ("study", b"picture", 2)
