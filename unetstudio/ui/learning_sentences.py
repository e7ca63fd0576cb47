"""The state of learning in one sentence for the user."""

from __future__ import annotations

from collections.abc import Sequence

from unetstudio.training.events import RoundDone
from unetstudio.ui.panels.wording import duration

TREND = 4
"""Number of rounds over which the score's trend is judged."""

READY = "Paint two classes, and learning starts by itself."


def running(event: RoundDone, rounds: Sequence[RoundDone]) -> str:
    """Describe training after a round, the last of `rounds`."""
    if event.score is None and event.left is not None:
        return f"Learning. {duration(event.left)} left."
    if event.score is None:
        return "Learning. A score appears when each class has a few more strokes."
    unseen = "images" if "case" in event.held_out else "strokes"
    score = f"{event.score:.2f} on {unseen} it has not seen"
    if event.left is not None:
        return f"Learning: {score}. {duration(event.left)} left."
    scores = [r.score for r in rounds[-2 * TREND :] if r.score is not None]
    if len(scores) < 2 * TREND:
        return f"Learning: {score}."
    rise = sum(scores[-TREND:]) / TREND - sum(scores[:TREND]) / TREND
    if rise > 0.01:
        return f"Still improving: {score}."
    return f"Steady: {score}. Paint where it is wrong."


def finished(reason: str, score: float | None) -> str:
    """Describe the end of training; `reason` as in `TrainingFinished`."""
    scored = "" if score is None else f": {score:.2f}"
    if reason == "budget":
        return f"The time to learn is over{scored}. Paint where it is wrong and it learns as long again."
    return f"It has learned what the strokes show{scored}. Paint where it is wrong and it goes on."


def paused(*, learned: bool) -> str:
    """Describe the pause of a network that has learned something, or nothing yet."""
    return "Paused. Predictions are still made with what was learned so far." if learned else "Paused."


def restart(new: str, old: str, *, goes_on: bool) -> str:
    """Describe what becomes of the learned network `old` when `new` takes over."""
    begins = f"{new} goes on from where it stopped" if goes_on else f"{new} begins anew"
    if new == old:
        return f"{begins}; what it learned so far is kept in the project."
    return f"{begins}; what {old} learned is kept in the project."
