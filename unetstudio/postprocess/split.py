"""The step that cuts touching objects apart at narrow places, by watershed."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import tight
from unetstudio.postprocess.components import components
from unetstudio.postprocess.step import MILLIMETRES, PIXELS, STEPS, StepInput

Floats = NDArray[np.float32]
Numbers = NDArray[np.int32]
Places = NDArray[np.intp]
Mask = NDArray[np.bool_]
Pairs = Callable[[], Iterable[tuple[Numbers, Numbers]]]


@STEPS.register("split")
@dataclass(frozen=True)
class Split:
    """A structure becomes two objects where its neck is narrower than both by `depth`, separated by a line of background.

    Heights are distances from the edge times the probability, so that an uncertain line between two objects counts as a neck. Each voxel
    belongs to the summit at the end of its steepest ascent, a watershed (Vincent and Soille 1991), and summits that rise too little above
    the pass to a higher one are merged with it, by their dynamics (Grimaud 1992).
    """

    title: ClassVar[str] = "Split touching objects"
    help: ClassVar[str] = "Cuts a structure in two where it is narrow."
    main: ClassVar[str] = "depth"
    objects: ClassVar[str] = "cuts"
    verb: ClassVar[str] = "taken for lines"

    enabled: bool = field(default=False, metadata={"label": "Use"})
    depth: float = field(
        default=2.0,
        metadata={
            "label": "Neck",
            "minimum": 0.5,
            "maximum": 20.0,
            "step": 0.5,
            "help": "Smaller cuts more: how much narrower than its halves a neck must be.",
        },
    )
    unit: str = field(
        default=PIXELS,
        metadata={"label": "Unit", "choices": (PIXELS, MILLIMETRES), "help": "Pixels, or millimetres where the spacing is known."},
    )

    def __call__(self, labels: NDArray[np.uint8], input: StepInput) -> tuple[NDArray[np.uint8], int]:
        spacing = input.spacing or (1.0, 1.0, 1.0)
        steps = np.array(spacing) / (1.0 if self.unit == MILLIMETRES and input.spacing else spacing[2])  # voxel size in the unit of `depth`
        result, cuts = labels, 0
        for value in input.foreground:
            mask = labels == value
            box = tight(mask)
            if box.empty:
                continue
            line, count = _lines(mask[box.slices], input.best[box.slices], self.depth, steps)
            if count:
                result = labels.copy() if result is labels else result
                result[box.slices][line] = input.background
                cuts += count
        return result, cuts


def _lines(mask: Mask, probability: NDArray[np.uint8], depth: float, steps: NDArray[np.float64]) -> tuple[Mask, int]:
    """Return the voxels (Z, Y, X) on a line between two objects of an island, and the number of objects beyond one per island."""
    island = np.pad(mask, ((0, 0) if len(mask) == 1 else (1, 1), (1, 1), (1, 1)))  # so that every voxel has all neighbours
    ids, sizes = components(mask, corners=True)
    heights = _distance(mask, ids, steps) * _smooth(probability) * np.float32(1 / 255)
    places = np.flatnonzero(island)
    number = np.full(island.size, -1, np.int32)  # index among the voxels of the mask
    number[places] = np.arange(len(places), dtype=np.int32)
    pairs = partial(_neighbours, island.shape, places, number)
    objects = _objects(heights[mask], pairs, depth)
    line = np.zeros(len(places), np.bool_)
    for here, there in pairs():
        line[here[objects[there] > objects[here]]] = True  # the object with the lower number gives way to the line
        line[there[objects[here] > objects[there]]] = True
    out = np.zeros_like(mask)
    out[mask] = line
    return out, len(np.unique(objects)) - (len(sizes) - 1) if line.any() else 0


def _neighbours(shape: tuple[int, ...], places: Places, number: Numbers) -> Iterator[tuple[Numbers, Numbers]]:
    """Yield all pairs of voxels that touch at a face, edge or corner, each once: by direction, the numbers of both."""
    _, rows, columns = shape
    for z, y, x in itertools.product((0,) if shape[0] == 1 else (-1, 0, 1), (-1, 0, 1), (-1, 0, 1)):
        if (z, y, x) > (0, 0, 0):
            there = number[places + (z * rows + y) * columns + x]
            here = np.flatnonzero(there >= 0).astype(np.int32)
            yield here, there[here]


def _objects(heights: Floats, pairs: Pairs, depth: float) -> Numbers:
    """Return the object of each voxel, numbered by its summit."""
    rank = (heights.view(np.int32).astype(np.int64) << 32) + np.arange(len(heights))  # the bits of positive floats sort as the floats do
    best = rank.copy()
    for first, second in pairs():
        best[first] = np.maximum(best[first], rank[second])
        best[second] = np.maximum(best[second], rank[first])
    up = best.astype(np.uint32).astype(np.int32)
    while True:  # pointer doubling
        further = up[up]
        if np.array_equal(further, up):
            break
        up = further
    return _joined(heights, up, pairs, depth)[up]


def _joined(heights: Floats, up: Numbers, pairs: Pairs, depth: float) -> Numbers:
    """Return, for each voxel that is a summit, the summit of its object."""
    sides, passes = [], []
    for first, second in pairs():
        across = up[first] != up[second]
        here, there = first[across], second[across]
        a, b = up[here], up[there]
        sides.append(np.minimum(a, b).astype(np.int64) * len(heights) + np.maximum(a, b))
        passes.append(np.minimum(heights[here], heights[there]))
    side, height = np.concatenate(sides), np.concatenate(passes)
    order = np.lexsort((-height, side))
    side, height = side[order], height[order]
    highest = np.flatnonzero(np.diff(side, prepend=-1))  # the highest pass between two summits
    order = highest[np.argsort(-height[highest], kind="stable")]
    parent = np.arange(len(heights), dtype=np.int32)
    higher: dict[int, int] = {}  # by summit, the one that it was merged with

    def top(summit: int) -> int:
        path = []
        while (above := higher.get(summit, summit)) != summit:
            path.append(summit)
            summit = above
        higher.update(dict.fromkeys(path, summit))
        return summit

    need = 0.5 * depth  # in radius
    for key, at in zip(side[order].tolist(), height[order].tolist(), strict=True):
        a, b = top(key // len(heights)), top(key % len(heights))
        if a == b:
            continue
        high, low = (a, b) if heights[a] >= heights[b] else (b, a)
        if heights[low] - at < need or heights[high] <= depth:
            higher[low] = high
    for summit in list(higher):
        parent[summit] = top(summit)
    return parent


def _distance(mask: Mask, ids: Numbers, steps: NDArray[np.float64]) -> Floats:
    """Compute (Z, Y, X) distances to the outside of the islands numbered in `ids`, in the unit of `steps`; the edge is outside."""
    from scipy.ndimage import distance_transform_edt, find_objects

    if len(mask) == 1 and steps[1] == steps[2]:
        distance = cv2.distanceTransform(np.pad(mask[0], 1).view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
        return np.asarray(distance, np.float32)[None, 1:-1, 1:-1] * np.float32(steps[1])
    axes = 2 if len(mask) == 1 else 3
    out = np.zeros(mask.shape, np.float32)
    for number, box in enumerate(find_objects(ids), start=1):  # one by one: the whole would take 20 bytes a voxel
        inside = ids[box] == number
        away = distance_transform_edt(np.pad(inside.reshape(inside.shape[-axes:]), 1), sampling=steps[-axes:])
        out[box][inside] = away[(slice(1, -1),) * axes].reshape(inside.shape)[inside]
    return out


def _smooth(probability: NDArray[np.uint8]) -> Floats:
    """Smooth out the noise of single pixels in (Z, Y, X), slice by slice."""
    return np.stack([cv2.GaussianBlur(plane, (0, 0), 1.0, borderType=cv2.BORDER_REPLICATE) for plane in probability]).astype(np.float32)
