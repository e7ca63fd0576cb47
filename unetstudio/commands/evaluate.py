"""The command `evaluate`: compares masks with the truth."""

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
from unetstudio.project.output_guard import guard_output
from unetstudio.workspace.import_masks import BINARY

NOT_MASKS = {"legend.json", "measurements.csv", "doubt.csv"}
"""Names of other files that the program writes beside masks."""

CSV_BEGINNING = b"case,"
"""The first bytes of a written table."""

NO_SCORE = "–"
"""Shown in place of an undefined score."""


def evaluate(
    predicted: Path,
    truth: Path,
    metrics: Sequence[str],
    maps: Sequence[str],
    output: Output,
    *,
    border: int = 1,
    csv: Path | None = None,
    force: bool = False,
) -> None:
    """Score each case and all cases together, matching files by stem.

    `maps` translate values of the truth into classes, `border` is the class that separates regions, and `csv` is a file for the table.
    Metrics that need probabilities use those that `predict` wrote beside a mask.
    """
    if not metrics:
        raise UserError(f"Name at least one of these metrics: {', '.join(METRICS)}.")
    if csv is not None:
        guard_output(csv, CSV_BEGINNING, force=force)
    pairs = _pairs(predicted, truth)
    evaluation = Evaluation(metrics)
    values = _values(pairs, maps) if any(METRICS[name].by_class for name in metrics) else ()
    rows = []
    for name, mask, true_mask in pairs:
        scores = evaluation.add(_pair(mask, true_mask, maps, values, border))
        output.event("scores", case=name, **{m: _to_json(s) for m, s in scores.items()})
        rows.append([name, *(_number(s.mean) for s in scores.values())])
    overall = evaluation.overall
    output.event("scores", case="all", **{m: _to_json(s) for m, s in overall.items()})
    per_class = [[f"all, class {v}", *(_number(s.per_class.get(v)) for s in overall.values())] for v in values]
    rows += [*per_class, ["all", *(_number(s.mean) for s in overall.values())]]
    headings = ["mean over classes" if values else "", *(f"{m} ({METRICS[m].unit})" if METRICS[m].unit else m for m in metrics)]
    output.table("", headings, rows)
    if csv is not None:
        cells = [["" if text == NO_SCORE else csv_cell(text) for text in row] for row in [["case", *headings[1:]], *rows]]
        replace_file(csv, "".join(",".join(row) + "\n" for row in cells).encode())


def _values(pairs: Sequence[tuple[str, Path, Path]], maps: Sequence[str]) -> tuple[int, ...]:
    """Return the classes that occur in any predicted or true mask."""
    values: set[int] = set()
    for _, predicted, truth in pairs:
        for labels in _read(predicted, truth, maps)[1:3]:
            values.update(int(v) for v in np.unique(labels))
    return tuple(sorted(values - {UNLABELLED}))


def _pair(mask: Path, true_mask: Path, maps: Sequence[str], values: tuple[int, ...], border: int) -> Pair:
    geometry, predicted, truth, raw = _read(mask, true_mask, maps)
    numbered = (predicted, raw if are_numbered(raw) else truth)
    return Pair(predicted, truth, values, geometry.spacing, numbered, border, _probability(mask, border))


def _probability(mask: Path, border: int) -> NDArray[np.float32] | None:
    """Read the probability of the border class, if `predict --probabilities` wrote it beside the mask."""
    beside = mask.with_name(f"{stem(mask)}_probabilities.npz")
    if not beside.is_file():
        return None
    try:
        with np.load(beside, allow_pickle=False) as archive:
            values = archive["values"].tolist()
            return archive["probabilities"][values.index(border)].astype(np.float32) / 255 if border in values else None
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(beside, "it is damaged; predict with --probabilities again, or delete it.") from error


def _to_json(score: Score) -> dict[str, object]:
    return {"classes": {str(value): number for value, number in score.per_class.items()}, "mean": score.mean, "pooled": score.pooled}


def _number(value: float | None) -> str:
    return NO_SCORE if value is None else f"{value:.4f}"


def _pairs(predicted: Path, truth: Path) -> list[tuple[str, Path, Path]]:
    """Return stem, predicted mask and true mask of each case; two files form a pair regardless of their names."""
    for path in (predicted, truth):
        if not path.exists():
            raise FormatError(path, "there is no such file or folder; check the path.")
    if predicted.is_file() and truth.is_file():
        return [(stem(predicted), predicted, truth)]
    masks, true_masks = _by_stem(predicted), _by_stem(truth)
    names = sorted(masks.keys() & true_masks.keys())
    if not names:
        raise UserError(f"No mask in {predicted} has the name of one in {truth}; name them alike.")
    return [(name, masks[name], true_masks[name]) for name in names]


def _by_stem(path: Path) -> dict[str, Path]:
    files = path.iterdir() if path.is_dir() else [path]
    return {stem(f): f for f in files if f.is_file() and f.name not in NOT_MASKS and not f.name.startswith(".") and f.suffix != ".npz"}


def _read(
    mask: Path, true_mask: Path, maps: Sequence[str]
) -> tuple[Geometry, NDArray[np.integer], NDArray[np.integer], NDArray[np.integer]]:
    """Return geometry, predicted and true class values, and the unmapped truth, all on the grid of the prediction."""
    predicted, geometry = read_mask(mask)
    raw = read_mask_onto(true_mask, predicted.shape, geometry)
    return geometry, predicted, _mapped(raw, maps), raw


def _mapped(truth: NDArray[np.integer], maps: Sequence[str]) -> NDArray[np.integer]:
    """Return the truth in class values; without `maps`, black-and-white pictures (0 and 255 only) become classes 0 and 1."""
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
