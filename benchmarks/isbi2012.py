"""Benchmark of the pixel error on ISBI 2012 EM after a given time: full masks of the first 15 slices, scored on the last 5.

    python benchmarks/isbi2012.py FOLDER --seconds 300

FOLDER contains `images` and `masks` of equal stems (0 = membrane). The limit is 0.10; the U-Net paper reports 0.0611 on the challenge's own
test slices, after hours on a GPU. It prints a line per round, then the errors.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import cv2
import numpy as np
from material import segmented

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import RoundDone
from unetstudio.training.fit import Trainer


def picture(path: Path) -> np.ndarray:
    """Read (Y, X) uint8."""
    return cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)


def membranes(path: Path) -> np.ndarray:
    """Read (1, Y, X) uint8, 1 on membranes."""
    return (picture(path) == 0).astype(np.uint8)[None]


def member(path: Path, masks: Path) -> StudyCase:
    """Make a fully labelled case."""
    scan = Scan(picture(path)[None, None])
    case = Case(path.stem, path.stem, Source(path), "", scan.shape, 1)
    return StudyCase(case, lambda: scan, LabelMap(membranes(masks / path.name)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    images, masks = sorted((arguments.folder / "images").glob("*.png")), arguments.folder / "masks"
    classes = ClassTable.named(["cell", "membrane"], [(0, 0, 0), (255, 255, 255)])
    study = Study(classes, [member(path, masks) for path in images[:15]])
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingSettings(seconds=arguments.seconds, threads=arguments.threads, seed=arguments.seed)
        trainer = Trainer(study, settings, checkpoints=Path(folder))
        for event in trainer.run():
            if isinstance(event, RoundDone):
                print(f"{event.seconds:6.1f} s  step {event.step:5}  loss {event.loss:.3f}  held-out Dice {event.score:.3f}", flush=True)
        predictor = trainer.predictor()
    errors = []
    for path in images[-5:]:
        scan = Scan(picture(path)[None, None])
        labels = segmented(predictor, scan)
        errors.append(float((labels != membranes(masks / path.name)).mean()))
    print("pixel error", " ".join(f"{e:.4f}" for e in errors), f"mean {np.mean(errors):.4f}")


if __name__ == "__main__":
    main()
