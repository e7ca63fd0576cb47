"""The state of learning in one sentence for the user, short enough for two lines of the panel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from unetstudio.training.events import RoundDone
from unetstudio.ui import score_words
from unetstudio.ui.panels.wording import duration

TREND = 4
"""Number of rounds over which the score's trend is judged."""

LITTLE, MOST = 0.15, 0.85
"""Shares of the network in what is shown below which only the quick guess is named, and above which only the network."""

LONGEST_TITLE = 16
"""Letters of a network's title up to which a sentence names it."""

QUICK_GUESS = "Quick guess"
READY = "Paint two classes, and learning starts by itself."


def guessing(network: str) -> str:
    """Describe the time between the quick guess and the first round of the network of this title."""
    return f"Quick guess from your strokes; the {_short(network)} is learning …"


def running(event: RoundDone, rounds: Sequence[RoundDone], network: str) -> str:
    """Describe training after a round, the last of `rounds`, by who predicts and how well: the network of this title, the quick guess, or
    both."""
    network = _short(network)
    who = predicting(event.shares, network)
    who = who[0].upper() + who[1:]
    if event.left is not None:
        return f"{who}: {'' if event.score is None else f'{event.score:.2f}, '}{duration(event.left)} left to learn."
    if event.score is None:
        return f"{who}: a few more strokes give it a score."
    if who == QUICK_GUESS:
        return f"{who}: {event.score:.2f}; the {network} is learning …"
    scores = [r.score for r in rounds[-2 * TREND :] if r.score is not None]
    if len(scores) < 2 * TREND:
        return f"{who}: {score_words.score(event)} on {score_words.unseen(event)}."
    rise = sum(scores[-TREND:]) / TREND - sum(scores[:TREND]) / TREND
    return f"{who}: still improving, now {event.score:.2f}." if rise > 0.01 else f"{who}: steady at {event.score:.2f}. Paint where it errs."


def _short(network: str) -> str:
    """Return a network's title, where it leaves room for a sentence."""
    return network if len(network) <= LONGEST_TITLE else "network"


def predicting(shares: Mapping[int, float], network: str) -> str:
    """Name what predicts, by the network's shares of the classes; without any the network predicts alone."""
    if all(share >= MOST for share in shares.values()):
        return network
    return QUICK_GUESS if all(share <= LITTLE for share in shares.values()) else f"{network} and quick guess"


def weighing(share: float, network: str) -> str:
    """Describe who predicts a class: "U-Net 60 %, quick guess 40 %"."""
    percent = round(100 * share)
    return f"{network} {percent} %, {QUICK_GUESS.lower()} {100 - percent} %"


def explanation(network: str, basis: str, *, guessed: bool) -> str:
    """Explain to the curious how the prediction comes about; `basis` is what the score rests on, "" without one."""
    scored = f"The score is the overlap with what is really there (Dice, 1 is perfect). {basis}".rstrip()
    if not guessed:
        return f"The {network} learns from your labels and predicts the rest of the image. {scored}"
    return (
        "The quick guess looks at each pixel and its surroundings, and follows every stroke within a second. "
        f"The {network} learns from the same strokes, sees whole shapes, and takes over class by class as it gets better. {scored}"
    )


def finished(reason: str, score: float | None) -> str:
    """Describe the end of training; `reason` as in `TrainingFinished`."""
    scored = "" if score is None else f": {score:.2f}"
    if reason == "budget":
        return f"The time to learn is over{scored}. Paint where it is wrong to go on."
    return f"Done for now{scored}. Paint where it is wrong and it goes on."


def paused(*, learned: bool) -> str:
    """Describe the pause of a network that has learned something, or nothing yet."""
    then = "Predictions go on, but new strokes teach nothing." if learned else "New strokes teach nothing until you continue."
    return f"Paused. {then}"


def restart(new: str, old: str, *, goes_on: bool) -> str:
    """Describe what becomes of the learned network `old` when `new` takes over."""
    begins = f"{new} goes on from where it stopped" if goes_on else f"{new} begins anew"
    if new == old:
        return f"{begins}; what it learned so far is kept in the project."
    return f"{begins}; what {old} learned is kept in the project."
