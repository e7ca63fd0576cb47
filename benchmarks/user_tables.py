"""The tables of the simulated user: Dice against minutes and strokes, and on how many sets ours is ahead."""

from __future__ import annotations

from statistics import mean
from typing import Any

from cells import Cells

METHODS = ("ours", "forest+", "forest", "rootpainter", "dense")

GOAL, OF_DENSE = 0.85, 0.95
"""Dice to reach, or this share of the limit if that is lower."""

Runs = dict[tuple[str, str], list[dict[str, Any]]]  # by set and method


def table(cells: Cells) -> str:
    """Write a row for each set and method, means over the seeds."""
    runs = _runs(cells)
    minutes = _minutes(runs)
    heads = " | ".join(f"{at:g} min" for at in minutes)
    lines = [f"| set | method | seeds | first seen | {heads} | strokes | images | goal |", "|---" * (len(minutes) + 7) + "|"]
    for (name, method), every in sorted(runs.items(), key=lambda item: (item[0][0], METHODS.index(item[0][1]))):
        if method == "dense":
            continue
        dice = " | ".join(_text(_dice(every, at)) for at in minutes)
        waited = [cell["waited"] for cell in every if cell["waited"] is not None]
        seen = f"{mean(waited):.1f} s" if len(waited) == len(every) else "never"
        last = [cell["curve"][-1] for cell in every]
        strokes, images = (mean(point[value] for point in last) for value in ("strokes", "images"))
        goal = f"{_goal(runs, name):.3f}{', reached' if _reached(runs, name, method) else ''}"
        lines.append(f"| {name} | {method} | {len(every)} | {seen} | {dice} | {strokes:.0f} | {images:.1f} | {goal} |")
    return "\n".join(lines)


def summary(cells: Cells) -> str:
    """Say on how many sets ours reaches the goal at the end, and is ahead of all other methods at every whole minute."""
    runs = _runs(cells)
    names = [name for name, method in runs if method == "ours"]
    reached = sum(_reached(runs, name, "ours") for name in names)
    whole = [minute for minute in _minutes(runs) if minute == round(minute)]
    ahead = sum(all(_ahead(runs, name, minute) for minute in whole) for name in names)
    return f"Ours reaches the goal on {reached} of {len(names)} sets, and is ahead of the others at every minute on {ahead}."


def _runs(cells: Cells) -> Runs:
    runs: Runs = {}
    for cell in cells:
        runs.setdefault((cell["set"], cell["method"]), []).append(cell)
    return runs


def _minutes(runs: Runs) -> list[float]:
    """Return all minutes at which users were scored."""
    users = [cell for (_, method), every in runs.items() if method != "dense" for cell in every]
    return sorted({point["minutes"] for cell in users for point in cell["curve"]})


def _dice(every: list[dict[str, Any]], minutes: float) -> float | None:
    """Return the mean Dice at a time, where nothing counts as 0; None where no run was scored, or nothing was shown in any."""
    found = [point["dice"] for cell in every for point in cell["curve"] if point["minutes"] == minutes]
    return mean(score or 0.0 for score in found) if any(score is not None for score in found) else None


def _text(dice: float | None) -> str:
    return "nothing" if dice is None else f"{dice:.3f}"


def _goal(runs: Runs, name: str) -> float:
    """Return the Dice to reach on a set."""
    limits = [cell["curve"][-1]["dice"] for cell in runs.get((name, "dense"), [])]
    known = [limit for limit in limits if limit is not None]
    return min(GOAL, OF_DENSE * mean(known)) if known else GOAL


def _reached(runs: Runs, name: str, method: str) -> bool:
    """Whether the mean of the last scores reaches the goal."""
    return mean(cell["curve"][-1]["dice"] or 0.0 for cell in runs[name, method]) >= _goal(runs, name)


def _ahead(runs: Runs, name: str, minutes: float) -> bool:
    """Whether ours is ahead of every other method that was run."""
    ours = _dice(runs[name, "ours"], minutes) or 0.0
    others = [_dice(every, minutes) or 0.0 for (of, method), every in runs.items() if of == name and method not in ("ours", "dense")]
    return all(ours > other for other in others)
