"""S1: a day of painting in minutes, with undo, other cases, other classes and a learner: nothing grows."""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
import pytest
from faults.window import Window, opened, pictures

from unetstudio.project.store import BYTES
from unetstudio.ui.pauses import Pauses

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="descriptors of Unix")
HOURS = 8.0
"""What the whole run stands for."""
ACTIONS, SHORT = 15_000, 400
"""Of which seven in ten are strokes."""
UNDO = 2**17
"""Bytes kept for undo here instead of 256 MB, so that it is full, as after days, before the growth is measured."""
SAMPLES = 100
BAR = "under 1 MB more an hour in the second half of the day"
WARM = SAMPLES // 2
"""Samples before the growth is measured: by then undo is full, and each case has the three generations that opening it reads."""
MEGABYTE = 2**20


@dataclass(frozen=True)
class Sample:
    """One look at the processes and the folder."""

    hour: float
    window: float  # MB
    learner: float  # MB
    handles: int
    threads: int
    journal: int  # bytes of the journals in use


def look(window: Window, project: Path, hour: float) -> Sample:
    process, *children = window.family
    with process.oneshot():
        used, threads = process.memory_info().rss / MEGABYTE, process.num_threads()
    learner = max((child.memory_info().rss for child in children if child.status() != psutil.STATUS_ZOMBIE), default=0) / MEGABYTE
    live = []
    for case in project.glob("cases/*"):
        newest = max((int(path.stem.rpartition("-")[2]) for path in case.glob("labels-*.h5")), default=0)
        live.append(sum(path.stat().st_size for path in case.glob(f"strokes-{newest}*.journal")))
    return Sample(hour, used, learner, process.num_fds(), threads, max(live, default=0))


def slope(samples: list[Sample], of: str) -> float:
    """MB an hour, by least squares."""
    return float(np.polyfit([s.hour for s in samples], [getattr(s, of) for s in samples], 1)[0])


def grown(samples: list[Sample], of: str) -> str:
    """In words, also what the choice of the warm part hides."""
    late, early = slope(samples[WARM:], of), slope(samples[SAMPLES // 4 :], of)
    end = getattr(samples[-1], of)
    words = f"{late:+.2f} MB an hour in the second half ({early:+.2f} from the first quarter on), {end:.0f} MB at the end"
    return f"{words}; undo kept to {UNDO // 1024} KB"


@pytest.mark.timeout(0)
def test_that_a_day_of_painting_makes_nothing_grow(tmp_path: Path, long: bool, figure: Callable[..., None]) -> None:
    actions = ACTIONS if long else SHORT
    images = pictures(tmp_path / "images", ("cells", "nuclei", "vessels"))
    project = images.with_name("images.unetstudio")
    samples: list[Sample] = []
    with opened(images, seed=1, actions=actions, pace=5, long=0.003, switch=0.01, learn=True, undo=UNDO) as window:
        begun = time.monotonic()
        for number in range(SAMPLES):
            assert window.says("acted", times=number + 1, seconds=600)
            samples.append(look(window, project, HOURS * (number + 1) / SAMPLES))
        minutes = (time.monotonic() - begun) / 60
        os.kill(window.process.pid, signal.SIGTERM)
        error = window.end()
        strokes = sum(words[1] == "edit" for words in window.all("state"))
        rounds = len(window.all("event", "RoundDone"))
        faults = window.all("fault")
    assert window.process.returncode == 0
    assert not error
    assert not faults
    (tmp_path / "samples.json").write_text(json.dumps([asdict(sample) for sample in samples]))
    warm, last = samples[WARM:], samples[-SAMPLES // 4 :]
    handles, threads = (
        max(getattr(s, of) for s in last) - max(getattr(s, of) for s in warm[: SAMPLES // 4]) for of in ("handles", "threads")
    )
    journal = max(s.journal for s in samples) / MEGABYTE
    growth, learning = slope(warm, "window"), slope(warm, "learner")
    pauses = [pause.seconds for pause in Pauses().all() if not pause.machine]
    what = "a compressed day of painting: undo, redo, other cases, other classes, the learner at work"
    rows = [
        ("memory of the window", BAR, growth < 1, grown(samples, "window")),
        ("memory of the learner", BAR, learning < 1, grown(samples, "learner")),
        ("open files and threads", "constant", handles <= 2 and threads <= 2, f"{handles:+d} files, {threads:+d} threads"),
        ("the journal in use", f"at most {BYTES // MEGABYTE} MB", journal <= BYTES / MEGABYTE, f"at most {journal:.2f} MB"),
        ("pauses of the window", "none over 0.1 s", not pauses, f"{len(pauses)} over 0.1 s, the longest {max(pauses, default=0):.2f} s"),
    ]
    for name, bar, holds, note in rows:
        told = f"{note}; {HOURS:.0f} h in {minutes:.0f} min, {rounds} rounds of learning"
        figure("S1", f"{what}: {name}", bar=bar, n=strokes, good=strokes if holds else 0, note=told)
    assert handles <= 2
    assert threads <= 2
    assert journal <= BYTES / MEGABYTE
    if long:
        assert strokes >= 10_000
        assert growth < 1
        assert learning < 1
