"""Predicting one image that is too large for memory: tile by tile into a scratch folder, cleaned there, and written as a mask.

Memory follows the tile and not the image. An interruption leaves the scratch folder, and the same command goes on from there.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio import __version__
from unetstudio.data.case import Source
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.formats.large_mask import make_sure_it_can_be_saved, write_large_mask
from unetstudio.formats.memory_check import SMALL
from unetstudio.inference.events import TilePredicted
from unetstudio.inference.predict import FINAL_SECONDS, predict, usual_tile
from unetstudio.inference.predictor import Predictor
from unetstudio.postprocess.by_block import LONGEST, WINDOW, Labels, by_block, reach
from unetstudio.postprocess.overwrite import overwrite
from unetstudio.postprocess.segment import Painted, segment, to_json
from unetstudio.postprocess.step import Reaching, Step, StepInput
from unetstudio.postprocess.strongest import strongest
from unetstudio.postprocess.uncertainty import uncertainty_sum
from unetstudio.training.events import Notice
from unetstudio.worker.scratch import DiskArray, Scratch, make_sure_there_is_room

PICTURE, SHARES = 64 * 2**20, 512 * 2**20
"""Pixels of a picture, and bytes of the probabilities of its classes, that are predicted in memory; of volumes twice these bytes."""

TILE_SHARES = 2**26
"""Probabilities of a tile at most, voxels times classes."""

HEAD = 2**20
"""Bytes of an image by which, with its size and time, it is known again."""


@dataclass(frozen=True)
class Doing:
    """How far one image has come: `what` is "predicting", the title of a step, or "writing"."""

    image: str
    what: str
    done: int
    total: int


Streaming = Generator[Doing | Notice, None, None]


@dataclass(frozen=True)
class MemoryLimits:
    """From which size on an image is not predicted in memory, and in which pieces it then is."""

    large: int = SMALL  # bytes of voxels up to which an image is read as a whole
    picture: int = PICTURE
    shares: int = SHARES
    window: int = WINDOW
    longest: int = 0  # extent of the objects that are cleaned, 0 for the usual one
    tile: int = 0  # edge of the tiles, 0 for the usual one

    def exceeded(self, scan: Scan, classes: int) -> bool:
        """Whether a scan's prediction of so many classes is too large for memory."""
        voxels = math.prod(scan.shape)
        if scan.is_volume:
            return voxels * classes > 2 * self.shares
        return voxels > self.picture or voxels * classes > self.shares


USUAL = MemoryLimits()


