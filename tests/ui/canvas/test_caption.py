"""The caption over the image: whether what is shown is only a quick guess."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from unetstudio.data.prediction import source_name
from unetstudio.data.region import Region
from unetstudio.inference.events import TilePredicted
from unetstudio.training.events import RoundDone
from unetstudio.ui.session import Session

Hand = Any  # conftest.Hand


def predict(session: Session, checkpoint: str) -> None:
    """Send a tile of the whole picture."""
    z, y, x = session.scan.shape
    probabilities = np.full((2, z, y, x), 127, np.uint8)
    session.review.take(TilePredicted(session.case.id, Region.whole((z, y, x)), probabilities, (0, 1), checkpoint, 1, 1))


def corner(picture: Hand) -> QImage:
    """Return the pixels of the corner in which the caption stands."""
    return picture.canvas.grab().toImage().copy(0, 0, 110, 32)


def test_that_a_guess_is_labelled_until_a_network_predicts(picture: Hand, session: Session, qtbot: QtBot) -> None:
    bare = corner(picture)
    predict(session, "guess-1")
    assert picture.canvas.scene.caption == "Quick guess"
    qtbot.waitUntil(lambda: corner(picture) != bare)
    predict(session, "step-8.1")
    assert picture.canvas.scene.caption == ""
    qtbot.waitUntil(lambda: corner(picture) == bare)


def test_that_a_network_with_next_to_no_say_makes_it_no_less_a_guess(picture: Hand, session: Session) -> None:
    predict(session, "step-2.1")
    done = RoundDone(1, 2, 0.5, None, {}, 2.0, 2.0, "", shares={0: 0.05, 1: 0.02})
    for share, caption in ((0.02, "Quick guess"), (0.5, "")):
        session.learning.take(replace(done, shares={0: 0.05, 1: share}))
        assert picture.canvas.scene.caption == caption


def test_that_nothing_is_labelled_where_no_prediction_is_shown(picture: Hand, session: Session, qtbot: QtBot) -> None:
    bare = corner(picture)
    predict(session, "guess-1")
    for options in ({"overlay": "none"}, {"overlay": "attention"}, {"raw_held": True}):
        session.display.show(replace(session.display.options, **{"overlay": "classes", "raw_held": False, **options}))
        assert picture.canvas.scene.caption == ""
    qtbot.waitUntil(lambda: corner(picture) == bare)


def test_that_ids_have_names() -> None:
    names = [source_name(id) for id in ("guess-12", "step-123456.7", "step-40", "0123456789abcdef")]
    assert names == ["quick guess", "step 123456", "step 40", "0123456789ab"]
