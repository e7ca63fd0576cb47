"""Prediction of an image that is too large for memory: tile by tile into a scratch folder, post-processed there, and written as a mask.

Memory depends on the tile and not on the image. An interruption leaves the scratch folder, and the same command resumes from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Source
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.formats.masks.large import make_sure_it_can_be_saved, write_large_mask
from unetstudio.inference.events import ImageProgress, Notice, TilePredicted
from unetstudio.inference.prediction_options import MemoryLimits
from unetstudio.inference.predictor import Predictor
from unetstudio.inference.provenance import Provenance
from unetstudio.inference.request import PredictionRequest
from unetstudio.inference.scratch import DiskArray, Scratch, make_sure_there_is_room
from unetstudio.postprocess.by_block import LONGEST, Labels, by_block, reach
from unetstudio.postprocess.overwrite import overwrite
from unetstudio.postprocess.segment import Painted, segment
from unetstudio.postprocess.step import Reaching, Step, StepInput
from unetstudio.postprocess.strongest import strongest
from unetstudio.postprocess.uncertainty import uncertainty_sum

TILE_PROBABILITIES = 2**26
"""Largest number of probabilities (voxels times classes) of a tile."""

PROBABILITIES = "best", "winner", "other"
"""Arrays that hold the probabilities for steps that need them, as in `StepInput`."""

Streaming = Generator[ImageProgress | Notice, None, None]


def predict_out_of_core(
    predictor: Predictor, scan: Scan, source: Source, path: Path, folder: Path, provenance: Provenance, limits: MemoryLimits, *, tta: bool
) -> Generator[ImageProgress | Notice, None, float]:
    """Write the mask of the scan of a `source` to `path`, by way of the scratch `folder`, and return its mean uncertainty.

    Raise the UserErrors of `Predictor.predict`, and FormatError when the disk refuses or lacks room.
    """
    make_sure_it_can_be_saved(path, scan.shape)
    values, painted, name = predictor.values, provenance.painted, str(source.path)
    by_tile, by_blocks, stored = _divided(provenance.steps, values, scan)
    if not folder.exists():
        make_sure_there_is_room(path.parent, math.prod(scan.shape) * (1 + len(stored) + min(len(by_blocks), 2)))
    edge = limits.tile_edge or min(predictor.tile_edge(scan, tta=tta), math.isqrt(TILE_PROBABILITIES // len(values)))
    with Scratch(folder, scan.shape, provenance.key, edge) as scratch:
        if scratch.done and predictor.can_resume(scan):
            yield Notice(f"{source.path.name}: going on where it was interrupted.")
        yield from _tiles(predictor, scan, name, by_tile, painted, scratch, stored, tta)
        step_input = _step_input(values, scan, painted, [scratch.array(each) for each in stored])
        labels = scratch.array("labels")
        for number, step in enumerate(by_blocks):
            cleaned = scratch.array(f"step-{number % 2}")
            yield from _cleaned(step, labels, cleaned, step_input, painted, name, limits)
            labels = cleaned
        yield ImageProgress(name, "writing", 0, 1)
        write_large_mask(path, scan.shape, labels.read, scan.geometry, source)
        total, count = (sum(parts) for parts in zip(*scratch.done.values(), strict=True))
        scratch.remove()
        return total / 255 / count if count else 0.0


def _divided(steps: Sequence[Step], values: tuple[int, ...], scan: Scan) -> tuple[Sequence[Step], Sequence[Step], Sequence[str]]:
    """Split the enabled steps into the leading ones that need only the voxel they change, which run tile by tile, and the rest; return
    both, and the names of the probability arrays that the rest needs."""
    active = [step for step in steps if step.enabled]
    nothing = _step_input(values, scan, None)(Region((0, 0, 0), (1, 1, 1)))
    late = next((n for n, step in enumerate(active) if reach(step, nothing) > 0), len(active))
    asks = any(reach(step, nothing) == 0 or not isinstance(step, Reaching) for step in active[late:])
    return active[:late], active[late:], PROBABILITIES if asks else ()


def _tiles(
    predictor: Predictor,
    scan: Scan,
    name: str,
    steps: Sequence[Step],
    painted: Painted | None,
    scratch: Scratch,
    stored: Sequence[str],
    tta: bool,
) -> Streaming:
    """Predict the missing tiles and write their class values, and their probabilities where a later step needs them."""
    labels = scratch.array("labels")
    arrays = [scratch.array(each) for each in stored]
    request = PredictionRequest.final(name, tta=tta, tile_edge=scratch.tile_edge, done=frozenset(scratch.done))
    for event in predictor.predict(scan, request):
        if not isinstance(event, TilePredicted):
            continue
        region = event.region
        segmentation = segment(event.probabilities, event.values, steps, scan.geometry.spacing, _part(painted, region))
        labels.write(region, segmentation.labels)
        if arrays:
            best, winner = strongest(event.probabilities[1:], event.values[1:])
            for array, values in zip(arrays, (best, winner, event.probabilities[0]), strict=True):
                array.write(region, values)
        scratch.finish(region, uncertainty_sum(event.probabilities))
        yield ImageProgress(name, "predicting", event.done, event.total)
    scratch.save()


def _cleaned(
    step: Step,
    labels: DiskArray,
    cleaned: DiskArray,
    step_input: Callable[[Region], StepInput],
    painted: Painted | None,
    name: str,
    limits: MemoryLimits,
) -> Streaming:
    """Run one post-processing step from array to array, the user's strokes on top."""

    def write(region: Region, values: Labels) -> None:
        if (part := _part(painted, region)) is not None:
            overwrite(values, part[1], part[0])
        cleaned.write(region, values)

    skipped = False
    for block in by_block(step, labels.read, step_input, write, labels.shape, window=limits.window, longest=limits.longest):
        skipped = skipped or block.skipped
        yield ImageProgress(name, step.title.lower(), block.done, block.total)
    longest = limits.longest or LONGEST[labels.shape[0] > 1]
    if skipped:
        yield Notice(f"{step.title}: {step.objects} longer than {longest} voxels were left as they are in an image of this size.")
    elif not isinstance(step, Reaching):
        yield Notice(f"{step.title}: the image was cleaned in pieces, which may show where they meet.")


def _step_input(
    values: tuple[int, ...], scan: Scan, painted: Painted | None, stored: Sequence[DiskArray] = ()
) -> Callable[[Region], StepInput]:
    """Return the function that makes a region's `StepInput`; its probabilities are zero where none were stored."""

    def of(region: Region) -> StepInput:
        part = _part(painted, region)
        best, winner, other = [array.read(region) for array in stored] or [np.zeros(region.shape, np.uint8)] * 3
        mask = None if part is None else part[1]

        def read_image() -> NDArray[Any]:
            return scan.voxels[(slice(None), *region.slices)]

        spacing, volume = scan.geometry.spacing, scan.is_volume
        return StepInput(values[0], values, best, winner, other, mask, spacing, volume, read_image=read_image)

    return of


def _part(painted: Painted | None, region: Region) -> Painted | None:
    """Cut the strokes to a region."""
    return None if painted is None else (np.ascontiguousarray(painted[0][region.slices]), np.ascontiguousarray(painted[1][region.slices]))
