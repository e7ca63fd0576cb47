"""Benchmark of accuracy in volumes after training on full masks: Dice and HD95 of each class, case by case, on held-out volumes.

    python benchmarks/volumes.py DATA [--seconds S] [--set KEY=VALUE ...] [--out FOLDER]

DATA contains `images` and `masks` of equal stems, such as the hippocampus of the Medical Segmentation Decathlon, with its two ends as
classes. In the order of the stems the first two thirds are for training and the last third is scored. There is no TTA, because patients are
not mirrored in training either.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from accuracy import train
from material import hippocampus, segmented

from unetstudio.measure.evaluate import Evaluation
from unetstudio.measure.metric import Pair as Outcome
from unetstudio.settings import TrainingSettings

METRICS = ("dice", "hd95")
PUBLISHED = {"anterior": 0.90, "posterior": 0.89}
"""Dice of nnU-Net's 3D network in five-fold cross-validation over all 260 volumes (Isensee et al. 2021), for orientation."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE")
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    data = hippocampus(arguments.data)
    settings = TrainingSettings(seconds=arguments.seconds).with_overrides(arguments.set)
    with tempfile.TemporaryDirectory() as scratch:
        folder = arguments.out or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        trainer = train(data, settings, folder, None)
        predictor = trainer.predictor()
    rows: dict[str, list[list[float]]] = {metric: [] for metric in METRICS}
    for pair in data.test:
        evaluation = Evaluation(METRICS)
        labels = segmented(predictor, pair.scan)
        scores = evaluation.add(Outcome(labels, pair.truth, predictor.values, pair.scan.geometry.spacing))
        for metric in METRICS:
            per_class = scores[metric].per_class
            rows[metric].append([np.nan if (of := per_class[value]) is None else of for value in predictor.values[1:]])
        print(pair.name, {metric: np.round(rows[metric][-1], 3).tolist() for metric in METRICS}, flush=True)
    means = {metric: np.nanmean(rows[metric], axis=0) for metric in METRICS}
    print(f"\n{len(data.train)} volumes trained on, {len(data.test)} scored; {trainer.step} steps, {trainer.seconds:.0f} s\n")
    print("| class | Dice | nnU-Net, 208 volumes | HD95 (mm) |\n|---|---|---|---|")
    for number, value in enumerate(predictor.values[1:]):
        name = data.classes[value].name
        print(f"| {name} | {means['dice'][number]:.3f} | {PUBLISHED.get(name, '')} | {means['hd95'][number]:.2f} |")
    print(f"| mean | {means['dice'].mean():.3f} | | {means['hd95'].mean():.2f} |")


if __name__ == "__main__":
    main()
