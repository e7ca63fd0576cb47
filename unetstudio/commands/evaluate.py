"""The command `evaluate`: compares masks with the truth."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.atomic_file import replace_file
from unetstudio.commands.evaluation_coding import CodedPair, EvaluationCoding
from unetstudio.commands.output import Output
from unetstudio.data.csv_cell import csv_cell
from unetstudio.data.quantity import count_text
from unetstudio.errors import FormatError, UserError
from unetstudio.formats import stem
from unetstudio.measure.evaluate import Evaluation
from unetstudio.measure.metric import METRICS, Pair, Score
from unetstudio.measure.objects import are_numbered
from unetstudio.project.output_guard import guard_output
from unetstudio.workspace.mask_matching import mask_files, mask_format, plain, without_affix

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
    pairs, left_out = _pairs(predicted, truth)
    coding = EvaluationCoding([(mask, true_mask) for _, mask, true_mask in pairs], maps)
    evaluation = Evaluation(metrics)
    values = coding.values if any(METRICS[name].by_class for name in metrics) else ()
    rows = []
    for name, mask, true_mask in pairs:
        scores = evaluation.add(_pair(mask, coding.read(mask, true_mask), values, border))
        output.event("scores", case=name, **{m: _to_json(s) for m, s in scores.items()})
        rows.append([name, *(_number(s.mean) for s in scores.values())])
    overall = evaluation.overall
    output.event("scores", case="all", **{m: _to_json(s) for m, s in overall.items()})
    per_class = [[f"all, class {v}", *(_number(s.per_class.get(v)) for s in overall.values())] for v in values]
    rows += [*per_class, ["all", *(_number(s.mean) for s in overall.values())]]
    for text in [*left_out, *coding.words]:
        output.say(text)
    headings = ["mean over classes" if values else "", *(f"{m} ({METRICS[m].unit})" if METRICS[m].unit else m for m in metrics)]
    output.table("", headings, rows)
    if csv is not None:
        cells = [["" if text == NO_SCORE else csv_cell(text) for text in row] for row in [["case", *headings[1:]], *rows]]
        replace_file(csv, "".join(",".join(row) + "\n" for row in cells).encode())


def _pair(mask: Path, pair: CodedPair, values: tuple[int, ...], border: int) -> Pair:
    numbered = (pair.predicted, pair.stored_truth if are_numbered(pair.stored_truth) else pair.truth)
    return Pair(pair.predicted, pair.truth, values, pair.geometry.spacing, numbered, border, _probability(mask, border))


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


def _pairs(predicted: Path, truth: Path) -> tuple[list[tuple[str, Path, Path]], list[str]]:
    """Return stem, predicted mask and true mask of each case, and what was left out; two files form a pair regardless of their names."""
    for path in (predicted, truth):
        if not path.exists():
            raise FormatError(path, "there is no such file or folder; check the path.")
    if predicted.is_file() and truth.is_file():
        return [(stem(predicted), predicted, truth)], []
    masks, true_masks = _by_stem(predicted), _by_stem(truth)
    pairs = {name: (masks.pop(name), true_masks.pop(name)) for name in masks.keys() & true_masks.keys()}
    short, true_short = _without_endings(masks), _without_endings(true_masks)  # usual ones, such as _mask
    pairs |= {name: (short.pop(name), true_short.pop(name)) for name in (short.keys() & true_short.keys()) - pairs.keys()}
    if not pairs:
        raise UserError(f"No mask in {predicted} has the name of one in {truth}; name them alike.")
    alone = sorted(file.name for file in (*short.values(), *true_short.values()) if mask_format(file) is not None)
    listed = ", ".join(alone[:3]) + (" …" if len(alone) > 3 else "")
    notes = [f"{count_text(len(alone), 'mask')} without a partner on the other side: {listed}."] if alone else []
    return [(name, *pairs[name]) for name in sorted(pairs)], notes


def _by_stem(path: Path) -> dict[str, Path]:
    """Return masks by their names as they are compared; those of subfolders, taken where a folder holds none itself, by folder and name."""
    if beside := mask_files([path], depth=0):
        return _named(beside, lambda file: plain(stem(file)))
    return _named(mask_files([path]), lambda file: plain(str(file.relative_to(path).with_name(stem(file)))))


def _without_endings(masks: Mapping[str, Path]) -> dict[str, Path]:
    names = {file: name for name, file in masks.items()}
    return _named(names, lambda file: without_affix(names[file]))


def _named(files: Iterable[Path], name: Callable[[Path], str]) -> dict[str, Path]:
    """Return files by name; where a note or a table beside a mask has its name, the mask."""
    named: dict[str, Path] = {}
    for file in files:
        other = named.setdefault(name(file), file)
        if other != file and mask_format(other) is None:
            named[name(file)] = file
        elif other != file and mask_format(file) is not None:
            raise FormatError(file, f"{other.name} has the same name; put one of them into another folder.")
    return named
