"""Benchmark of the time to quality from the same strokes: the command line's masks against a pixel classifier's.

    python benchmarks/strokes_race.py RESULTS.jsonl [--sets NAME ...] [--seeds N ...] [--seconds S ...] [--dense S] [--probe]

Strokes are random walks that stay inside a class: in pictures eight per class on each of two images, in volumes two per class on each of
three slices. They are given to two random forests (see forests.py), and to `unetstudio train --seconds S` and `unetstudio predict`. Images
without strokes are scored, or of a single volume its voxels without strokes. `--dense S` trains on the full masks of the same images,
which is the limit of the network. Seconds are those from strokes to masks.

`--probe` scores instead what one training without a budget, as in the window, shows after each of `--moments` seconds: in the worker's
`Runner`, whose clock stands still while the images are scored.

Each finished cell is a line of RESULTS.jsonl and is not measured again; the tables are printed from all cells of the file.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from cells import Cells, machine
from forests import FORESTS, Forest
from live_runner import CLOCKS, LiveRunner
from numpy.typing import NDArray
from race_tables import probe_table, race_table
from scribbles import scribbles, scribbles_in_slices
from stroke_project import command, make_project, predicted
from stroke_sets import DATA, PICTURES, SETS, USUAL_PICTURES, VOLUMES, Task, mean_dice

from unetstudio.data.labels import UNLABELLED
from unetstudio.settings import TrainingSettings

Labels = NDArray[np.uint8]
Curve = list[tuple[float, float, float | None]]

KEYS = ("set", "seed", "method", "budget")
PICTURE_STROKES, SLICE_STROKES, SLICES = 8, 2, 3
"""Strokes per class and picture; per class and slice of a volume; and slices of a volume with strokes."""

MOMENTS = (1, 2, 5, 10, 20, 30, 60, 120, 300)


def draw(task: Task, seed: int) -> list[Labels]:
    """Draw the strokes on the images to paint, as labels (Z, Y, X)."""
    rng = np.random.default_rng(seed)

    def strokes(truth: Labels) -> Labels:
        if len(truth) > 1:
            return scribbles_in_slices(truth, rng, SLICE_STROKES, SLICES)
        return scribbles(truth[0], rng, PICTURE_STROKES)[None]

    return [strokes(example.truth) for example in task.paint]


def dice(task: Task, drawn: list[Labels], masks: list[Labels]) -> float:
    """Score the masks of the images to score."""
    truth = [example.truth for example in task.score]
    if task.same:
        free = [labels == UNLABELLED for labels in drawn]
        masks, truth = ([m[f] for m, f in zip(images, free, strict=True)] for images in (masks, truth))
    return mean_dice(masks, truth, task.values)


def forest(kind: str, task: Task, drawn: list[Labels]) -> tuple[list[Labels], float]:
    """Return a forest's masks, and the seconds from strokes to masks."""
    start, trees = time.perf_counter(), Forest(kind)
    trees.fit([trees.features(example.scan) for example in task.paint], drawn)
    masks = [trees.predict(trees.features(example.scan)) for example in task.score]
    return masks, time.perf_counter() - start


def studio(task: Task, labels: list[Labels], seconds: float, seed: int, options: Sequence[str]) -> tuple[list[Labels], float]:
    """Return the masks of the command line after so many seconds of training, and the seconds from labels to masks."""
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "race.unetstudio"
        make_project(project, task.names, task.paint, labels)
        start = time.perf_counter()
        command("train", project, "--seconds", seconds, "--seed", seed, *options)
        masks = predicted(project, task.score, Path(scratch) / "masks")
        return masks, time.perf_counter() - start


