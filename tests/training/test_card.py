"""The model card that is written with every checkpoint."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from unetstudio import RESEARCH_USE
from unetstudio.data.classes import ClassTable
from unetstudio.data.study import Study
from unetstudio.networks.checkpoint import Checkpoint, load
from unetstudio.project import checkpoints
from unetstudio.settings import TrainingSettings
from unetstudio.training.card import markdown
from unetstudio.training.fit import Trainer

MakeStudy = Callable[..., Study]


@pytest.fixture
def weights(make_study: MakeStudy, small: TrainingSettings, tmp_path: Path) -> Path:
    """Of a short training by Ada and somebody else."""
    trainer = Trainer(make_study(cases=2), small, checkpoints=tmp_path, people=lambda: ("Ada", "1 account without a typed name"))
    list(trainer.run())
    assert trainer.saved is not None
    return Path(trainer.saved.path)


def test_that_the_card_says_what_it_was_trained_on(weights: Path) -> None:
    told = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))["report"]
    assert [case["id"] for case in told["cases"]] == ["case0", "case1"]
    assert told["cases"][0]["painted"]["1"] > 0
    assert sum(told["painted"]["1"]) == sum(case["painted"]["1"] for case in told["cases"])
    assert told["annotators"] == ["Ada", "1 account without a typed name"]
    assert told["training"]["Seed"] == 0
    assert told["began"].endswith("+00:00")
    assert told["held_out"] == "held-out strokes"
    assert told["held_out_voxels"]["1"] > 0
    assert told["score_rests_on"] == sum(told["held_out_strokes"].values()) > 2
    assert 0 < told["score_uncertainty"] < 0.5
    assert told["intensity_range"][0][1] < told["intensity_range"][0][2]
    assert told["use"] == RESEARCH_USE
    assert "Treat as patient data unless reviewed" in told["privacy"]


def test_that_the_card_is_also_a_page_beside_the_weights(weights: Path) -> None:
    page = weights.with_suffix(".md").read_text(encoding="utf-8")
    for said in (
        weights.stem,
        RESEARCH_USE,
        "Treat as patient data",
        "Ada",
        "`case1`",
        "held-out strokes",
        "2 images only",
        "Known limits",
    ):
        assert said in page


def test_that_old_pages_go_with_their_weights(weights: Path, make_study: MakeStudy, small: TrainingSettings) -> None:
    trainer = Trainer(make_study(), replace(small, steps=40), checkpoints=weights.parent)
    for event in trainer.run():
        del event
        trainer.save()
    kept = {path.stem for path in weights.parent.glob("*.safetensors")}
    assert {path.stem for path in weights.parent.glob("*.md")} == kept


def test_that_a_card_of_before_still_loads(weights: Path) -> None:
    card = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))
    del card["report"], card["seal"]
    weights.with_suffix(".json").write_text(json.dumps(card), encoding="utf-8")
    assert Checkpoint.from_json(card).report == {}
    assert checkpoints.newest(weights.parent) is not None
    assert load(weights)[0].report["annotators"] == ["Ada", "1 account without a typed name"]


def test_that_a_card_without_a_report_makes_a_page_all_the_same() -> None:
    card = Checkpoint("unet", {"depth": 2, "dims": 2}, ClassTable.named(["a", "b"], [(0, 0, 0)] * 2))
    assert "there is no score" in markdown(card, "0" * 64)


def test_that_a_class_name_cannot_break_the_page() -> None:
    table = ClassTable.named(["ground", "a | b\nc"], [(0, 0, 0)] * 2)
    page = markdown(Checkpoint("unet", {"dims": 2}, table, score=0.5, class_scores={0: 0.5, 1: 0.5}), "0" * 64)
    assert "| a \\| b c | 0.500 | not recorded |" in page


def scored(held_out: str, n: int) -> str:
    """Return the page of a network scored on `n` strokes or cases."""
    facts = {
        "held_out": held_out,
        "held_out_voxels": {"1": 900},
        "held_out_strokes": {"1": n},
        "score_rests_on": n,
        "score_uncertainty": 0.061,
    }
    table = ClassTable.named(["ground", "cell"], [(0, 0, 0)] * 2)
    return markdown(Checkpoint("unet", {"dims": 2}, table, score=0.84, class_scores={1: 0.84}, report=facts), "0" * 64)


def test_that_the_page_says_what_the_score_rests_on_and_how_sure_it_is() -> None:
    page = scored("held-out strokes", 5)
    assert "held-out strokes: 0.840. It rests on 5 strokes and is uncertain by ±0.061 (standard error)." in page
    assert "| Class | Dice | Strokes (n) | Voxels (n) |" in page
    assert "| cell | 0.840 | 5 | 900 |" in page
    assert "It rests on 2 images" in scored("held-out cases", 2)


def test_that_the_card_calls_the_score_of_few_strokes_rough(weights: Path) -> None:
    limits = json.loads(weights.with_suffix(".json").read_text(encoding="utf-8"))["report"]["limits"]
    assert "Some classes were scored on fewer than 3 strokes: their scores are rough." in limits
