"""Folders of images with full masks as studies for benchmarks, divided into training and test images."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import LabelMap
from unetstudio.data.palette import colours
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.formats import discover, read, read_mask_onto, stem
from unetstudio.inference.events import TilePredicted
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.inference.request import PredictionRequest

Labels = NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class Pair:
    """A scan and its full mask (Z, Y, X) in class values; `mask` is as stored, where values may number objects."""

    name: str
    scan: Scan
    truth: Labels
    mask: NDArray[np.integer]


@dataclass(frozen=True, eq=False)
class Material:
    """A data set: its classes, the pairs to train on and those to score."""

    classes: ClassTable
    train: list[Pair]
    test: list[Pair]

    @property
    def study(self) -> Study:
        """The study of the training pairs, every voxel labelled."""
        return Study(self.classes, [_member(pair) for pair in self.train])


def material(folder: Path, names: list[str], value: Callable[[Labels], Labels], train: float | int, prefix: str = "") -> Material:
    """Read `images` and `masks` of equal stems in a folder, sorted by stem; `value` converts mask values to class values.

    The first `train` pairs (a share of them if a float) are for training; only stems that begin with `prefix` are used.
    """
    masks = {stem(path): path for path in (folder / "masks").iterdir()}
    sources = {stem(source.path): source for source in discover([folder / "images"])}
    pairs = []
    for name in sorted(n for n in sources if n in masks and n.startswith(prefix)):
        scan = read(sources[name])
        mask = read_mask_onto(masks[name], scan.shape, scan.geometry)
        pairs.append(Pair(name, scan, value(mask), mask))
    count = train if isinstance(train, int) else round(train * len(pairs))
    return Material(ClassTable.named(names, colours(len(names), None)), pairs[:count], pairs[count:])


def isbi2012(folder: Path) -> Material:
    """Read cells and membranes (0 in the masks): slices 00 to 14 for training, the last five for scoring."""
    return material(folder, ["cell", "membrane"], lambda mask: (mask == 0).astype(np.uint8), 15)


def nuclei(folder: Path) -> Material:
    """Read fluorescent nuclei of DSB 2018 (instance ids in the masks): two thirds of the images for training."""
    return material(folder, ["background", "nucleus"], lambda mask: (mask > 0).astype(np.uint8), 2 / 3, "fluo")


def hippocampus(folder: Path) -> Material:
    """Read MR volumes with the two ends of the hippocampus: two thirds of the cases for training."""
    return material(folder, ["background", "anterior", "posterior"], lambda mask: mask.astype(np.uint8), 2 / 3)


def segmented(predictor: NetworkPredictor, scan: Scan) -> Labels:
    """Predict (Z, Y, X), the likeliest class of every voxel."""
    labels = np.zeros(scan.shape, np.uint8)
    values = np.array(predictor.values, np.uint8)
    for event in predictor.predict(scan, PredictionRequest("")):
        if isinstance(event, TilePredicted):
            labels[event.region.slices] = values[event.probabilities.argmax(0)]
    return labels


def _member(pair: Pair) -> StudyCase:
    case = Case(pair.name, pair.name, Source(Path(pair.name)), "", pair.scan.shape, pair.scan.channels, geometry=pair.scan.geometry)
    return StudyCase(case, lambda: pair.scan, LabelMap(pair.truth))
