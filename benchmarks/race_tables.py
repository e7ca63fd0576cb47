"""The tables of the race from strokes: what the masks are worth, and what a running training shows."""

from __future__ import annotations

from statistics import mean
from typing import Any

from cells import Cells
from forests import FORESTS

Column = tuple[str, float]  # method and seconds of training
TRAINED = ("ours", "dense")


def race_table(cells: Cells) -> str:
    """Write the table of Dice: means over the seeds, with the difference from the better forest of the set; and the share of the gap
    between that and training on full masks that the longest training on strokes closes."""
    scores = [cell for cell in cells if cell["method"] != "probe"]
    if not scores:
        return ""
    columns = sorted({(c["method"], c["budget"]) for c in scores}, key=lambda column: ((*FORESTS, *TRAINED).index(column[0]), column[1]))
    heads = [f"{method} {budget:g} s" if budget else method for method, budget in columns]
    lines = [f"| set | seeds | {' | '.join(heads)} | of the gap | wall seconds |", "|---" * (len(columns) + 4) + "|"]
    gains: dict[Column, list[float]] = {}
    for name in dict.fromkeys(cell["set"] for cell in scores):
        dice, walls = ({column: _mean(scores, name, column, value) for column in columns} for value in ("dice", "wall"))
        seeds = len({cell["seed"] for cell in scores if cell["set"] == name})
        best = max((score for (method, _), score in dice.items() if method in FORESTS and score is not None), default=0.0)
        entries = []
        for column, score in dice.items():
            text = "" if score is None else f"{score:.3f}"
            if score is not None and column[0] in TRAINED:
                gains.setdefault(column, []).append(score - best)
                text += f" ({score - best:+.3f})"
            entries.append(text)
        seconds = ", ".join("" if wall is None else f"{wall:.0f}" for wall in walls.values())
        lines.append(f"| {name} | {seeds} | {' | '.join(entries)} | {_closed(dice, best)} | {seconds} |")
    means = [f"{mean(gains[column]):+.3f}" if column in gains else "" for column in columns]
    lines.append(f"| mean difference | | {' | '.join(means)} | | |")
    return "\n".join(lines)


def _closed(dice: dict[Column, float | None], best: float) -> str:
    """Return the share of the gap from the better forest to dense training that the longest training on strokes closes."""
    ours, dense = ([score for (method, _), score in dice.items() if method == kind and score is not None] for kind in TRAINED)
    if not ours or not dense:
        return ""
    return "no gap" if dense[-1] <= best else f"{(ours[-1] - best) / (dense[-1] - best):.0%}"


def _mean(cells: list[dict[str, Any]], name: str, column: Column, value: str) -> float | None:
    """Return the mean over the seeds that are measured."""
    found = [cell[value] for cell in cells if (cell["set"], cell["method"], cell["budget"]) == (name, *column)]
    return mean(found) if found else None


def probe_table(cells: Cells) -> str:
    """Write the table of what a training shows after so many seconds, and what it loses from its best moment to its last: means over the
    seeds."""
    curves: dict[str, list[list[tuple[float, float, float | None]]]] = {}
    for cell in cells:
        if cell["method"] == "probe":
            curves.setdefault(cell["set"], []).append(cell["curve"])
    if not curves:
        return ""
    moments = sorted({moment for every in curves.values() for curve in every for moment, _, _ in curve})
    heads = " | ".join(f"{moment:g} s" for moment in moments)
    lines = [f"| set | seeds | {heads} | lost since its best |", "|---" * (len(moments) + 3) + "|"]
    for name, every in curves.items():
        entries = []
        for moment in moments:
            scores = [score for curve in every for at, _, score in curve if at == moment]
            known = [score for score in scores if score is not None]
            entries.append("" if not scores else f"{mean(known):.3f}" if len(known) == len(scores) else "nothing")
        lost = mean(max(score or 0.0 for _, _, score in curve) - (curve[-1][2] or 0.0) for curve in every)
        lines.append(f"| {name} | {len(every)} | {' | '.join(entries)} | {lost:.3f} |")
    return "\n".join(lines)
