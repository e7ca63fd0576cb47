"""The window and its own learner: the second class's first stroke is answered with a quick guess, and each later stroke at once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from unetstudio.data.prediction import is_guess
from unetstudio.inference.events import TilePredicted
from unetstudio.settings import TrainingSettings
from unetstudio.tools.tool import Pointer
from unetstudio.training.events import QuickGuess, RoundDone
from unetstudio.ui.canvas.canvas import Canvas
from unetstudio.ui.session import Session
from unetstudio.worker.messages import Event

SMALL = TrainingSettings(base=4, depth=2, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.5)


@pytest.fixture
def session(qapp: object, tmp_path: Path, qtbot: QtBot) -> Iterator[tuple[Session, list[Event]]]:
    """A session with a picture of a bright disc open and its own learner at work; and what the learner says."""
    picture = np.full((80, 96), 40, np.uint8)
    cv2.circle(picture, (48, 40), 22, 200, -1)
    cv2.imwrite(str(tmp_path / "disc.png"), picture)
    made, events = Session(), []
    made.worker.event_received.connect(events.append)
    made.open_paths([tmp_path / "disc.png"])
    qtbot.waitUntil(lambda: made.case is not None, timeout=10_000)
    made.learning.set_settings(SMALL)
    yield made, events
    made.shut_down()


def paint(session: Session, value: int, row: float) -> None:
    session.annotation.set_active_class(value)
    session.annotation.tools.set_options("brush", size=3)
    session.annotation.press(Pointer(row, 40))
    session.annotation.move(Pointer(row, 56))
    session.annotation.release()


def test_that_strokes_are_answered_at_once_and_the_network_takes_over(session: tuple[Session, list[Event]], qtbot: QtBot) -> None:
    made, events = session
    canvas = Canvas(made)
    qtbot.addWidget(canvas)
    canvas.view_changed.connect(made.worker_sync.show_view)
    canvas.resize(300, 260)
    canvas.show()
    qtbot.waitUntil(lambda: "stroke of each class" in made.learning.state.sentence, timeout=60_000)
    paint(made, 0, 6)
    paint(made, 1, 40)
    qtbot.waitUntil(lambda: made.review.segmentation is not None, timeout=30_000)
    assert made.learning.state.sentence.startswith("Quick guess")
    assert canvas.scene.caption == "Quick guess"
    assert made.review.prediction is not None and is_guess(made.review.prediction.checkpoint)
    assert made.review.segmentation[0, 40, 60] == 1 and made.review.segmentation[0, 75, 90] == 0
    qtbot.waitUntil(lambda: any(isinstance(event, RoundDone) and event.step > 80 for event in events), timeout=60_000)
    assert made.learning.state.sentence.startswith("U-Net")
    qtbot.waitUntil(lambda: canvas.scene.caption == "", timeout=30_000)
    events.clear()
    paint(made, 1, 70)  # which is wrong, and shows at once beside the stroke
    qtbot.waitUntil(lambda: any(isinstance(event, QuickGuess) for event in events), timeout=30_000)
    events.clear()
    qtbot.waitUntil(lambda: any(isinstance(event, TilePredicted) for event in events), timeout=30_000)
