"""Benchmark of accuracy after training on full masks: each data set scored by the measures of its literature, on held-out images.

    python benchmarks/accuracy.py DATA SET [SET ...] [--seconds S] [--set KEY=VALUE ...] [--out FOLDER]

DATA contains a folder for each SET with `images` and `masks` of equal stems. The result is what a user gets with these settings on this
machine, with TTA over the views that were learnt. It prints a row of Markdown for each measure; `--out` keeps checkpoint and log.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from material import Material, material
from numpy.typing import NDArray

from unetstudio.data.prediction import Prediction
from unetstudio.data.scan import Scan
from unetstudio.formats.masks.parted import parted
from unetstudio.inference.collect import collect
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest
from unetstudio.measure.evaluate import Evaluation
from unetstudio.measure.metric import Pair as Outcome
from unetstudio.measure.metric import Score
from unetstudio.postprocess.numbered import numbered
from unetstudio.postprocess.segment import segment
from unetstudio.postprocess.stack import DEFAULT_STEPS, with_options
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone, TrainingStarted
from unetstudio.training.fit import Trainer
from unetstudio.training.start import load_start

Labels = NDArray[np.uint8]
HEAD = "| set | measure | found | asked | published | steps, seconds |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Measure:
    """A score by its name, of the class with value `of` or the mean if None; `limit` is the bar, `published` a figure for comparison, with
    the differences."""

    metric: str
    limit: str = ""
    published: str = ""
    of: int | None = None

    def read(self, score: Score) -> float | None:
        """Return this measure's number."""
        return score.mean if self.of is None else score.per_class.get(self.of)


@dataclass(frozen=True)
class Task:
    """A data set: its classes, the conversion of its mask values, the number of training images (a share if below 1), and its measures."""

    names: tuple[str, ...]
    value: Callable[[Labels], Labels]
    train: float | int
    measures: tuple[Measure, ...]
    prefix: str = ""  # of the stems that are used
    border: int = 1
    between: int = 0  # images left out between training and test images: neighbours in a film are nearly identical
    mixed: bool = False  # every third image is scored instead of the last third: similar names mean similar images
    objects: bool = False  # whether to score objects, split where they touch
    settings: tuple[str, ...] = field(default=())

    def material(self, folder: Path) -> Material:
        """Read the training and test images of the folder."""
        data = material(folder, list(self.names), self.value, self.train, self.prefix)
        if self.mixed:
            pairs = [*data.train, *data.test]
            return replace(data, train=[pair for n, pair in enumerate(pairs) if n % 3 != 2], test=pairs[2::3])
        return replace(data, test=data.test[self.between :])


TASKS = {
    "isbi2012_em": Task(
        ("cell", "membrane"),
        lambda mask: (mask == 0).astype(np.uint8),
        15,
        (
            Measure("v_rand", ">= 0.97", "U-Net 0.9728, best known 0.9868, on the challenge's own test slices"),
            Measure("v_info", ">= 0.98", "U-Net 0.9866, best known 0.9914, likewise"),
            Measure("isbi_pixel_error", "<= 0.065", "U-Net 0.0611, likewise"),
            Measure("pixel_error", published="at one half"),
        ),
    ),
    "drive_retina": Task(
        ("background", "vessel"),
        lambda mask: (mask > 0).astype(np.uint8),
        14,
        (Measure("dice", ">= 0.81", "about 0.83 on the official test images, inside the field of view; ours over the whole image"),),
    ),
    "dsb2018_nuclei": Task(
        ("background", "nucleus"),
        lambda mask: (mask > 0).astype(np.uint8),
        2 / 3,
        (
            Measure("ap50", ">= 0.85", "StarDist 0.864 on the fluorescence images of another split"),
            Measure("dice"),
        ),
        prefix="fluo",
        objects=True,
    ),
    "dic_hela_ctc": Task(
        ("background", "cell"),
        lambda mask: (parted(mask) > 0).astype(np.uint8),
        12,
        (
            Measure("seg", ">= 0.78", "U-Net 0.7756 on the challenge's own test sequences; here later frames of a training sequence"),
            Measure("det"),
            Measure("iou", of=1),
        ),
        between=1,
        objects=True,
    ),
    "t98g_phase_usiigaci": Task(
        ("background", "cell"),
        lambda mask: (parted(mask) > 0).astype(np.uint8),
        2 / 3,
        (
            Measure("iou", ">= 0.92", "U-Net 0.9203 (which is SEG) on PhC-U373, other cells; ours of cells, background left out"),
            Measure("seg"),
        ),
        objects=True,
    ),
    "vnc_sstem_multiclass": Task(
        ("intracellular", "membrane", "glia", "mitochondria", "synapse"),
        lambda mask: mask.astype(np.uint8),
        7,
        (Measure("dice", published="none known for these classes of these sections"),),
        between=1,
    ),
    "epfl_hippocampus_6class": Task(
        ("none", "membrane", "mitochondrion", "mitochondrial boundary", "vesicles", "PSD", "myelin"),
        lambda mask: mask.astype(np.uint8),
        2 / 3,
        (Measure("dice", published="none known for these seven values"),),
    ),
    "busi_breast_ultrasound": Task(
        ("tissue", "lesion"),
        lambda mask: (mask > 0).astype(np.uint8),
        2 / 3,
        (Measure("dice", published="U-Net about 0.75 with 600 training images; ours learns from 16"),),
        mixed=True,
        settings=("augmentation=ultrasound",),
    ),
}


