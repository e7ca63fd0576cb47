"""How good masks are after training on full masks: each set of images scored by the measures of its literature, on images kept apart.

    python benchmarks/accuracy.py DATA SET [SET ...] [--seconds S] [--set KEY=VALUE ...] [--out FOLDER]

DATA holds a folder for each SET with `images` and `masks` of equal stems. What a user gets who trains with these settings on this machine;
predicted with mirrored and turned views averaged where training showed such. Prints a row of Markdown for each measure; `--out` keeps
checkpoint and log.
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
from unetstudio.workspace.import_masks import parted

Labels = NDArray[np.uint8]
HEAD = "| set | measure | found | asked | published | steps, seconds |\n|---|---|---|---|---|---|"


@dataclass(frozen=True)
class Measure:
    """A score by its name: of the class of value `of`, or the mean where that is None; `asked` is the bar and `published` a figure to see
    it beside, with what differs."""

    metric: str
    asked: str = ""
    published: str = ""
    of: int | None = None

    def read(self, score: Score) -> float | None:
        """The number meant."""
        return score.mean if self.of is None else score.per_class.get(self.of)


@dataclass(frozen=True)
class Task:
    """A set of images: its classes, what its mask values mean, how many images are trained on (a share below 1), and its measures."""

    names: tuple[str, ...]
    value: Callable[[Labels], Labels]
    train: float | int
    measures: tuple[Measure, ...]
    wanted: str = ""  # only stems that begin so
    border: int = 1
    between: int = 0  # images left out between those trained on and those scored: neighbours of a film are nearly the same
    mixed: bool = False  # every third image is scored instead of the last third: names that begin alike are of one kind
    objects: bool = False  # what is scored are objects, split where they touch
    settings: tuple[str, ...] = field(default=())

    def material(self, folder: Path) -> Material:
        """Training and test images of the folder."""
        found = material(folder, list(self.names), self.value, self.train, self.wanted)
        if self.mixed:
            pairs = [*found.train, *found.test]
            return replace(found, train=[pair for n, pair in enumerate(pairs) if n % 3 != 2], test=pairs[2::3])
        return replace(found, test=found.test[self.between :])


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
        wanted="fluo",
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


def train(found: Material, settings: TrainingSettings, checkpoints: Path, init: Path | None) -> Trainer:
    """A training to the end of its budget, a line a minute; from the weights of another one if that is named."""
    start = None if init is None else load_start(init, resume=False)
    trainer, told = Trainer(found.study, settings, checkpoints=checkpoints, start=start), 0.0
    for event in trainer.run():
        if isinstance(event, TrainingStarted):
            print("\n".join(f"{name}: {words}" for name, words in event.plan.items()), flush=True)
        elif isinstance(event, RoundDone) and event.seconds - told >= 60:
            told = event.seconds
            score = "" if event.score is None else f"  held-out Dice {event.score:.3f}"
            print(f"{event.seconds:6.0f} s  step {event.step:5}  loss {event.loss:.3f}{score}", flush=True)
    return trainer


def probabilities(predictor: NetworkPredictor, scan: Scan, *, tta: bool) -> NDArray[np.uint8]:
    """(K, Z, Y, X) of the whole scan."""
    kept = Prediction(scan.shape, predictor.values)
    for _ in collect(predictor.predict(scan, PredictionRequest("", tta=tta)), kept):
        pass
    return kept.probabilities


def scores(task: Task, found: Material, predictor: NetworkPredictor) -> dict[str, Score]:
    """Of all test images together; case by case on the way."""
    evaluation = Evaluation([measure.metric for measure in task.measures])
    for pair in found.test:
        shares = probabilities(predictor, pair.scan, tta=predictor.mirrored)
        spacing, border = pair.scan.geometry.spacing, shares[task.border].astype(np.float32) / 255
        steps = with_options(DEFAULT_STEPS, ["small_components=30", "split=2"] if task.objects else [])
        labels = segment(shares, predictor.values, steps, spacing).labels
        ids = numbered(labels, predictor.values[1:]) if task.objects else labels
        truth = pair.truth
        if task.objects:  # lines between objects are for learning: as objects they count in full
            labels, truth = (ids > 0).astype(np.uint8), (pair.mask > 0).astype(np.uint8)
        case = evaluation.add(Outcome(labels, truth, predictor.values, spacing, (ids, pair.mask), task.border, border))
        print(pair.name, {name: round(score.mean, 4) for name, score in case.items() if score.mean is not None}, flush=True)
    return evaluation.overall


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ask.add_argument("data", type=Path)
    ask.add_argument("sets", nargs="+", choices=list(TASKS))
    ask.add_argument("--seconds", type=float, default=900)
    ask.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    ask.add_argument("--init", type=Path, metavar="CHECKPOINT", help="begin from these weights, of an earlier run with --out")
    ask.add_argument("--out", type=Path)
    chosen = ask.parse_args()
    rows = [HEAD]
    for name in chosen.sets:
        task = TASKS[name]
        found = task.material(chosen.data / name)
        settings = TrainingSettings(seconds=chosen.seconds).with_overrides([*task.settings, *chosen.set])
        with tempfile.TemporaryDirectory() as scratch:
            folder = chosen.out / name if chosen.out else Path(scratch)
            folder.mkdir(parents=True, exist_ok=True)
            start = time.perf_counter()
            trainer = train(found, settings, folder, chosen.init)
            overall = scores(task, found, trainer.predictor())
        took = f"{trainer.step}, {trainer.seconds:.0f}"
        for measure in task.measures:
            value = measure.read(overall[measure.metric])
            rows.append(f"| {name} | {measure.metric} | {value:.4f} | {measure.asked} | {measure.published} | {took} |")
        print("\n".join(rows), f"\n({time.perf_counter() - start:.0f} s in all)", flush=True)
        if chosen.out:
            plain = {key: {"mean": score.mean, "classes": score.per_class} for key, score in overall.items()}
            (folder / "scores.json").write_text(json.dumps(plain), encoding="utf-8")


if __name__ == "__main__":
    main()
