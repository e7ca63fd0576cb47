"""Benchmark of every registered network on the same images with the same budget: accuracy, size, speed and memory.

    python benchmarks/networks.py DATA --seconds 120 --threads 1 --together 2

DATA contains `isbi2012_em`, `dsb2018_nuclei` (2D) and `msd_hippocampus_mri` (3D), each with `images` and `masks` of equal stems. Each
network is the one a user gets by choosing its name on this machine. Every row is a separate process with `--threads` threads; `--together`
of them run in parallel. It prints a table of Markdown.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

SETS = {"isbi2012_em": 2, "dsb2018_nuclei": 2, "msd_hippocampus_mri": 3}


def row(folder: Path, name: str, dims: int, seconds: float, threads: int) -> dict[str, object]:
    """Train a network and score it on the held-out images."""
    import numpy as np
    import psutil
    from material import hippocampus, isbi2012, nuclei, segmented

    from unetstudio.measure.evaluate import Evaluation
    from unetstudio.measure.metric import Pair
    from unetstudio.settings import TrainingSettings
    from unetstudio.training.events import TrainingStarted
    from unetstudio.training.fit import Trainer

    data = {"isbi2012_em": isbi2012, "dsb2018_nuclei": nuclei, "msd_hippocampus_mri": hippocampus}[folder.name](folder)
    process, ended, most = psutil.Process(), threading.Event(), [0]
    before = process.memory_info().rss

    def watch() -> None:
        while not ended.wait(0.05):
            most[0] = max(most[0], process.memory_info().rss)

    parameters = 0
    with tempfile.TemporaryDirectory() as checkpoints:
        settings = TrainingSettings(network=name, dims=dims, seconds=seconds, threads=threads)
        trainer = Trainer(data.study, settings, checkpoints=Path(checkpoints))
        threading.Thread(target=watch, daemon=True).start()
        for event in trainer.run():
            if isinstance(event, TrainingStarted):
                parameters = event.parameters
        ended.set()
        predictor = trainer.predictor()
    start = time.perf_counter()
    evaluation = Evaluation(["dice"])
    for pair in data.test:
        evaluation.add(Pair(segmented(predictor, pair.scan), pair.truth, predictor.values))
    predicting = (time.perf_counter() - start) / sum(pair.truth.size for pair in data.test) * 1e6
    dice = evaluation.overall["dice"]
    if folder.name == "isbi2012_em":  # of cell interiors, as the pixel error counts them alike
        quality = dice.per_class[0]
    else:
        quality = dice.mean
    assert quality is not None
    return {
        "set": folder.name,
        "network": name,
        "parameters": parameters,
        "steps": trainer.step,
        "step": trainer.seconds / max(1, trainer.step),
        "memory": (most[0] - before) / 2**20,
        "predicting": predicting,
        "dice": float(np.round(quality, 4)),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--together", type=int, default=max(1, (os.cpu_count() or 2) // 2))
    parser.add_argument("--networks", nargs="*", default=[])
    parser.add_argument("--sets", nargs="*", default=list(SETS), choices=list(SETS))
    parser.add_argument("--row", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.row:
        name, dims = arguments.row
        print(json.dumps(row(arguments.data, name, int(dims), arguments.seconds, arguments.threads)))
        return
    from unetstudio.networks.network import NETWORKS

    def measured(job: tuple[str, str]) -> dict[str, object]:
        folder, name = job
        words = [
            sys.executable,
            __file__,
            str(arguments.data / folder),
            "--seconds",
            str(arguments.seconds),
            "--threads",
            str(arguments.threads),
        ]
        environment = {**os.environ, "OMP_NUM_THREADS": str(arguments.threads)}
        run = subprocess.run([*words, "--row", name, str(SETS[folder])], capture_output=True, text=True, env=environment, check=False)
        if run.returncode:
            print(name, folder, run.stderr, file=sys.stderr)
            return {"set": folder, "network": name, "failed": run.stderr.strip().splitlines()[-1]}
        print(run.stdout.strip(), file=sys.stderr, flush=True)
        result: dict[str, object] = json.loads(run.stdout.splitlines()[-1])
        return result

    names = [name for name in NETWORKS if name in arguments.networks or not arguments.networks]
    jobs = [(folder, name) for folder in arguments.sets for name in names if SETS[folder] in NETWORKS[name].dims]
    with ThreadPoolExecutor(arguments.together) as pool:
        rows = list(pool.map(measured, jobs))
    print("| images | network | parameters | steps | s a step | MB | prediction, s a Mvoxel | Dice |\n|---|---|---|---|---|---|---|---|")
    for r in rows:
        if "failed" in r:
            print(f"| {r['set']} | {r['network']} | failed: {r['failed']} |")
            continue
        numbers = f"{r['parameters']:,} | {r['steps']} | {r['step']:.3f} | {r['memory']:.0f} | {r['predicting']:.2f} | {r['dice']:.3f}"
        print(f"| {r['set']} | {r['network']} | {numbers} |")


if __name__ == "__main__":
    main()