def probe(task: Task, drawn: list[Labels], moments: list[float], settings: TrainingSettings, clock: str) -> Curve:
    """Return the moments of a training, when they were reached, and the Dice of what it shows then, None before it shows anything."""
    curve: Curve = []
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "race.unetstudio"
        images = task.paint if task.same else [*task.paint, *task.score]
        classes, cases = make_project(project, task.names, images, drawn)
        live = LiveRunner(project, classes, cases, clock)
        scored = cases if task.same else cases[len(task.paint) :]
        live.show(cases[0])
        live.train(settings)
        for moment in moments:
            live.advance(moment)
            masks = live.aside(scored)
            curve.append((moment, round(live.clock, 2), None if masks is None else dice(task, drawn, masks)))
            print(f"  {live.clock:6.1f} s  {curve[-1][2]}", flush=True)
        live.close()
    return curve


@dataclass(frozen=True, eq=False)
class Race:
    """The race on one set with one seed; finished cells are not run again."""

    name: str
    task: Task
    seed: int
    drawn: list[Labels]
    cells: Cells

    def run(self, seconds: list[float], dense: float, options: list[str]) -> None:
        """Measure the forests, and the program after these seconds of training on strokes and after `dense` seconds on full masks."""
        for kind in FORESTS:
            self._add(kind, 0, partial(forest, kind, self.task, self.drawn))
        for budget in seconds:
            self._add("ours", budget, partial(studio, self.task, self.drawn, budget, self.seed, options))
        if dense and not self.task.same:  # the limit on other images: of the same ones it knows the answer
            full = [example.truth for example in self.task.paint]
            self._add("dense", dense, partial(studio, self.task, full, dense, self.seed, options))

    def probe(self, moments: list[float], settings: TrainingSettings, clock: str) -> None:
        """Score what one training shows after each of these seconds."""
        if (self.name, self.seed, "probe", moments[-1]) not in self.cells:
            curve = probe(self.task, self.drawn, moments, settings, clock)
            self.cells.add({"set": self.name, "seed": self.seed, "method": "probe", "budget": moments[-1], "curve": curve})

    def _add(self, method: str, budget: float, masks_and_seconds: Callable[[], tuple[list[Labels], float]]) -> None:
        if (self.name, self.seed, method, budget) in self.cells:
            return
        masks, wall = masks_and_seconds()
        painted = sum(int((labels != UNLABELLED).sum()) for labels in self.drawn) / sum(labels.size for labels in self.drawn)
        found = {"dice": dice(self.task, self.drawn, masks), "wall": wall, "painted": painted}
        self.cells.add({"set": self.name, "seed": self.seed, "method": method, "budget": budget, **found})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS.jsonl")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="*", default=[*USUAL_PICTURES, *VOLUMES], choices=[*PICTURES, *VOLUMES], metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 7, 13])
    parser.add_argument("--seconds", type=float, nargs="*", default=[5, 10, 30, 60])
    parser.add_argument("--dense", type=float, default=0, metavar="SECONDS")
    parser.add_argument("--scored", type=int, default=6, help="number of images scored")
    parser.add_argument("--probe", action="store_true")
    parser.add_argument("--moments", type=float, nargs="*", default=list(MOMENTS))
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="of a probe: processor on a busy computer, with one thread")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="training setting, as of `unetstudio train`")
    parser.add_argument("--table", action="store_true", help="only print the tables of the file")
    arguments = parser.parse_args()
    cells = Cells(arguments.results, KEYS)
    for name in [] if arguments.table else arguments.sets:
        if not SETS[name].found(arguments.data):
            print(f"{name}: skipped, for its images are not in {arguments.data / SETS[name].folder}.")
            continue
        task = SETS[name].load(arguments.data, scored=arguments.scored)
        for seed in arguments.seeds:
            race = Race(name, task, seed, draw(task, seed), cells)
            try:
                if arguments.probe:
                    race.probe(arguments.moments, TrainingSettings(seed=seed).with_overrides(arguments.set), arguments.clock)
                else:
                    race.run(arguments.seconds, arguments.dense, [word for pair in arguments.set for word in ("--set", pair)])
            except RuntimeError as error:  # the other sets go on
                print(f"{name}, seed {seed}: failed, {error}")
    print(f"\n{machine()}; commit {', '.join(cells.commits)}\n")
    print(race_table(cells), probe_table(cells), sep="\n\n")


if __name__ == "__main__":
    main()
