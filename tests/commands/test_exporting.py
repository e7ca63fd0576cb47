"""`unetstudio export`: its formats, and what comes back by `unetstudio label`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from unetstudio.formats import FORMATS, MaskDocument, read_mask
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels
from unetstudio.workspace.export import IDENTITY_IS_COPIED
from unetstudio.workspace.export_plan import writers

Command = Callable[..., Any]


def labels_of(project: Path) -> list[np.ndarray]:
    with Project.open(project, read_only=True) as opened:
        return [read_labels(project, case)[0].values for case in opened.cases]


def test_that_the_help_lists_every_format(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from unetstudio import cli

    monkeypatch.setenv("COLUMNS", "1000")  # a narrow line is broken within names
    with pytest.raises(SystemExit):
        cli.main(["export", "--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} ({mask_format.title})" in said for name, mask_format in writers())


@pytest.mark.parametrize("name", [name for name, mask_format in writers() if mask_format.writes and not mask_format.identifies])
def test_that_exported_labels_come_back(command: Command, labelled: Path, images: Path, tmp_path: Path, name: str) -> None:
    assert command("export", labelled, "--format", name, "--out", tmp_path / "out").status == 0
    again = tmp_path / "again.unetstudio"
    assert command("new", again, images, "--classes", "background,disc").status == 0
    if name == "coco":
        assert (tmp_path / "out" / "coco.json").is_file()
        return
    assert command("label", again, tmp_path / "out").status == 0
    assert all(np.array_equal(a, b) for a, b in zip(labels_of(labelled), labels_of(again), strict=True))


def test_that_several_formats_are_written_at_once(command: Command, labelled: Path, tmp_path: Path) -> None:
    assert command("export", labelled, "--format", "png, geojson", "--out", tmp_path / "out").status == 0
    assert {"disc_0.png", "disc_0.geojson"} <= {path.name for path in (tmp_path / "out").iterdir()}
    mask = read_mask(tmp_path / "out" / "disc_0.png")[0]
    assert np.array_equal(read_mask(tmp_path / "out" / "disc_0.geojson")[0], mask)


def test_that_an_unknown_format_is_refused_with_the_known_ones(command: Command, labelled: Path, tmp_path: Path) -> None:
    sentence = command("export", labelled, "--format", "png,docx", "--out", tmp_path / "out").sentence
    assert "docx" in sentence and "geojson" in sentence and not (tmp_path / "out").exists()


@pytest.mark.parametrize("asked", [True, False])
def test_that_the_patient_is_named_only_when_asked_and_it_is_said_before(
    command: Command, labelled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked: bool
) -> None:
    documents = list[MaskDocument]()
    monkeypatch.setattr(FORMATS["png"], "identifies", True)
    monkeypatch.setattr(FORMATS["png"], "write", lambda path, document: documents.append(document))
    ran = command("export", labelled, "--format", "png", "--out", tmp_path / "out", *(["--identified"] if asked else []))
    assert ran.status == 0 and {document.identified for document in documents} == {asked}
    assert (IDENTITY_IS_COPIED in ran.said) is asked
    assert documents[0].made_by == "imported"
