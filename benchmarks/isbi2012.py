"""Pixel error on ISBI 2012 EM after a given time: full masks of the first 15 slices, scored on the last 5.

    python benchmarks/isbi2012.py FOLDER --seconds 300

FOLDER holds `images` and `masks` of equal stems (0 = membrane). Limit: 0.10; the U-Net paper reports 0.0611 on the challenge's own test
slices, after hours on a GPU. Prints one line a round, then the errors.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone
from unetstudio.training.fit import Trainer


def picture(path: Path) -> np.ndarray:
    """(Y, X) uint8."""
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def membranes(path: Path) -> np.ndarray:
    """(1, Y, X) uint8: 1 on membranes."""
    return (picture(path) == 0).astype(np.uint8)[None]


def member(path: Path, masks: Path) -> StudyCase:
    """A fully labelled case."""
    scan = Scan(picture(path)[None, None])
    case = Case(path.stem, path.stem, Source(path), "", scan.shape, 1)
    return StudyCase(case, lambda: scan, LabelMap(membranes(masks / path.name)))


def main() -> None:
    ask = argparse.ArgumentParser(description=__doc__)
    ask.add_argument("folder", type=Path)
    ask.add_argument("--seconds", type=float, default=300)
    ask.add_argument("--threads", type=int, default=0)
    ask.add_argument("--seed", type=int, default=0)
    chosen = ask.parse_args()
    images, masks = sorted((chosen.folder / "images").glob("*.png")), chosen.folder / "masks"
    classes = ClassTable.named(["cell", "membrane"], [(0, 0, 0), (255, 255, 255)])
    study = Study(classes, [member(path, masks) for path in images[:15]])
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingSettings(seconds=chosen.seconds, threads=chosen.threads, seed=chosen.seed)
        trainer = Trainer(study, settings, checkpoints=Path(folder))
        for event in trainer.run():
            if isinstance(event, RoundDone):
                print(f"{event.seconds:6.1f} s  step {event.step:5}  loss {event.loss:.3f}  held-out Dice {event.score:.3f}", flush=True)
        predictor = trainer.predictor()
    errors = []
    for path in images[-5:]:
        scan = Scan(picture(path)[None, None])
        found = predictor.probabilities(scan, predictor.grid(scan), Region.whole(scan.shape)).argmax(0)
        errors.append(float((found != membranes(masks / path.name)).mean()))
    print("pixel error", " ".join(f"{e:.4f}" for e in errors), f"mean {np.mean(errors):.4f}")


if __name__ == "__main__":
    main()
