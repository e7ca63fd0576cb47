"""Benchmark of the score on held-out strokes: how well does it foretell the Dice of images that nobody painted on?

    python benchmarks/score_honesty.py RESULTS.jsonl [--sets NAME ...] [--seeds N ...] [--moments STEP ...] [--plot FILE.png]

Strokes are those of strokes_race.py. One training in this process for each set and seed; after some numbers of steps its score, with its
standard error and the number of strokes it rests on, is set beside the true Dice of the same prediction: on the images without strokes, and
on the voxels without strokes of the painted images, which is what the score claims to foretell. Both are means over the foreground classes
that the score covers.

Each finished cell is a line of RESULTS.jsonl and is not measured again; tables and plot are made of all cells of the file.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cells import Cells, machine
from stroke_sets import DATA, PICTURES, SETS, USUAL_PICTURES, VOLUMES, Example, Labels, Task
from strokes_race import draw, mean_dice

from unetstudio.data.case import Case
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.palette import colours
from unetstudio.data.prediction import Prediction
from unetstudio.data.study import Study, StudyCase
from unetstudio.inference.collect import collect
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone
from unetstudio.training.fit import Trainer
from unetstudio.training.instant import InstantTier

KEYS = ("set", "seed", "step")
KINDS = {"painted": "unpainted voxels of the painted images", "unseen": "images without strokes"}
"""What true Dice is measured on."""


@dataclass(frozen=True, eq=False)
class Trial:
    """A training on the strokes `drawn` on a set's images to paint."""

    name: str
    task: Task
    seed: int
    drawn: list[Labels]

    def run(self, moments: list[int], settings: TrainingSettings) -> Iterator[dict[str, Any]]:
        """Yield a cell for each round that ends at or after one of the `moments` in steps."""
        due = sorted(moments)
        study = self._study()
        with tempfile.TemporaryDirectory() as folder:
            trainer = Trainer(study, settings, checkpoints=Path(folder), instant=InstantTier(study, self.seed))
            events = trainer.run()
            for event in events:
                if isinstance(event, RoundDone) and due and event.step >= due[0]:
                    due = [moment for moment in due if moment > event.step]
                    yield {"set": self.name, "seed": self.seed, "step": event.step, **self._compare(event, trainer.predictor())}
            events.close()

    def _study(self) -> Study:
        names = self.task.names
        members = []
        for number, (example, labels) in enumerate(zip(self.task.paint, self.drawn, strict=True)):
            scan = example.scan
            case = Case(f"case-{number}", f"case {number}", example.source, "", scan.shape, scan.channels, geometry=scan.geometry)
            members.append(StudyCase(case, lambda scan=scan: scan, LabelMap(labels.copy())))  # type: ignore[misc]  # the default binds it
        return Study(ClassTable.named(names, colours(len(names))), members)

    def _compare(self, event: RoundDone, predictor: Predictor) -> dict[str, Any]:
        """Return the score of a round beside the true Dice of its classes."""
        values = tuple(value for value in event.class_scores if value) or self.task.values
        painted = [_segmented(predictor, example) for example in self.task.paint]
        free = [labels == UNLABELLED for labels in self.drawn]
        truth = [example.truth for example in self.task.paint]
        own = mean_dice([m[f] for m, f in zip(painted, free, strict=True)], [t[f] for t, f in zip(truth, free, strict=True)], values)
        unseen = None
        if not self.task.same:
            masks = [_segmented(predictor, example) for example in self.task.score]
            unseen = mean_dice(masks, [example.truth for example in self.task.score], values)
        score = {"score": event.score, "uncertainty": event.uncertainty, "strokes": event.strokes, "seconds": event.seconds}
        return {**score, "painted": own, "unseen": unseen}


def _segmented(predictor: Predictor, example: Example) -> Labels:
    """Return the most likely class of each voxel (Z, Y, X)."""
    prediction = Prediction(example.scan.shape, predictor.values)
    for _ in collect(predictor.predict(example.scan, PredictionRequest("", tile_seconds=0.8)), prediction):
        pass
    return np.array(predictor.values, np.uint8)[prediction.probabilities.argmax(axis=0)]


def by_set(cells: list[dict[str, Any]]) -> str:
    """Tabulate means over seeds and moments for each set."""
    lines = ["| set | n | strokes | score | ± | " + " | ".join(KINDS.values()) + " |", "|---" * (5 + len(KINDS)) + "|"]
    for name in dict.fromkeys(cell["set"] for cell in cells):
        of_set = [cell for cell in cells if cell["set"] == name]
        columns = [_mean(of_set, key) for key in ("score", "uncertainty", *KINDS)]
        lines.append(f"| {name} | {len(of_set)} | {_mean(of_set, 'strokes', 1)} | {' | '.join(columns)} |")
    return "\n".join(lines)