def predict_out_of_core(
    predictor: Predictor,
    scan: Scan,
    source: Source,
    path: Path,
    stem: str,
    steps: Sequence[Step],
    painted: Painted | None,
    limits: MemoryLimits,
    *,
    tta: bool,
) -> Generator[Doing | Notice, None, float]:
    """Writes the mask of a scan to `path`, by way of the folder `<stem>.unfinished` beside it, and returns the doubt of the prediction.
    UserErrors of `predict`, and FormatError when the disk refuses or lacks room."""
    make_sure_it_can_be_saved(path, scan.shape)
    active = [step for step in steps if step.enabled]
    nothing = _evidence(predictor.values, scan, None)(Region((0, 0, 0), (1, 1, 1)))
    late = next((n for n, step in enumerate(active) if reach(step, nothing) > 0), len(active))
    first, rest = active[:late], active[late:]
    shares = ["best", "winner", "other"] if any(reach(step, nothing) == 0 or not isinstance(step, Reaching) for step in rest) else []
    folder = path.with_name(f"{stem}.unfinished")
    if not folder.exists():
        make_sure_there_is_room(path.parent, math.prod(scan.shape) * (1 + len(shares) + min(len(rest), 2)))
    tile = limits.tile or min(usual_tile(predictor, scan, FINAL_SECONDS, tta=tta), math.isqrt(TILE_SHARES // len(predictor.values)))
    identity = _identity(predictor, scan, source, steps, painted, tta)
    name = str(source.path)
    with Scratch(folder, scan.shape, identity, tile) as scratch:
        if scratch.done and predictor.view(scan) is None:  # else all is predicted again
            yield Notice(f"{source.path.name}: going on where it was interrupted.")
        yield from _tiles(predictor, scan, name, first, painted, scratch, shares, tta)
        evidence = _evidence(predictor.values, scan, painted, [scratch.plane(share) for share in shares])
        labels = scratch.plane("labels")
        for number, step in enumerate(rest):
            cleaned = scratch.plane(f"step-{number % 2}")
            yield from _cleaned(step, labels, cleaned, evidence, painted, name, limits)
            labels = cleaned
        yield Doing(name, "writing", 0, 1)
        write_large_mask(path, scan.shape, labels.read, scan.geometry)
        total, count = (sum(parts) for parts in zip(*scratch.done.values(), strict=True))
        scratch.remove()
        return total / 255 / count if count else 0.0


def _tiles(
    predictor: Predictor,
    scan: Scan,
    name: str,
    steps: Sequence[Step],
    painted: Painted | None,
    scratch: Scratch,
    shares: Sequence[str],
    tta: bool,
) -> Streaming:
    """Predicts the tiles that are missing and writes their class values, and where a later step asks for them their probabilities."""
    labels = scratch.plane("labels")
    planes = [scratch.plane(share) for share in shares]
    skip, axis, kept_from = _missing(predictor, scan, scratch)
    for event in predict(predictor, scan, name, tile=scratch.tile, skip=skip, tta=tta, rows=True):
        if not isinstance(event, TilePredicted) or event.region.start[axis] < kept_from:
            continue
        where = event.region
        found = segment(event.probabilities, event.values, steps, scan.geometry.spacing, _part(painted, where))
        labels.write(where, found.labels)
        if planes:
            best, winner = strongest(event.probabilities[1:], event.values[1:])
            for plane, values in zip(planes, (best, winner, event.probabilities[0]), strict=True):
                plane.write(where, values)
        scratch.finish(where, uncertainty_sum(event.probabilities))
        yield Doing(name, "predicting", event.done, event.total)
    scratch.save()


def _missing(predictor: Predictor, scan: Scan, scratch: Scratch) -> tuple[Callable[[Region], bool], int, int]:
    """Which tiles need not be predicted, and from which place on an axis their answers are kept.

    Where tiles fade into one another, those beside a missing one are not final; to find them again, those beside them are needed too.
    """
    done, axis = frozenset(scratch.done), 0 if scan.is_volume else 1
    if predictor.view(scan) is not None:  # regions of the scan are no tiles then
        return (lambda _: False), axis, 0
    if predictor.network.exact or not done:
        return done.__contains__, axis, 0
    grid, whole = predictor.grid(scan), Region.whole(scan.shape)
    size = (1 if predictor.dims == 2 else scratch.tile, scratch.tile, scratch.tile)
    missing = [start for core in grid.cores(whole, size, (0, 0, 0)) if (start := core & whole) not in done]
    if not missing:
        return done.__contains__, axis, 0
    halo, frontier = grid.halo[axis], min(core.start[axis] for core in missing)
    kept_from = min([frontier, *(core.start[axis] for core in done if core.stop[axis] > frontier - halo)])
    return lambda core: core in done and core.stop[axis] <= kept_from - halo, axis, kept_from


def _cleaned(
    step: Step,
    labels: DiskArray,
    cleaned: DiskArray,
    evidence: Callable[[Region], StepInput],
    painted: Painted | None,
    name: str,
    limits: MemoryLimits,
) -> Streaming:
    """One post-processing step from plane to plane, the user's strokes on top."""

    def write(region: Region, values: Labels) -> None:
        if (part := _part(painted, region)) is not None:
            overwrite(values, part[1], part[0])
        cleaned.write(region, values)

    left = False
    for block in by_block(step, labels.read, evidence, write, labels.shape, window=limits.window, longest=limits.longest):
        left = left or block.left
        yield Doing(name, step.title.lower(), block.done, block.total)
    longest = limits.longest or LONGEST[labels.shape[0] > 1]
    if left:
        yield Notice(f"{step.title}: {step.objects} longer than {longest} voxels were left as they are in an image of this size.")
    elif not isinstance(step, Reaching):
        yield Notice(f"{step.title}: the image was cleaned in pieces, which may show where they meet.")


def _evidence(
    values: tuple[int, ...], scan: Scan, painted: Painted | None, planes: Sequence[DiskArray] = ()
) -> Callable[[Region], StepInput]:
    """What steps see of a region beside its labels; probabilities of zero where none were kept."""

    def about(region: Region) -> StepInput:
        part = _part(painted, region)
        best, winner, other = [plane.read(region) for plane in planes] or [np.zeros(region.shape, np.uint8)] * 3
        mask = None if part is None else part[1]

        def read_image() -> NDArray[Any]:
            return scan.voxels[(slice(None), *region.slices)]

        spacing, volume = scan.geometry.spacing, scan.is_volume
        return StepInput(values[0], values, best, winner, other, mask, spacing, volume, read_image=read_image)

    return about


def _identity(
    predictor: Predictor, scan: Scan, source: Source, steps: Sequence[Step], painted: Painted | None, tta: bool
) -> dict[str, Any]:
    """All that a mask depends on: what was begun for another is of no use."""
    files = [(status.st_size, status.st_mtime_ns) for status in (file.stat() for file in source.files)]
    return {
        "program": __version__,
        "checkpoint": predictor.checkpoint,
        "values": predictor.values,
        "tta": tta,
        "steps": to_json(steps),
        "image": [str(source.path.resolve()), source.part, files, _head(source.path)],
        "voxels": [*scan.voxels.shape, str(scan.voxels.dtype)],
        "painted": "" if painted is None else _digest(painted[0]) + _digest(painted[1]),
    }


def _digest(array: NDArray[Any]) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).view(np.uint8).data).hexdigest()


def _head(path: Path) -> str:
    """Digest of a file's beginning; of a folder nothing."""
    if path.is_dir():
        return ""
    with path.open("rb") as file:
        return hashlib.sha256(file.read(HEAD)).hexdigest()


def _part(painted: Painted | None, region: Region) -> Painted | None:
    return None if painted is None else (np.ascontiguousarray(painted[0][region.slices]), np.ascontiguousarray(painted[1][region.slices]))
