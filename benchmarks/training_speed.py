"""Benchmark of whole training iterations, augmentation included, against MONAI, batchgeneratorsv2 and nnU-Net.

    python benchmarks/training_speed.py --threads 2

All rows have the same network (our U-Net), patch, batch and number of threads, on synthetic images; each row is a separate process. Rows of
packages that are not installed say so. It prints a table of Markdown for pictures and one for volumes.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch

OURS = "ours"
WAYS = ("ours", "ours, float32", "monai", "monai, 2 workers", "batchgeneratorsv2", "nnunet", "nnunet, 2 workers")


@dataclass(frozen=True)
class Task:
    """A training task: `scan` is the shape of an image, `patch` that of a patch, both without leading ones."""

    dims: int
    scan: tuple[int, ...]
    patch: tuple[int, ...]
    batch: int
    base: int
    depth: int

    def network(self, channels: int = 1) -> torch.nn.Module:
        """Make a new network of two classes."""
        from unetstudio.networks.network import create

        torch.manual_seed(0)
        return create("unet", channels, 2, self.dims, depth=self.depth, base=self.base)

    def images(self, count: int) -> list[tuple[np.ndarray, np.ndarray]]:
        """Make soft random blobs with noise, float32, and their masks, uint8."""
        from scipy.ndimage import gaussian_filter

        pairs = []
        for seed in range(count):
            rng = np.random.default_rng(seed)
            field = gaussian_filter(rng.standard_normal(self.scan).astype(np.float32), 6)
            truth = (field > field.std()).astype(np.uint8)
            pairs.append((100 + 60 * truth + 15 * rng.standard_normal(self.scan).astype(np.float32), truth))
        return pairs


TASKS = {2: Task(2, (512, 512), (256, 256), 4, 32, 4), 3: Task(3, (48, 192, 192), (32, 128, 128), 2, 16, 3)}
TINY = {2: Task(2, (96, 96), (64, 64), 2, 4, 2), 3: Task(3, (12, 48, 48), (8, 32, 32), 2, 4, 2)}


@dataclass(frozen=True, eq=False)
class Way:
    """A way to train: `make` prepares a batch and is timed alone; `take` returns the next batch as in training; `step` trains on it."""

    make: Callable[[], Any]
    take: Callable[[], Any]
    step: Callable[[Any], None]
    format: torch.dtype
    close: Callable[[], None] = lambda: None


def ours(task: Task, wanted: str) -> Way:
    """Train with the program's own cases, samples and training state."""
    from unetstudio.augment.recipe import Recipe
    from unetstudio.data.case import Case, Source
    from unetstudio.data.classes import ClassTable
    from unetstudio.data.labels import LabelMap
    from unetstudio.data.scan import Scan
    from unetstudio.data.study import Study, StudyCase
    from unetstudio.networks.precision_choice import choose_precision
    from unetstudio.training.losses import class_weights
    from unetstudio.training.material import Material
    from unetstudio.training.samples import Samples, draw_patch, make_batch
    from unetstudio.training.study_scans import fit_intensity
    from unetstudio.training.train_state import TrainState

    members = []
    for n, (image, truth) in enumerate(task.images(8)):
        scan = Scan(image.reshape(1, -1, *task.scan[-2:]))
        case = Case(f"case{n}", f"case{n}", Source(Path(f"{n}.tif")), "", scan.shape, 1)
        members.append(StudyCase(case, lambda scan=scan: scan, LabelMap(truth.reshape(scan.shape))))
    study = Study(ClassTable.named(["background", "blob"], [(0, 0, 0), (255, 0, 0)]), members)
    intensity, _ = fit_intensity(study, filters=False)
    material, recipe = Material(study, intensity), Recipe.standard()
    index = material.refresh()
    weight = class_weights(list(index.counts), dense=True)
    precision = choose_precision(torch.device("cpu"), task.dims, wanted)
    print(precision.reason, file=sys.stderr)
    state = TrainState(task.network(intensity.channels_out(1)), precision)
    samples = Samples(material, recipe, task.patch, task.batch, seed=0)
    rng = np.random.default_rng(0)

    def make() -> object:
        specs = [draw_patch(index, material, task.patch, recipe, rng) for _ in range(task.batch)]
        return make_batch(specs, index, material, task.patch, recipe)

    def step(batch: Any) -> None:
        state.step(batch, 1e-3, weight, 0.5).item()

    return Way(make, samples.take, step, precision.dtype, samples.close)