def summary(cells: list[dict[str, Any]]) -> str:
    """Tabulate how well the score foretells each true Dice, over all cells."""
    head = [
        "foretold",
        "n",
        "Pearson r",
        "Spearman r",
        "r of set means",
        "mean bias",
        "mean difference",
        "within ±1",
        "within ±2",
    ]
    lines = ["| " + " | ".join(head) + " |", "|---" * len(head) + "|"]
    for kind, words in KINDS.items():
        both = [cell for cell in cells if cell["score"] is not None and cell[kind] is not None]
        if len(both) < 3:
            continue
        score, error, true = (np.array([cell[key] for cell in both], np.float64) for key in ("score", "uncertainty", kind))
        off = score - true
        means = np.array([[off_set[mask].mean() for off_set in (score, true)] for mask in _masks(both)])
        figures = [np.corrcoef(score, true)[0, 1], np.corrcoef(_ranks(score), _ranks(true))[0, 1]]
        figures.append(np.corrcoef(*means.T)[0, 1] if len(means) > 2 else np.nan)
        within = [np.mean(np.abs(off) <= n * error) for n in (1, 2)]
        cells_of_row = [*(f"{r:.2f}" for r in figures), f"{off.mean():+.3f}", f"{np.abs(off).mean():.3f}", *(f"{w:.0%}" for w in within)]
        lines.append(f"| {words} | {len(both)} | {' | '.join(cells_of_row)} |")
    return "\n".join(lines)


def plot(cells: list[dict[str, Any]], file: Path) -> None:
    """Plot the score over each true Dice, with its standard error; a perfect score lies on the diagonal."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, len(KINDS), figsize=(11, 5), layout="constrained")
    for axis, (kind, words) in zip(axes, KINDS.items(), strict=True):
        axis.plot([0, 1], [0, 1], color="grey", linewidth=0.8)
        for name in dict.fromkeys(cell["set"] for cell in cells):
            shown = [c for c in cells if c["set"] == name and c["score"] is not None and c[kind] is not None]
            true, score, error = ([cell[key] for cell in shown] for key in (kind, "score", "uncertainty"))
            axis.errorbar(true, score, yerr=error, fmt="o", markersize=4, elinewidth=0.8, label=name)
        axis.set(xlabel=f"Dice on {words}", ylabel="score on held-out strokes", xlim=(0, 1), ylim=(0, 1))
        axis.grid(alpha=0.3)
    axes[-1].legend(loc="lower right", fontsize=8)
    figure.savefig(file, dpi=90)


def _masks(cells: list[dict[str, Any]]) -> list[np.ndarray[tuple[int, ...], np.dtype[np.bool_]]]:
    """Return for each set which cells are its own."""
    names = np.array([cell["set"] for cell in cells])
    return [names == name for name in dict.fromkeys(names.tolist())]


def _ranks(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    return values.argsort().argsort().astype(np.float64)


def _mean(cells: list[dict[str, Any]], key: str, digits: int = 3) -> str:
    known = [cell[key] for cell in cells if cell[key] is not None]
    return f"{np.mean(known):.{digits}f}" if known else ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS.jsonl")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="*", default=[*USUAL_PICTURES, *VOLUMES], choices=[*PICTURES, *VOLUMES], metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 7, 13])
    parser.add_argument("--moments", type=int, nargs="*", default=[10, 30, 100, 300], metavar="STEP")
    parser.add_argument("--scored", type=int, default=6, help="number of images without strokes that are scored")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="training setting, as of `unetstudio train`")
    parser.add_argument("--table", action="store_true", help="only print the tables of the file")
    parser.add_argument("--plot", type=Path, metavar="FILE.png")
    arguments = parser.parse_args()
    cells = Cells(arguments.results, KEYS)
    for name in [] if arguments.table else arguments.sets:
        if not SETS[name].found(arguments.data):
            print(f"{name}: skipped, for its images are not in {arguments.data / SETS[name].folder}.")
            continue
        task = SETS[name].load(arguments.data, scored=arguments.scored)
        for seed in arguments.seeds:
            if all((name, seed, moment) in cells for moment in arguments.moments):
                continue
            settings = TrainingSettings(seed=seed, steps=max(arguments.moments)).with_overrides(arguments.set)
            for cell in Trial(name, task, seed, draw(task, seed)).run(arguments.moments, settings):
                cells.add(cell)
    print(f"\n{machine()}; commit {', '.join(cells.commits)}\n")
    print(by_set(list(cells)), summary(list(cells)), sep="\n\n")
    if arguments.plot:
        plot(list(cells), arguments.plot)


if __name__ == "__main__":
    main()
