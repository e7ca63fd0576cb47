"""Labelled cases whose image cannot be read are left out, told of once, and come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from unetstudio.data.case import Case, Source
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import TrainingError
from unetstudio.formats import read
from unetstudio.inference.events import Notice
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import TrainingFinished
from unetstudio.training.fit import Trainer, fit

MakeStudy = Callable[..., Study]
MakeScan = Callable[..., tuple[object, np.ndarray]]


@pytest.fixture
def on_disk(make_study: MakeStudy, tmp_path: Path, disc: MakeScan) -> Study:
    """Two pictures in files, of which the study keeps none in memory but the last."""
    made = make_study(cases=2)
    members = []
    for n, found in enumerate(made.cases.values()):
        path = tmp_path / f"{n}.png"
        cv2.imwrite(str(path), disc(n)[0].voxels[0, 0])  # type: ignore[attr-defined]
        case = Case(found.case.id, f"picture {n}", Source(path), "", (1, 64, 64), 1)
        members.append(StudyCase(case, lambda case=case: read(case.source), found.labels))
    return Study(made.classes, members, cache_bytes=0)


def texts(events: list[object]) -> list[str]:
    return [event.text for event in events if isinstance(event, Notice)]


def test_that_a_missing_image_is_left_out_with_one_notice(on_disk: Study, small: TrainingSettings, tmp_path: Path) -> None:
    (tmp_path / "0.png").unlink()
    events: list[object] = list(fit(on_disk, small, checkpoints=tmp_path / "weights"))
    assert isinstance(events[-1], TrainingFinished)
    assert len(texts(events)) == 1
    assert "0.png" in texts(events)[0]
    assert "goes on without" in texts(events)[0]
    assert on_disk.excluded == ["case0"]


@pytest.mark.parametrize("content", [b"", b"no picture at all"])
def test_that_an_image_that_breaks_meanwhile_is_left_out(
    content: bytes, on_disk: Study, small: TrainingSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetstudio.training.material.PREPARED_BYTES", 0)  # pictures are read again and again, as large ones are
    trainer = Trainer(on_disk, replace(small, steps=40), checkpoints=tmp_path / "weights")
    story = trainer.run()
    events: list[object] = [next(story)]
    (tmp_path / "1.png").write_bytes(content)
    events += story
    assert isinstance(events[-1], TrainingFinished)
    assert len(texts(events)) == 1
    assert trainer.step == 40


def test_that_an_image_of_another_size_is_left_out(on_disk: Study, small: TrainingSettings, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "0.png"), np.zeros((32, 80), np.uint8))
    events: list[object] = list(fit(on_disk, small, checkpoints=tmp_path / "weights"))
    assert isinstance(events[-1], TrainingFinished)
    assert "another size than when it was labelled" in texts(events)[0]


def test_that_an_image_that_is_there_again_is_learnt_from_again(on_disk: Study, small: TrainingSettings, tmp_path: Path) -> None:
    kept = (tmp_path / "0.png").read_bytes()
    (tmp_path / "0.png").unlink()
    trainer = Trainer(on_disk, replace(small, steps=60), checkpoints=tmp_path / "weights")
    story = trainer.run()
    events: list[object] = [next(story)]
    (tmp_path / "0.png").write_bytes(kept)
    events += story
    assert "picture 0 is there again" in texts(events)[-1]
    assert on_disk.labelled() == ["case0", "case1"]


def test_that_no_image_at_all_is_one_sentence_and_waiting_says_why(on_disk: Study, small: TrainingSettings, tmp_path: Path) -> None:
    for n in range(2):
        (tmp_path / f"{n}.png").unlink()
    with pytest.raises(TrainingError, match=r"0\.png"):
        list(fit(on_disk, small, checkpoints=tmp_path / "weights"))
    assert "relink" in (on_disk.reason_to_wait() or "")


def test_that_a_relinked_image_comes_back(on_disk: Study, tmp_path: Path) -> None:
    on_disk.exclude("case0")
    found = on_disk.cases["case0"]
    (tmp_path / "0.png").rename(tmp_path / "moved.png")
    moved = replace(found.case, source=Source(tmp_path / "moved.png"))
    on_disk.set_cases([StudyCase(moved, lambda: read(moved.source)), on_disk.cases["case1"]])
    assert on_disk.excluded == []
    assert on_disk.labelled() == ["case0", "case1"]
