"""Benchmark with a simulated user: who paints and corrects, how good are the masks of other images after how many minutes and strokes?

    python benchmarks/simulated_user.py RESULTS.jsonl [--sets NAME ...] [--seeds N ...] [--minutes M] [--methods NAME ...]

As long as nothing is shown, the user paints up to three strokes of each class on an image, and then opens the next one. Once something is
shown, the largest error in sight is corrected with a brush that fits it, along its middle. The hand moves 400 pixels a second, and it takes
0.2 s to find an error. The next image is opened when no error worth a stroke is left, or after a share of the time, which takes a second.
Meanwhile the method behind the screen computes, for as long as the hand needs: two simulated minutes take two minutes and the time to
score. Methods:

- `ours`: the worker's `Runner`, told of strokes and views as the window tells it, one stroke in six held out as there;
- `forest+`, `forest`: a random forest that learns all strokes anew after each stroke (see forests.py), as ilastik does;
- `rootpainter`: RootPainter's rule with our network (see rootpainter.py);
- `dense`: no user, but the program's training on the full masks of all images that a user could paint, for `--dense-minutes`: the limit.

Each finished run is a line of RESULTS.jsonl and is not made again; the table is printed from all runs of the file.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from cells import Cells, machine
from hand import Movement, Point, correction, example, paint, visible_errors
from live_runner import CLOCKS
from loop_methods import LiveForest, Method, Studio
from numpy.typing import NDArray
from rootpainter import RootPainter
from stroke_sets import DATA, PICTURES, Task, mean_dice
from user_tables import METHODS, summary, table

from unetstudio.data.labels import UNLABELLED, LabelMap
from unetstudio.data.origin import HELD_OUT, Origin
from unetstudio.settings import TrainingSettings

Labels = NDArray[np.uint8]

KEYS = ("set", "seed", "method", "minutes")
USUAL_SETS = ("isbi", "hela", "t98g", "drive", "psc", "fluo", "gowt1", "vnc")

EXAMPLES = 3
"""Strokes of each class that are painted on an image as long as nothing is shown."""

PAUSE = 0.25
"""Seconds between two looks at the screen when there is nothing to do."""

GLANCE = 0.1
"""Seconds between two looks at whether something is shown at last."""

NEXT_IMAGE = 1.0
"""Seconds to open the next image."""

HELD_OUT_EVERY = 6
"""Strokes of a class of which the window holds one out, the fourth first."""


class User:
    """A user at work on the images to paint, with `method` behind the screen; `curve` has what was reached when."""

    def __init__(self, task: Task, method: Method, rng: np.random.Generator, seconds: float, share: float, every: float) -> None:
        self.curve: list[dict[str, Any]] = []
        self.two_classes: float | None = None  # when a second class was painted: now a method could learn
        self.first: float | None = None  # when something was shown first
        self._task, self._method, self._rng = task, method, rng
        self._end, self._visit, self._every = seconds, share * seconds, every
        self._time = 0.0
        self._truth = [example.truth[0] for example in task.paint]
        self._labels = [LabelMap.unlabelled(example.scan.shape) for example in task.paint]
        self._handled = [np.zeros(truth.shape, np.bool_) for truth in self._truth]  # painted since the image was predicted
        self._versions = [0] * len(self._truth)
        self._pointer: Point | None = None
        self._strokes: Counter[tuple[int, int]] = Counter()  # by image and class

    def work(self) -> None:
        """Paint image after image until the time is up."""
        image = 0
        while self._time < self._end:
            self._method.show(image)
            until = self._time + self._visit
            while self._time < min(until, self._end):
                movement, done = self._next(image)
                if done:
                    break
                if movement is None:
                    self._wait(PAUSE)
                else:
                    self._paint(image, movement)
            self._pointer = None
            image = (image + 1) % len(self._truth)
            self._wait(NEXT_IMAGE)

    def _next(self, image: int) -> tuple[Movement | None, bool]:
        """Return the stroke to paint now, None to wait for what was painted to be learnt; and whether nothing is left to do here."""
        shown = self._method.seen(image)
        if shown is None and self.first is None:
            movement = self._next_example(image)
            return movement, movement is None
        if shown is None:
            return None, False
        if self._versions[image] != (version := self._method.version(image)):
            self._versions[image] = version
            self._handled[image][:] = False
        labels = self._labels[image].values[0]
        shown = np.where(labels != UNLABELLED, labels, shown)
        movement, any_left = correction(visible_errors(shown, self._truth[image]), self._truth[image], self._handled[image])
        return movement, not any_left

    def _next_example(self, image: int) -> Movement | None:
        """Return a stroke of the class with the fewest examples on this image, None when there are enough."""
        truth, painted = self._truth[image], self._labels[image].values[0] != UNLABELLED
        for value in sorted(np.unique(truth).tolist(), key=lambda value: self._strokes[image, value]):
            if self._strokes[image, value] < EXAMPLES and (movement := example(truth, value, painted, self._rng)) is not None:
                return movement
        return None

    def _paint(self, image: int, movement: Movement) -> None:
        """Move the hand; the stroke is learnt from its end on."""
        movement = movement.from_nearer_end(self._pointer)
        self._wait(movement.seconds(self._pointer))
        self._pointer = movement.path[-1]
        count = sum(strokes for (_, value), strokes in self._strokes.items() if value == movement.value)
        held = HELD_OUT if count % HELD_OUT_EVERY == HELD_OUT_EVERY // 2 else 0
        edit = paint(movement, self._labels[image], self._truth[image], Origin.PAINTED | held)
        if edit is not None:
            self._strokes[image, movement.value] += 1
            if self.two_classes is None and len({value for _, value in self._strokes}) == 2:
                self.two_classes = self._time
            self._handled[image][edit.region.slices[1:]] |= edit.mask[0]
            self._method.paint(image, edit)

    def _wait(self, seconds: float) -> None:
        """Let so many seconds pass, and score at the moments that they hold."""
        until = min(self._time + seconds, self._end)
        while self._time < until:
            scored = (len(self.curve) + 1) * self._every
            self._time = min(until, scored, self._time + GLANCE if self.first is None else until)
            self._method.advance(self._time)
            if self._time == scored:
                self._score(scored)
            if self.first is None and any(self._method.seen(image) is not None for image in range(len(self._truth))):
                self.first = self._time

    def _score(self, moment: float) -> None:
        masks = self._method.masks()
        truth = [example.truth[0] for example in self._task.score]
        share = sum(labels.annotated for labels in self._labels) / sum(labels.values.size for labels in self._labels)
        self.curve.append(
            {
                "minutes": moment / 60,
                "dice": None if masks is None else mean_dice(masks, truth, self._task.values),
                "strokes": self._strokes.total(),
                "images": sum(labels.annotated > 0 for labels in self._labels),
                "painted": share,
            }
        )
        print(f"  {moment:5.0f} s  {self.curve[-1]['dice']}  {self.curve[-1]['strokes']} strokes", flush=True)


def load(name: str, data: Path, scored: int) -> Task:
    """Read a set: at most half of its images are scored, and the user may paint all others."""
    count = PICTURES[name].count(data)
    scored = min(scored, count // 2)
    return PICTURES[name].load(data, painted=count - scored, scored=scored)


def run(task: Task, method: str, seed: int, arguments: argparse.Namespace) -> dict[str, Any]:
    """Let a user work with a method, and return the curve and the seconds from the second class's first stroke to the first sight."""
    settings = TrainingSettings(seed=seed).with_overrides(arguments.set)
    makers: dict[str, Callable[[Path], Method]] = {
        "ours": lambda folder: Studio(task, folder, settings, arguments.clock),
        "forest": lambda folder: LiveForest(task, "forest", arguments.clock),
        "forest+": lambda folder: LiveForest(task, "forest+", arguments.clock),
        "rootpainter": lambda folder: RootPainter(task, seed, arguments.clock),
    }
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "user.unetstudio"
        if method == "dense":
            full = Studio(task, folder, settings, arguments.clock, [example.truth for example in task.paint])
            full.advance(60 * arguments.dense_minutes)
            masks = full.masks()
            full.close()
            truth = [example.truth[0] for example in task.score]
            dice = None if masks is None else mean_dice(masks, truth, task.values)
            return {"waited": None, "curve": [{"minutes": arguments.dense_minutes, "dice": dice}]}
        behind = makers[method](folder)
        user = User(task, behind, np.random.default_rng(seed), 60 * arguments.minutes, arguments.share, arguments.every)
        user.work()
        behind.close()
        waited = None if user.first is None or user.two_classes is None else user.first - user.two_classes
        return {"waited": waited, "curve": user.curve}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS.jsonl")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--sets", nargs="*", default=list(USUAL_SETS), choices=list(PICTURES), metavar="NAME")
    parser.add_argument("--seeds", type=int, nargs="*", default=[0, 7, 13])
    parser.add_argument("--minutes", type=float, default=2)
    parser.add_argument("--methods", nargs="*", default=["ours", "forest+", "rootpainter", "dense"], choices=METHODS, metavar="NAME")
    parser.add_argument("--share", type=float, default=0.25, help="share of the time after which the next image is opened")
    parser.add_argument("--every", type=float, default=30, metavar="SECONDS", help="time between two scores")
    parser.add_argument("--scored", type=int, default=6, help="number of images scored")
    parser.add_argument("--dense-minutes", type=float, default=5)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="training setting of ours, as of `unetstudio train`"
    )
    parser.add_argument("--clock", choices=list(CLOCKS), default="wall", help="processor time on a busy computer, with one thread")
    parser.add_argument("--table", action="store_true", help="only print the table of the file")
    arguments = parser.parse_args()
    cells = Cells(arguments.results, KEYS)
    for name in [] if arguments.table else arguments.sets:
        if not PICTURES[name].found(arguments.data):
            print(f"{name}: skipped, for its images are not in {arguments.data / PICTURES[name].folder}.")
            continue
        task = load(name, arguments.data, arguments.scored)
        for seed in arguments.seeds:
            for method in arguments.methods:
                minutes = arguments.dense_minutes if method == "dense" else arguments.minutes
                if (name, seed, method, minutes) not in cells:
                    print(f"{name}, seed {seed}, {method}", flush=True)
                    try:
                        found = run(task, method, seed, arguments)
                    except RuntimeError as error:  # the other runs go on
                        print(f"failed: {error}")
                        continue
                    cells.add({"set": name, "seed": seed, "method": method, "minutes": minutes, **found})
    print(f"\n{machine()}; commit {', '.join(cells.commits)}\n\n{table(cells)}\n\n{summary(cells)}")


if __name__ == "__main__":
    main()
