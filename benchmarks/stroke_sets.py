"""Sets of images with full masks on which strokes are simulated: their folders, their classes, and which images are painted or scored."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.scan import Scan
from unetstudio.formats import discover, read, read_mask_onto, stem

Labels = NDArray[np.uint8]
DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
"""Default folder of the sets: images that may not be redistributed lie beside the program, not in it."""


@dataclass(frozen=True, eq=False)
class Example:
    """An image, its scan, and its true class values (Z, Y, X)."""

    source: Source
    scan: Scan
    truth: Labels


@dataclass(frozen=True, eq=False)
class Task:
    """The images that may be painted and those that are scored; `same` says that both are the same images, of which only voxels without
    strokes are scored."""

    paint: list[Example]
    score: list[Example]
    same: bool = False

    @cached_property
    def values(self) -> tuple[int, ...]:
        """The foreground classes of the images that are scored."""
        return tuple(sorted({int(value) for example in self.score for value in np.unique(example.truth)} - {0}))

    @property
    def names(self) -> list[str]:
        """Names of the classes 0, 1, 2 ..."""
        highest = max(int(example.truth.max()) for example in [*self.paint, *self.score])
        return ["background", *(f"class {value}" for value in range(1, highest + 1))]


def objects(mask: NDArray[np.integer]) -> Labels:
    """Take every value but 0 for the one foreground class."""
    return (mask > 0).astype(np.uint8)


def dark(mask: NDArray[np.integer]) -> Labels:
    """Take the value 0 for the foreground: membranes are black in the ISBI masks."""
    return (mask == 0).astype(np.uint8)


def classes(mask: NDArray[np.integer]) -> Labels:
    """Take values for classes."""
    return mask.astype(np.uint8)


def numbered(*kept: int) -> Callable[[NDArray[np.integer]], Labels]:
    """Return a function that renumbers the `kept` values 1, 2, 3 ... and makes all others 0."""

    def convert(mask: NDArray[np.integer]) -> Labels:
        labels = np.zeros(mask.shape, np.uint8)
        for number, value in enumerate(kept, start=1):
            labels[mask == value] = number
        return labels

    return convert


@dataclass(frozen=True)
class StrokeSet:
    """A set: `folder` contains `images` and `masks` of equal stems, of which those that begin with `prefix` are used.

    `largest` keeps so many of the largest classes; with `same` the painted images are scored too; `series` names a DICOM series and its
    mask instead of the two folders.
    """

    folder: str
    value: Callable[[NDArray[np.integer]], Labels] = objects
    prefix: str = ""
    painted: int = 2
    largest: int = 0
    same: bool = False
    series: tuple[str, str] = ("", "")

    def found(self, data: Path) -> bool:
        """Whether the set's images are there."""
        return (data / self.folder / (self.series[0] or "images")).is_dir()

    def load(self, data: Path, painted: int = 0, scored: int = 6) -> Task:
        """Read the first `painted` images in the order of their names (by default the set's number), and the last `scored` others."""
        pairs = self._pairs(data / self.folder)
        count = painted or self.painted
        paint = [self._read(*pair) for pair in pairs[:count]]
        score = paint if self.same else [self._read(*pair) for pair in pairs[count:][-scored:]]
        if self.largest:
            paint, score = self._only_largest(paint, score)
        return Task(paint, score, self.same)

    def count(self, data: Path) -> int:
        """Count the images."""
        return len(self._pairs(data / self.folder))

    def _pairs(self, folder: Path) -> list[tuple[Source, Path]]:
        series, mask = self.series
        if series:
            return [(discover([folder / series])[0], folder / mask)]
        masks = {stem(path): path for path in (folder / "masks").iterdir()}
        sources = sorted(discover([folder / "images"]), key=lambda source: source.path)
        names = [(source, stem(source.path)) for source in sources]
        return [(source, masks[name]) for source, name in names if name in masks and name.startswith(self.prefix)]

    def _read(self, source: Source, mask: Path) -> Example:
        scan = read(source)
        return Example(source, scan, self.value(read_mask_onto(mask, scan.shape, scan.geometry)))

    def _only_largest(self, *groups: list[Example]) -> list[list[Example]]:
        """Keep the largest classes, numbered by their size."""
        every = {id(example): example for group in groups for example in group}
        counts = sum(np.bincount(example.truth.ravel(), minlength=256) for example in every.values())
        kept = [int(value) for value in np.argsort(-counts) if value > 0][: self.largest]
        renumber = numbered(*kept)
        fresh = {key: Example(example.source, example.scan, renumber(example.truth)) for key, example in every.items()}
        return [[fresh[id(example)] for example in group] for group in groups]


PICTURES = {
    "isbi": StrokeSet("isbi2012_em", dark),
    "hela": StrokeSet("dic_hela_ctc"),
    "t98g": StrokeSet("t98g_phase_usiigaci"),
    "drive": StrokeSet("drive_retina"),
    "psc": StrokeSet("phc_psc_ctc"),
    "fluo": StrokeSet("dsb2018_nuclei", prefix="fluo_"),
    "gowt1": StrokeSet("fluo_gowt1_ctc"),
    "bbbc": StrokeSet("bbbc039_u2os_nuclei"),
    "vnc": StrokeSet("vnc_sstem_multiclass", classes),
    "epfl": StrokeSet("epfl_hippocampus_6class", classes),
    "histo": StrokeSet("dsb2018_nuclei", prefix="histo_"),
    "u373": StrokeSet("u373_lowres_ctc"),
    "cvc": StrokeSet("cvc612_polyp"),
    "busi": StrokeSet("busi_breast_ultrasound"),
    "cxr": StrokeSet("cxr_covid_anatomy", classes),
}
"""Sets of pictures."""

USUAL_PICTURES = ("isbi", "hela", "t98g", "drive", "psc", "fluo", "gowt1", "bbbc", "vnc", "epfl")
"""The sets of the tables."""

VOLUMES = {
    "hippocampus": StrokeSet("msd_hippocampus_mri", classes),
    "ct": StrokeSet("totalseg_ct_mr", classes, prefix="ct", painted=1, largest=5, same=True),
    "cord": StrokeSet("spinal_cord_mri", prefix="t2_cord", painted=1, same=True),
    "grey matter": StrokeSet("spinal_cord_mri", prefix="t2s_gm", painted=1, same=True),
    "liver spleen": StrokeSet(
        "dicom_series", numbered(5, 1), painted=1, same=True, series=("ct_totalseg_20slices", "ct_totalseg_20slices_labels.nii.gz")
    ),
}
"""Sets of volumes. The values of liver and spleen are those of TotalSegmentator's second version."""

SETS = PICTURES | VOLUMES


def mean_dice(predicted: list[Labels], truth: list[Labels], values: tuple[int, ...]) -> float:
    """Return the mean over the classes of the Dice that counts the voxels of all images together."""
    scores = []
    for value in values:
        both = sum(int(((p == value) & (t == value)).sum()) for p, t in zip(predicted, truth, strict=True))
        size = sum(int((p == value).sum()) + int((t == value).sum()) for p, t in zip(predicted, truth, strict=True))
        scores.append(2 * both / size if size else np.nan)
    return float(np.nanmean(scores))
