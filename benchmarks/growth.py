"""Benchmark of the growth of training with the number of cases and classes, and of prediction with picture size and classes.

    python benchmarks/growth.py [--cases 1 10 100 1000] [--classes 2 8 32 128 254] [--edges 512 1024 2048 4096 8192] [--plot FILE.png]

Cases are pictures of 256 x 256, fully labelled in blobs. Training: seconds before the first step, seconds and memory of a step, and seconds
to take up an Edit. Prediction: seconds and memory from a file to its mask, as in a folder of images, with two classes, or for a picture of
1024 x 1024. Each row is a separate process with one thread; memory is the peak beyond the start. The limit is proportional growth: the cost
beyond the first row must grow no faster than the work.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

EDGE = 256
STEPS = 6
KINDS = {
    "cases": "cases (training)",
    "classes": "classes (training)",
    "edge": "edge of a picture in pixels (prediction)",
    "predicted classes": "classes (prediction)",
}
"""Kinds of rows, and their labels in the plot."""


def run(cases: int, classes: int) -> tuple[float, float, float, float]:
    """Return seconds to the first step, seconds per step (median), seconds to take up an Edit, and MB."""
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
    assert trainer.training is not None
    trainer.training.material.refresh()
    taken_up = time.perf_counter() - began
    return times[0], float(np.median(steps)) if len(steps) else 0.0, taken_up, (peak() - before) / 2**20


def predict(edge: int, classes: int) -> tuple[float, float]:
    """Return seconds and MB from the file of a picture to its mask by an untrained network."""
    import numpy as np
    import psutil
    import tifffile
    import torch

    from unetstudio.data.case import Source
    from unetstudio.data.classes import ClassTable
    from unetstudio.data.intensity import Intensity
    from unetstudio.data.palette import colours
    from unetstudio.data.scan import Scan
    from unetstudio.inference.folder import PredictionTarget, predict_to_folder
    from unetstudio.inference.network_predictor import NetworkPredictor
    from unetstudio.inference.prediction_options import PredictionOptions
    from unetstudio.networks.device import use_threads
    from unetstudio.networks.network import create
    from unetstudio.networks.precision_choice import choose_precision
    from unetstudio.postprocess.stack import DEFAULT_STEPS

    use_threads(1)
    picture = np.random.default_rng(0).integers(0, 255, (edge, edge), np.uint8)
    intensity = Intensity.fit([Scan(picture[None, None, :512, :512])])
    network = create("unet", intensity.channels_out(1), classes, 2, depth=3, base=16)
    table = ClassTable.named([f"class {n}" for n in range(classes)], colours(classes, None))
    predictor = NetworkPredictor(network, intensity, table.values, "growth", choose_precision(torch.device("cpu")))
    predictor.tiles.measure_speed()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "picture.tif"
        tifffile.imwrite(file, picture)
        before, start = psutil.Process().memory_info().rss, time.perf_counter()
        targets, options = [PredictionTarget(Source(file), "picture")], PredictionOptions(engine="torch")
        for _ in predict_to_folder(predictor, targets, Path(folder) / "masks", DEFAULT_STEPS, table, options):
            pass
        return time.perf_counter() - start, (peak() - before) / 2**20


def peak() -> int:
    """Return the peak memory of this process in bytes (Linux reports KB, macOS bytes)."""
    import resource

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024


def plot(rows: list[tuple[str, int, tuple[float, ...]]], file: Path) -> None:
    """Plot, side by side, training over cases and classes, and prediction over sizes and classes."""
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    learnt = ("before the first step (s)", "a step (s)", "an Edit (s)", "memory (GB)")
    made = ("a mask (s)", "memory (GB)")
    figure, axes = plt.subplots(1, 4, figsize=(15, 4), layout="constrained")
    for axis, (kind, words) in zip(axes, KINDS.items(), strict=True):
        sizes = [size for name, size, _ in rows if name == kind]
        measured = [values for name, _, values in rows if name == kind]
        names = learnt if kind in ("cases", "classes") else made
        for place, name in enumerate(names):
            scale = 1 / 1024 if "GB" in name else 1.0
            axis.loglog(sizes, [max(values[place] * scale, 1e-5) for values in measured], "o-", label=name)
        axis.set_xlabel(words)
        axis.set_xticks(sizes, [str(size) for size in sizes])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
        axis.legend()
    figure.savefig(file, dpi=90)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, nargs="+", default=[1, 10, 100, 1000])
    parser.add_argument("--classes", type=int, nargs="+", default=[2, 8, 32, 128, 254])
    parser.add_argument("--edges", type=int, nargs="+", default=[512, 1024, 2048, 4096, 8192])
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    training: list[tuple[str, int, dict[str, Any]]] = [("cases", n, {"cases": n, "classes": 2}) for n in arguments.cases]
    training += [("classes", n, {"cases": 8, "classes": n}) for n in arguments.classes]
    predicting: list[tuple[str, int, dict[str, Any]]] = [("edge", n, {"edge": n, "classes": 2}) for n in arguments.edges]
    predicting += [("predicted classes", n, {"edge": 1024, "classes": n}) for n in arguments.classes]
    rows: list[tuple[str, int, tuple[float, ...]]] = []
    print("| what | number | before the first step, s | a step, s | an Edit, s | MB |\n|---|---|---|---|---|---|")
    for kind, size, options in training:
        measured = alone(run, options)
        rows.append((kind, size, measured))
        print(f"| {kind} | {size} | {measured[0]:.2f} | {measured[1]:.3f} | {measured[2]:.4f} | {measured[3]:.0f} |", flush=True)
    print("\n| what | number | a mask, s | MB |\n|---|---|---|---|")
    for kind, size, options in predicting:
        measured = alone(predict, options)
        rows.append((kind, size, measured))
        print(f"| {kind} | {size} | {measured[0]:.2f} | {measured[1]:.0f} |", flush=True)
    if arguments.plot:
        plot(rows, arguments.plot)


def alone(work: Callable[..., tuple[float, ...]], options: dict[str, Any]) -> tuple[float, ...]:
    """Run the work in a separate process."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, (), options)


if __name__ == "__main__":
    main()
