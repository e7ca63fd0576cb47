"""The command that compares masks with the truth."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.atomic_file import replace_file
from unetstudio.commands.output import Output
from unetstudio.data.csv_cell import csv_cell
from unetstudio.data.geometry import Geometry
from unetstudio.data.labels import UNLABELLED
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import read_mask, read_mask_onto, stem
from unetstudio.measure.evaluate import Evaluation
from unetstudio.measure.metric import METRICS, Pair, Score
from unetstudio.measure.objects import are_numbered
from unetstudio.workspace.import_masks import BINARY

OWN = {"legend.json", "measurements.csv", "doubt.csv"}
"""Files that stand beside our masks and are none."""

NONE = "–"
"""Stands for a score that there is not."""


def evaluate(
    predicted: Path,
    truth: Path,
    metrics: Sequence[str],
    maps: Sequence[str],
    output: Output,
    *,
    border: int = 1,
    csv: Path | None = None,
) -> None:
    """Scores per case and over all, matched by file stem; `maps` say what values of the truth mean, `border` which class separates
    regions, and `csv` where the table is written as well. Probabilities that `predict` left beside a mask are used where they matter."""
    if not metrics:
        raise UserError(f"Name at least one of these metrics: {', '.join(METRICS)}.")
    pairs = _pairs(predicted, truth)
    evaluation = Evaluation(metrics)
    values = _values(pairs, maps) if any(METRICS[name].by_class for name in metrics) else ()
    rows = []
    for name, mine, theirs in pairs:
        scores = evaluation.add(_pair(mine, theirs, maps, values, border))
        output.event("scores", case=name, **{m: _plain(s) for m, s in scores.items()})
        rows.append([name, *(_number(s.mean) for s in scores.values())])
    overall = evaluation.overall
    output.event("scores", case="all", **{m: _plain(s) for m, s in overall.items()})
    per_class = [[f"all, class {v}", *(_number(s.per_class.get(v)) for s in overall.values())] for v in values]
    rows += [*per_class, ["all", *(_number(s.mean) for s in overall.values())]]
    headings = ["mean over classes" if values else "", *(f"{m} ({METRICS[m].unit})" if METRICS[m].unit else m for m in metrics)]
    output.table("", headings, rows)
    if csv is not None:
        cells = [["" if text == NONE else csv_cell(text) for text in row] for row in [["case", *headings[1:]], *rows]]
        replace_file(csv, "".join(",".join(row) + "\n" for row in cells).encode())


def _values(pairs: Sequence[tuple[str, Path, Path]], maps: Sequence[str]) -> tuple[int, ...]:
    """The classes that occur in any mask of either side."""
    found: set[int] = set()
    for _, mine, theirs in pairs:
        for mask in _both(mine, theirs, maps)[1:3]:
            found.update(int(v) for v in np.unique(mask))
    return tuple(sorted(found - {UNLABELLED}))


def _pair(mine: Path, theirs: Path, maps: Sequence[str], values: tuple[int, ...], border: int) -> Pair:
    geometry, predicted, truth, raw = _both(mine, theirs, maps)
    numbered = (predicted, raw if are_numbered(raw) else truth)
    return Pair(predicted, truth, values, geometry.spacing, numbered, border, _share(mine, border))


def _share(mask: Path, border: int) -> NDArray[np.float32] | None:
    """The probability of a class, where `predict --probabilities` wrote it beside a mask."""
    beside = mask.with_name(f"{stem(mask)}_probabilities.npz")
    if not beside.is_file():
        return None
    try:
        with np.load(beside, allow_pickle=False) as archive:
            values = archive["values"].tolist()
            return archive["probabilities"][values.index(border)].astype(np.float32) / 255 if border in values else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(beside, "it is damaged; predict with --probabilities again, or delete it.") from error


def _plain(found: Score) -> dict[str, object]:
    return {"classes": {str(value): number for value, number in found.per_class.items()}, "mean": found.mean, "pooled": found.pooled}


def _number(value: float | None) -> str:
    return NONE if value is None else f"{value:.4f}"


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


def _both(mine: Path, theirs: Path, maps: Sequence[str]) -> tuple[Geometry, NDArray[np.integer], NDArray[np.integer], NDArray[np.integer]]:
    """Geometry, predicted and true class values, and the truth as its file has it, all on the grid of the prediction."""
    predicted, geometry = read_mask(mine)
    raw = read_mask_onto(theirs, predicted.shape, geometry)
    return geometry, predicted, _mapped(raw, maps), raw


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
