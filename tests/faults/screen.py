"""The program on a virtual screen, operated by mouse and keys from outside as by a user; and the labels that its strokes must leave."""

from __future__ import annotations

import contextlib
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import psutil
from numpy.typing import NDArray

from unetstudio.errors import UserError
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels

NEEDS = ("Xvfb", "xdotool")
SIZE = "1280x800"
LEFT, TOP, RIGHT, BOTTOM = 270, 220, 850, 700
"""Pixels of the screen that certainly show the image."""
RADIUS = 6.0
"""Initial size of the brush in voxels."""
SURE, AT_MOST = 2.5, RADIUS + 2.5
"""Distances in voxels from a stroke's line up to which voxels are certainly painted, and beyond which certainly not."""

available = sys.platform.startswith("linux") and all(shutil.which(name) for name in NEEDS)


@contextlib.contextmanager
def screen() -> Iterator[dict[str, str]]:
    """Start a virtual screen and yield its environment."""
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{SIZE}x24", "-nolisten", "tcp", "-noreset"]
    server = subprocess.Popen(words, pass_fds=[writing], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        yield {**os.environ, "DISPLAY": f":{number}", "QT_QPA_PLATFORM": "xcb", "OMP_NUM_THREADS": "1"}
    finally:
        server.terminate()
        server.wait(10)


@dataclass(eq=False)
class Stroke:
    """A stroke from press to release, in pixels of the screen; `ended` is the time of the release."""

    points: list[tuple[int, int]]
    value: int
    ended: float = float("inf")

    @property
    def words(self) -> list[str]:
        """The arguments of xdotool."""
        words = ["key", str(self.value + 1), "mousemove", *map(str, self.points[0]), "mousedown", "1"]
        for x, y in self.points[1:]:
            words += ["mousemove", str(x), str(y), "sleep", "0.02"]
        return [*words, "mouseup", "1"]


@dataclass(eq=False)
class Hand:
    """The actions on the window: strokes, and None for an undo."""

    environment: dict[str, str]
    done: list[tuple[Stroke | None, float]] = field(default_factory=list)

    def does(self, *words: str) -> None:
        """Send mouse and key events."""
        subprocess.run(["xdotool", *words], env=self.environment, check=False, timeout=60, stderr=subprocess.DEVNULL)

    def paint(self, stroke: Stroke) -> None:
        """Record a stroke, then paint it, so that a kill in the middle is covered."""
        self.done.append((stroke, float("inf")))
        self.does(*stroke.words)
        self.done[-1] = (stroke, time.monotonic())

    @property
    def standing(self) -> int:
        """Number of strokes that were not undone."""
        return sum(1 if stroke is not None else -1 for stroke, _ in self.done)

    def undo(self) -> None:
        """Undo a stroke; call it only for strokes of this hand."""
        self.done.append((None, float("inf")))
        self.does("key", "ctrl+z")
        self.done[-1] = (None, time.monotonic())


def random_stroke(chance: random.Random) -> Stroke:
    """Make a straight stroke: a busy screen skips positions of the mouse, and with them corners."""
    x0, y0, x1, y1 = (chance.randrange(*room) for room in ((LEFT, RIGHT), (TOP, BOTTOM)) * 2)
    return Stroke([(round(x0 + (x1 - x0) * i / 8), round(y0 + (y1 - y0) * i / 8)) for i in range(9)], chance.randrange(2))


def start(path: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    """Start the program as a user does."""
    words = [sys.executable, "-m", "unetstudio", str(path)]
    return subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_at(program: subprocess.Popen[bytes], seconds: float, *, learner: bool) -> tuple[threading.Thread, list[float]]:
    """Send `kill -9` to the program, with `learner` also to its learner, after `seconds`, and append the time to the returned list."""
    when: list[float] = []

    def kill() -> None:
        time.sleep(seconds)
        children = psutil.Process(program.pid).children(recursive=True) if learner else []
        when.append(time.monotonic())
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()
        program.send_signal(signal.SIGKILL)
        program.wait(30)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread, when


def labels(project: Path) -> NDArray[np.uint8] | None:
    """Read the labels (Y, X) of the first case on the disk; None while there are none."""
    try:
        with Project.open(project, read_only=True) as found:
            return read_labels(project, found.cases[0])[0].values[0].copy() if found.cases else None
    except UserError:
        return None


def wait_until_it_paints(hand: Hand, project: Path, program: subprocess.Popen[bytes], seconds: float = 300) -> Stroke:
    """Dab at one place in alternating classes until a dab is on the disk; return it."""
    dab = Stroke([(LEFT - 20, BOTTOM), (LEFT - 20, BOTTOM)], 1)
    written, end = _written(project), time.monotonic() + seconds
    while _written(project) <= written:
        assert program.poll() is None, f"the window ended with {program.returncode}"
        assert time.monotonic() < end, "the window did not paint"
        dab.value = 1 - dab.value
        hand.does("key", "b", *dab.words)
        time.sleep(0.15)
    time.sleep(0.7)  # until the superfluous dabs are saved as well
    return dab


def _written(project: Path) -> int:
    return sum(path.stat().st_size for path in project.glob("cases/*/strokes-*.journal"))


# --------------------------------------------------------------------------------------------------------- what must be there


@dataclass(frozen=True)
class Map:
    """The map from pixels of the screen to voxels: `voxel = (pixel - offset) / scale`, for x and y."""

    scale: tuple[float, float]
    offset: tuple[float, float]

    def near(self, stroke: Stroke, shape: tuple[int, int], within: float) -> NDArray[np.bool_]:
        """Return the voxels whose centre is within a distance of the stroke's line."""
        rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
        points = [tuple((p - o) / s for p, o, s in zip(point, self.offset, self.scale, strict=True)) for point in stroke.points]
        inside = np.zeros(shape, np.bool_)
        for (x0, y0), (x1, y1) in pairwise(points):
            length = (x1 - x0) ** 2 + (y1 - y0) ** 2
            along = np.clip(((columns - x0) * (x1 - x0) + (rows - y0) * (y1 - y0)) / length, 0, 1) if length else 0.0
            inside |= (columns - x0 - along * (x1 - x0)) ** 2 + (rows - y0 - along * (y1 - y0)) ** 2 <= within**2
        return inside


def measured(before: NDArray[np.uint8], after: NDArray[np.uint8], corners: tuple[Stroke, Stroke]) -> Map:
    """Measure the map by two dabs in opposite corners."""
    found = []
    for dab in corners:
        rows, columns = np.nonzero((before != after) & (after == dab.value))
        found.append((columns.mean(), rows.mean()))
    (x0, y0), (x1, y1) = corners[0].points[0], corners[1].points[0]
    scale = (x1 - x0) / (found[1][0] - found[0][0]), (y1 - y0) / (found[1][1] - found[0][1])
    return Map(scale, (x0 - found[0][0] * scale[0], y0 - found[0][1] * scale[1]))


def missing(hand: Hand, killed: float, before: NDArray[np.uint8], after: NDArray[np.uint8], where: Map, dab: Stroke) -> tuple[str, float]:
    """Return the fault of `after`, or "", and how many seconds before the kill the first missing action was done.

    Correct labels are exactly those of some first part of the actions, which includes all done a second or more before the kill.
    """
    reason = ""
    for kept in range(len(hand.done), -1, -1):
        reason = _differs(hand.done[:kept], hand.done[kept : kept + 1], before, after, where, dab)
        if not reason:
            lost = max(0.0, killed - hand.done[kept][1]) if kept < len(hand.done) else 0.0
            return (f"stroke {kept + 1} of {len(hand.done)}, done {lost:.2f} s before the kill, is gone" if lost > 1 else ""), lost
    return f"no beginning of what was done leaves this: {reason}", 0.0


def _differs(
    done: list[tuple[Stroke | None, float]],
    next_one: list[tuple[Stroke | None, float]],
    before: NDArray[np.uint8],
    after: NDArray[np.uint8],
    where: Map,
    dab: Stroke,
) -> str:
    standing: list[tuple[int, Stroke]] = []
    for number, (stroke, _) in enumerate(done, start=1):
        if stroke is not None:
            standing.append((number, stroke))
        elif standing:
            standing.pop()
    begun = [stroke for stroke, _ in next_one if stroke is not None]
    later = np.zeros(after.shape, np.bool_)  # voxels of later strokes
    for stroke in [dab, *begun]:
        later |= where.near(stroke, after.shape, AT_MOST)
    for number, stroke in reversed(standing):
        wrong = (after != stroke.value)[where.near(stroke, after.shape, SURE) & ~later]
        if wrong.any():
            return f"stroke {number} is not there by {wrong.mean():.0%}"
        later |= where.near(stroke, after.shape, AT_MOST)
    return "something is there that was never painted" if (before != after)[~later].any() else ""
