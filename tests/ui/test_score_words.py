"""The score in words."""

from __future__ import annotations

from unetstudio.training.events import RoundDone
from unetstudio.ui import score_words


def done(score: float | None, strokes: dict[int, int], uncertainty: float | None = None, held_out: str = "held-out strokes") -> RoundDone:
    count = sum(strokes.values()) if "stroke" in held_out else max(strokes.values())
    return RoundDone(1, 9, 0.5, score, {}, 5.0, 5.0, held_out, strokes=count, class_strokes=strokes, uncertainty=uncertainty)


def test_that_a_score_tells_its_uncertainty_and_what_it_rests_on() -> None:
    event = done(0.841, {0: 2, 1: 3}, 0.058)
    assert f"{score_words.score(event)} on {score_words.unseen(event)}" == "0.84 ± 0.06 on 5 unseen strokes"
    assert score_words.basis(event) == "Estimated from 5 unseen strokes. The true overlap is likely within ±0.12."


def test_that_one_stroke_of_a_class_is_called_rough() -> None:
    assert score_words.basis(done(0.8, {0: 2, 1: 1}, 0.1)).endswith("Rough: of some classes it is one stroke only.")


def test_that_held_out_images_are_not_called_strokes() -> None:
    event = done(0.8, {0: 1, 1: 1}, held_out="held-out cases")
    assert (score_words.score(event), score_words.unseen(event)) == ("0.80", "1 unseen image")
    assert "one image only" in score_words.basis(event)


def test_that_there_are_no_words_without_a_score() -> None:
    event = done(None, {0: 1})
    assert (score_words.score(event), score_words.basis(event)) == ("", "")
