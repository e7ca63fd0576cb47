"""A score in words: its uncertainty, and what it rests on."""

from __future__ import annotations

from unetstudio.training.events import RoundDone


def score(event: RoundDone) -> str:
    """Format the score with its standard error: "0.84 ± 0.06"; "" without one."""
    if event.score is None:
        return ""
    return f"{event.score:.2f}" if event.uncertainty is None else f"{event.score:.2f} ± {event.uncertainty:.2f}"


def unseen(event: RoundDone) -> str:
    """Name what was scored: "5 unseen strokes"."""
    unit = "image" if "case" in event.held_out else "stroke"
    return f"{event.strokes or ''} unseen {unit}{'s' * (event.strokes != 1)}".lstrip()


def basis(event: RoundDone) -> str:
    """Explain to the curious how far the score can be trusted; "" without one."""
    if event.score is None:
        return ""
    unit = "image" if "case" in event.held_out else "stroke"
    words = f"Estimated from {unseen(event)}."
    if event.uncertainty is not None:
        words += f" The true overlap is likely within ±{2 * event.uncertainty:.2f}."
    fewest = min(event.class_strokes.values(), default=0)
    return f"{words} Rough: of some classes it is one {unit} only." if fewest == 1 else words