def train(data: Material, settings: TrainingSettings, checkpoints: Path, init: Path | None) -> Trainer:
    """Train to the end of the budget, printing a line a minute; start from the weights `init` if given."""
    start = None if init is None else load_start(init, resume=False)
    trainer, reported = Trainer(data.study, settings, checkpoints=checkpoints, start=start), 0.0
    for event in trainer.run():
        if isinstance(event, TrainingStarted):
            print("\n".join(f"{name}: {words}" for name, words in event.plan.items()), flush=True)
        elif isinstance(event, RoundDone) and event.seconds - reported >= 60:
            reported = event.seconds
            score = "" if event.score is None else f"  held-out Dice {event.score:.3f}"
            print(f"{event.seconds:6.0f} s  step {event.step:5}  loss {event.loss:.3f}{score}", flush=True)
    return trainer


def probabilities(predictor: NetworkPredictor, scan: Scan, *, tta: bool) -> NDArray[np.uint8]:
    """Predict (K, Z, Y, X) of the whole scan."""
    prediction = Prediction(scan.shape, predictor.values)
    for _ in collect(predictor.predict(scan, PredictionRequest("", tta=tta)), prediction):
        pass
    return prediction.probabilities


def scores(task: Task, data: Material, predictor: NetworkPredictor) -> dict[str, Score]:
    """Score all test images together, printing the scores of each."""
    evaluation = Evaluation([measure.metric for measure in task.measures])
    for pair in data.test:
        shares = probabilities(predictor, pair.scan, tta=predictor.mirrored)
        spacing, border = pair.scan.geometry.spacing, shares[task.border].astype(np.float32) / 255
        steps = with_options(DEFAULT_STEPS, ["small_components=30", "split=2"] if task.objects else [])
        labels = segment(shares, predictor.values, steps, spacing).labels
        ids = numbered(labels, predictor.values[1:]) if task.objects else labels
        truth = pair.truth
        if task.objects:  # the lines between objects are only for training
            labels, truth = (ids > 0).astype(np.uint8), (pair.mask > 0).astype(np.uint8)
        case = evaluation.add(Outcome(labels, truth, predictor.values, spacing, (ids, pair.mask), task.border, border))
        print(pair.name, {name: round(score.mean, 4) for name, score in case.items() if score.mean is not None}, flush=True)
    return evaluation.overall


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="+", choices=list(TASKS))
    parser.add_argument("--seconds", type=float, default=900)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--init", type=Path, metavar="CHECKPOINT", help="begin from these weights, of an earlier run with --out")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    rows = [HEAD]
    for name in arguments.sets:
        task = TASKS[name]
        data = task.material(arguments.data / name)
        settings = TrainingSettings(seconds=arguments.seconds).with_overrides([*task.settings, *arguments.set])
        with tempfile.TemporaryDirectory() as scratch:
            folder = arguments.out / name if arguments.out else Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            start = time.perf_counter()
            trainer = train(data, settings, folder, arguments.init)
            overall = scores(task, data, trainer.predictor())
        took = f"{trainer.step}, {trainer.seconds:.0f}"
        for measure in task.measures:
            value = measure.read(overall[measure.metric])
            rows.append(f"| {name} | {measure.metric} | {value:.4f} | {measure.limit} | {measure.published} | {took} |")
        print("\n".join(rows), f"\n({time.perf_counter() - start:.0f} s in all)", flush=True)
        if arguments.out:
            plain = {key: {"mean": score.mean, "classes": score.per_class} for key, score in overall.items()}
            (folder / "scores.json").write_text(json.dumps(plain), encoding="utf-8")


if __name__ == "__main__":
    main()
