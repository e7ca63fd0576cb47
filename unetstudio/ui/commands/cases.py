"""Commands on cases: stepping through them, their review states, and learning from them."""

from __future__ import annotations

from unetstudio.data.case import ReviewState
from unetstudio.ui.commands.window import Window


def step_case(window: Window, by: int) -> None:
    """Open another case of the list."""
    window.session.case_opener.step(by)


def next_unreviewed(window: Window) -> None:
    """Open the next unreviewed case."""
    window.session.review.next_unreviewed()


def accept_case(window: Window) -> None:
    """Finish the current polygon; without one, mark the case as accepted."""
    if window.session.annotation.stroke_active:
        window.session.annotation.finish()
    else:
        mark_case(window, ReviewState.ACCEPTED)


def mark_case(window: Window, state: ReviewState) -> None:
    """Set the review state of the open case."""
    window.session.review.set_state(state)


def toggle_learning(window: Window) -> None:
    """Pause or resume learning."""
    learning = window.session.learning
    if learning.state.phase in ("paused", "failed"):
        learning.resume()
    else:
        learning.pause()
