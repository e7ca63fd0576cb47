"""Segmentation from probabilities: the likeliest class, the steps in order, and the user's strokes on top. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.geometry import Spacing
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.quantity import area_text, count_text, volume_text
from unetstudio.data.region import Region
from unetstudio.data.scan import Voxels
from unetstudio.postprocess.overwrite import overwrite, where
from unetstudio.postprocess.stack import DEFAULT_STEPS
from unetstudio.postprocess.step import Step, StepInput

Labels = NDArray[np.uint8]
Painted = tuple[NDArray[np.uint8], NDArray[np.bool_]]
"""Label values (Z, Y, X), and the mask of those painted by hand."""


@dataclass(frozen=True)
class StepReport:
    """The changes made by one step; `mm` is mm² in a picture and mm³ in a volume, None when the spacing is unknown."""

    title: str
    text: str  # "41 islands, 0.3 mm² removed"; "" when the step is off
    voxels: int
    objects: int
    mm: float | None


@dataclass(frozen=True, eq=False)
class Segmentation:
    """A segmentation: `labels` (Z, Y, X) uint8, UNLABELLED where not predicted; `removed` (Z, Y, X) bool, voxels changed by steps."""

    labels: Labels
    removed: NDArray[np.bool_]
    reports: tuple[StepReport, ...]


def segment(
    probabilities: NDArray[np.uint8],
    values: tuple[int, ...],
    steps: Sequence[Step] = DEFAULT_STEPS,
    spacing: Spacing | None = None,
    painted: Painted | None = None,
    known: NDArray[np.bool_] | None = None,
    voxels: Voxels | None = None,
) -> Segmentation:
    """Segment `probabilities` (K, Z, Y, X) uint8 with channels in the order of the class `values`, the background first.

    `spacing` is in mm along (z, y, x); `painted` holds the labels and the mask of painted voxels, which override every step, whether or
    not the network has their class (the caller leaves out classes that the project has removed); `known` (Z, Y, X) is the mask of
    predicted voxels, all when None; `voxels` (C, Z, Y, X) is the image, read only if a step needs it.
    """
    shape = probabilities.shape[1:]
    box = _box(known, (shape[0], shape[1], shape[2]))
    labels = np.full(shape, UNLABELLED, np.uint8)
    removed = np.zeros(shape, np.bool_)
    if box.empty:
        reports = tuple(_report(step, 0, 0, None, shape[0] > 1) for step in steps)
    else:
        part = (slice(None), *box.slices)
        inside = None if painted is None else (painted[0][box.slices], painted[1][box.slices])
        input = StepInput.of(
            values,
            probabilities[part],
            painted=None if inside is None else inside[1],
            spacing=spacing,
            volume=shape[0] > 1,
            read_image=None if voxels is None else lambda: voxels[part],
        )
        labels[box.slices], removed[box.slices], reports = _run(steps, input, inside, None if known is None else known[box.slices])
    if painted is not None:
        overwrite(labels, painted[1], painted[0])
    return Segmentation(labels, removed, reports)


def _run(
    steps: Sequence[Step], input: StepInput, painted: Painted | None, known: NDArray[np.bool_] | None
) -> tuple[Labels, NDArray[np.bool_], tuple[StepReport, ...]]:
    """Return the labels after all steps, the voxels that they changed, and a report of each."""
    labels = where(input.best > input.other, input.winner, input.background)
    hidden = None if known is None or known.all() else ~known
    _restore(labels, painted, hidden)
    plain, reports = labels, []
    for step in steps:
        before, objects = labels, 0
        if step.enabled:
            labels, objects = step(labels, input)
            if labels is not before:
                _restore(labels, painted, hidden)
        changed = 0 if labels is before else int(np.count_nonzero(labels != before))
        reports.append(_report(step, changed, objects, input.voxel, input.volume))
    return labels, labels != plain, tuple(reports)


def _box(known: NDArray[np.bool_] | None, shape: tuple[int, int, int]) -> Region:
    """Return the smallest box around all predicted voxels."""
    if known is None:
        return Region.whole(shape)
    slices = np.flatnonzero(known.reshape(shape[0], -1).any(axis=1))
    if not slices.size:
        return Region((0, 0, 0), (0, 0, 0))
    z0, z1 = int(slices[0]), int(slices[-1]) + 1
    shadow = np.asarray(known[z0:z1].any(axis=0), np.uint8)
    x, y, width, height = cv2.boundingRect(shadow)
    return Region((z0, y, x), (z1, y + height, x + width))


def _restore(labels: Labels, painted: Painted | None, hidden: NDArray[np.bool_] | None) -> None:
    """Restore, in place, the strokes and the voxels that are not predicted."""
    if hidden is not None:
        overwrite(labels, hidden, UNLABELLED)
    if painted is not None:
        overwrite(labels, painted[1], painted[0])


def _report(step: Step, voxels: int, objects: int, voxel: float | None, volume: bool) -> StepReport:
    """Describe a step's changes in words."""
    mm = None if voxel is None else voxels * voxel
    text = ""
    if step.enabled:
        if mm is None:
            amount = count_text(voxels, "voxel") if volume else f"{voxels:,} px"
        else:
            amount = volume_text(mm) if volume else area_text(mm)
        counted = f"{count_text(objects, step.objects.removesuffix('s'))}, " if step.objects else ""
        text = f"{counted}{amount} {step.verb}" if voxels else f"nothing {step.verb}"
    return StepReport(step.title, text, voxels, objects, mm)
