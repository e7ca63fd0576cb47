"""The command that compares masks with the truth."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.commands.output import Output
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import read_mask, read_mask_onto, stem
from unetstudio.measure.evaluate import confusion, score
from unetstudio.measure.metric import Score
from unetstudio.worker.import_masks import BINARY

OWN = {"legend.json", "measurements.csv"}
"""Files that stand beside our masks and are none."""


def evaluate(predicted: Path, truth: Path, metrics: Sequence[str], maps: Sequence[str], output: Output) -> None:
    """Scores per case and over all, matched by file stem; `maps` say what values of the truth mean."""
    pairs = _pairs(predicted, truth)
    masks = [(name, *_both(mine, theirs, maps)) for name, mine, theirs in pairs]
    values = sorted({int(v) for _, mine, theirs in masks for m in (mine, theirs) for v in np.unique(m)} - {UNLABELLED})
    counted = {name: confusion(mine, theirs, values) for name, mine, theirs in masks}
    pooled = next(iter(counted.values()))
    for more in list(counted.values())[1:]:
        pooled = pooled + more
    for name, found in (*counted.items(), ("all", pooled)):
        scores = score(found, metrics)
        output.event("scores", case=name, **{m: _plain(s) for m, s in scores.items()})
    means = [[name, *(_number(s.mean) for s in score(found, metrics).values())] for name, found in counted.items()]
    overall = score(pooled, metrics)
    classes = [[f"all, class {v}", *(_number(s.per_class.get(v)) for s in overall.values())] for v in values]
    output.table("", ["mean over classes", *metrics], [*means, *classes, ["all", *(_number(s.mean) for s in overall.values())]])


def _plain(found: Score) -> dict[str, object]:
    return {"classes": {str(value): number for value, number in found.per_class.items()}, "mean": found.mean, "pooled": found.pooled}


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _pairs(predicted: Path, truth: Path) -> list[tuple[str, Path, Path]]:
    """Masks of both sides with one stem; two files are a pair whatever their names."""
    for path in (predicted, truth):
        if not path.exists():
            raise FormatError(path, "there is no such file or folder; check the path.")
    if predicted.is_file() and truth.is_file():
        return [(stem(predicted), predicted, truth)]
    mine, theirs = _by_stem(predicted), _by_stem(truth)
    names = sorted(mine.keys() & theirs.keys())
    if not names:
        raise UserError(f"No mask in {predicted} has the name of one in {truth}; name them alike.")
    return [(name, mine[name], theirs[name]) for name in names]


def _by_stem(path: Path) -> dict[str, Path]:
    files = path.iterdir() if path.is_dir() else [path]
    return {stem(f): f for f in files if f.is_file() and f.name not in OWN and not f.name.startswith(".") and f.suffix != ".npz"}


def _both(mine: Path, theirs: Path, maps: Sequence[str]) -> tuple[NDArray[np.integer], NDArray[np.integer]]:
    """Predicted and true class values on the grid of the prediction."""
    predicted, geometry = read_mask(mine)
    return predicted, _mapped(read_mask_onto(theirs, predicted.shape, geometry), maps)


def _mapped(truth: NDArray[np.integer], maps: Sequence[str]) -> NDArray[np.integer]:
    """The truth in class values; black and white pictures (0 and 255 alone) are classes 0 and 1 without being told."""
    if not maps:
        black_white = {int(v) for v in np.unique(truth)} == BINARY
        return (truth > 0).astype(np.uint8) if black_white else truth
    mapped = truth.copy()
    for text in maps:
        match = re.fullmatch(r"(\d+)(?:(\+)|-(\d+))?=(\d+)", text.strip())
        if match is None:
            raise UserError(f"--map {text!r} is not understood: write VALUE=VALUE, LOW-HIGH=VALUE or LOW+=VALUE.")
        high = int(truth.max()) if match[2] else int(match[3] or match[1])
        mapped[(truth >= int(match[1])) & (truth <= high)] = int(match[4])
    return mapped
