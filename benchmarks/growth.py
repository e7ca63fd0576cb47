"""How training grows with the number of cases and classes: seconds before the first step, seconds and memory of a step, cost of an Edit.

    python benchmarks/growth.py [--cases 1 10 100 1000] [--classes 2 8 32 128 254] [--plot FILE.png]

Cases are pictures of 256 x 256, fully labelled in blobs. Each row is a process of its own with one thread; memory is what it took beyond
its start, at its largest. The limit is proportional growth: what a row takes beyond the first one over how much more it has to do.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

EDGE = 256
STEPS = 6


def run(cases: int, classes: int) -> tuple[float, float, float, float]:
    """Seconds to the first step, seconds a step (median), seconds to take up an Edit, and MB."""
    import numpy as np
    import psutil

    from unetstudio.data.case import Case, Source
    from unetstudio.data.classes import ClassTable
    from unetstudio.data.labels import LabelMap
    from unetstudio.data.origin import Origin
    from unetstudio.data.palette import colours
    from unetstudio.data.scan import Scan
    from unetstudio.data.study import Study, StudyCase
    from unetstudio.settings import TrainingSettings
    from unetstudio.training.events import StepDone
    from unetstudio.training.fit import Trainer

    rng = np.random.default_rng(0)

    def member(number: int) -> StudyCase:
        coarse = rng.integers(0, classes, (EDGE // 8, EDGE // 8))
        values = np.kron(coarse, np.ones((8, 8), np.int64)).astype(np.uint8)[None]  # (1, Y, X)
        scan = Scan((values.astype(np.uint16) * 200 + rng.integers(0, 100, values.shape, np.uint16))[None])
        case = Case(f"case-{number}", f"case {number}", Source(Path(f"{number}.png")), "", scan.shape, 1)
        return StudyCase(case, lambda: scan, LabelMap(values))

    table = ClassTable.named([f"class {n}" for n in range(classes)], colours(classes, None))
    study = Study(table, [member(number) for number in range(cases)])
    before = psutil.Process().memory_info().rss
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingSettings(steps=STEPS, threads=1, depth=3, base=16, patch=128, batch=4)
        trainer = Trainer(study, settings, checkpoints=Path(folder))
        start, times = time.perf_counter(), []
        for event in trainer.run():
            if isinstance(event, StepDone):
                times.append(time.perf_counter() - start)
    steps = np.diff(times)
    first = next(iter(study.cases.values()))
    assert first.labels is not None
    mask = np.zeros(first.labels.shape, np.bool_)
    mask[0, :9, :9] = True
    edit = first.labels.change(mask, 1 - first.labels.values % 2, Origin.PAINTED, "brush")
    assert edit is not None
    began = time.perf_counter()
    study.apply(first.case.id, 1, edit)
    trainer._material.refresh()
    taken_up = time.perf_counter() - began
    return times[0], float(np.median(steps)) if len(steps) else 0.0, taken_up, (peak() - before) / 2**20


def peak() -> int:
    """Most bytes this process ever held (Linux counts in KB, macOS in bytes)."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def plot(rows: list[tuple[str, int, tuple[float, float, float, float]]], file: Path) -> None:
    """Two pictures side by side: over cases, and over classes."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
    for axis, kind in zip(axes, ("cases", "classes"), strict=True):
        sizes = [size for name, size, _ in rows if name == kind]
        found = [values for name, _, values in rows if name == kind]
        for place, words in enumerate(("before the first step (s)", "a step (s)", "an Edit (s)", "memory (GB)")):
            scale = 1 / 1024 if place == 3 else 1.0
            axis.loglog(sizes, [max(values[place] * scale, 1e-5) for values in found], "o-", label=words)
        axis.set_xlabel(kind)
        axis.grid(alpha=0.3)
    axes[0].legend()
    figure.savefig(file, dpi=110)


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("--cases", type=int, nargs="+", default=[1, 10, 100, 1000])
    ask.add_argument("--classes", type=int, nargs="+", default=[2, 8, 32, 128, 254])
    ask.add_argument("--plot", type=Path)
    chosen = ask.parse_args()
    wanted: list[tuple[str, int, dict[str, Any]]] = [("cases", n, {"cases": n, "classes": 2}) for n in chosen.cases]
    wanted += [("classes", n, {"cases": 8, "classes": n}) for n in chosen.classes]
    print("| what | number | before the first step, s | a step, s | an Edit, s | MB |\n|---|---|---|---|---|---|")
    rows = []
    for kind, size, options in wanted:
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            found = pool.apply(run, (), options)
        rows.append((kind, size, found))
        print(f"| {kind} | {size} | {found[0]:.2f} | {found[1]:.3f} | {found[2]:.4f} | {found[3]:.0f} |", flush=True)
    if chosen.plot:
        plot(rows, chosen.plot)


if __name__ == "__main__":
    main()