def peer(name: str, task: Task) -> Way:
    """Make the way of another package; raise ImportError when it is not installed."""
    import training_peers

    name, _, workers = name.partition(", ")
    return Way(*getattr(training_peers, name)(task, int(workers.partition(" ")[0] or 0)))


def row(name: str, task: Task, iterations: int, threads: int) -> dict[str, Any]:
    """Measure medians in seconds over all iterations but the first, which includes set-up."""
    torch.set_num_threads(threads)
    way = ours(task, "float32" if "float32" in name else "auto") if name.startswith(OURS) else peer(name, task)
    alone, waits, wholes = [], [], []
    for _ in range(3):
        start = time.perf_counter()
        way.make()
        alone.append(time.perf_counter() - start)
    for n in range(iterations + 1):
        start = time.perf_counter()
        batch = way.take()
        taken = time.perf_counter()
        way.step(batch)
        if n:
            waits.append(taken - start)
            wholes.append(time.perf_counter() - start)
    way.close()
    return {
        "whole": float(np.median(wholes)),
        "wait": float(np.median(waits)),
        "alone": float(np.median(alone)),
        "peak": float(operations(task) / np.median(wholes) / peak(way.format)),
        "format": str(way.format).removeprefix("torch."),
    }


def operations(task: Task) -> float:
    """Count the multiplications and additions of a step's convolutions, forwards and backwards."""
    from torch.utils.flop_counter import FlopCounterMode

    with torch.device("meta"):
        network, batch = task.network(), torch.empty(task.batch, 1, *task.patch)
    with FlopCounterMode(display=False) as counter:
        network(batch).sum().backward()
    return float(counter.get_total_flops())


def peak(kind: torch.dtype) -> float:
    """Return the operations per second of a large matrix product, the best of several."""
    a, b = torch.randn(2048, 2048).to(kind), torch.randn(2048, 2048).to(kind)
    seconds = []
    for _ in range(6):
        start = time.perf_counter()
        a @ b
        seconds.append(time.perf_counter() - start)
    return float(2 * 2048**3 / min(seconds))


def table(dims: int, task: Task, arguments: argparse.Namespace) -> None:
    """Run the rows of a task one after another and print them."""
    size = " x ".join(map(str, (task.batch, *task.patch)))
    print(f"\n{dims}D: {size}, base {task.base}, depth {task.depth}, {arguments.threads} threads, median of {arguments.iterations}\n")
    print("| way | s an iteration | augmentation alone, s | the step waits, s | share | times the first row | of matrix peak |")
    print("|---|---|---|---|---|---|---|", flush=True)
    first: float | None = None
    for name in arguments.ways:
        words = [sys.executable, __file__, "--row", name, str(dims), "--iterations", str(arguments.iterations)]
        words += ["--threads", str(arguments.threads), *(["--tiny"] if arguments.tiny else [])]
        environment = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
        run = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
        if run.returncode:
            why = (run.stderr.strip().splitlines() or ["failed"])[-1]
            print(f"| {name} | {'not installed: ' if 'ModuleNotFound' in why else ''}{why} |", flush=True)
            continue
        r = json.loads(run.stdout.splitlines()[-1])
        first = first or r["whole"]
        share, ratio = f"{r['wait'] / r['whole']:.1%}", f"{r['whole'] / first:.2f}"
        cells = f"{name} ({r['format']}) | {r['whole']:.3f} | {r['alone']:.3f} | {r['wait']:.3f} | {share} | {ratio} | {r['peak']:.0%}"
        print(f"| {cells} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--iterations", type=int, default=6)
    parser.add_argument("--dims", type=int, nargs="*", default=[2, 3], choices=[2, 3])
    parser.add_argument("--ways", nargs="*", default=list(WAYS), choices=list(WAYS))
    parser.add_argument("--tiny", action="store_true", help="small networks and patches, to see whether everything runs")
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    tasks = TINY if arguments.tiny else TASKS
    if arguments.row:
        print(json.dumps(row(arguments.row[0], tasks[int(arguments.row[1])], arguments.iterations, arguments.threads)))
        return
    for dims in arguments.dims:
        table(dims, tasks[dims], arguments)


if __name__ == "__main__":
    main()
