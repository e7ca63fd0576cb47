"""The hand and the eye of a simulated user: the largest error in sight, and a brush stroke along its middle.

The eye does not mind a border that lies one pixel off. The hand paints what it wants to and nothing else: a stroke never crosses the true
border, its brush is as wide as the error allows, and it moves at a limited speed.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from skimage.morphology import skeletonize

from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.tools.brush import capsule

Mask = NDArray[np.bool_]
Labels = NDArray[np.uint8]
Point = tuple[int, int]

SPEED = 400.0
"""Pixels a second that the hand moves, while painting and on the way to the next stroke."""

SEARCH = 0.2
"""Seconds to find the next error and to react."""

LARGEST_BRUSH = 24.0
"""Largest diameter of the brush in pixels."""

LONGEST = 200
"""Longest stroke in pixels."""

WORTH = 25
"""Smallest connected error that is corrected, in pixels."""

FILL = 0.7
"""Diameter of the brush as a share of the thickness of what is painted."""

APART = 41
"""Edge of the square round a painted pixel in which no further example is painted."""

NEIGHBOURS = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Movement:
    """A stroke to paint: its class, the middle of the brush from press to release, and the brush's radius."""

    value: int
    path: tuple[Point, ...]
    radius: float

    def seconds(self, pointer: Point | None) -> float:
        """Return the time it takes a hand whose pointer is there, or anywhere near before the first stroke."""
        way = 0.0 if pointer is None else float(np.hypot(*np.subtract(pointer, self.path[0])))
        return SEARCH + (way + len(self.path)) / SPEED

    def from_nearer_end(self, pointer: Point | None) -> Movement:
        """Return the same stroke painted from the end that is nearer to the pointer."""
        if pointer is None:
            return self
        first, last = (np.hypot(*np.subtract(pointer, self.path[end])) for end in (0, -1))
        return self if first <= last else Movement(self.value, self.path[::-1], self.radius)


def visible_errors(shown: Labels, truth: Labels) -> Mask:
    """Return the mask (Y, X) of wrong pixels, without those of a border that lies one pixel off."""
    wrong: Mask = shown != truth
    excused = np.zeros_like(wrong)
    values = np.union1d(shown, truth)
    near_shown = {value: cv2.dilate((shown == value).view(np.uint8), NEIGHBOURS) > 0 for value in values}
    near_truth = {value: cv2.dilate((truth == value).view(np.uint8), NEIGHBOURS) > 0 for value in values}
    for value in values:
        excused |= (truth == value) & near_shown[value]
    for value in values:  # both: what is shown must be near in truth, too
        excused &= ~((shown == value) & ~near_truth[value])
    return wrong & ~excused


def correction(errors: Mask, truth: Labels, handled: Mask) -> tuple[Movement | None, bool]:
    """Return the stroke for the largest error that touches no `handled` pixel, and whether any error is worth a stroke."""
    largest, region, any_left = 0, None, False
    handled = cv2.dilate(handled.view(np.uint8), NEIGHBOURS, iterations=2) > 0
    for value in np.unique(truth[errors]):
        count, components, stats, _ = cv2.connectedComponentsWithStats((errors & (truth == value)).view(np.uint8), connectivity=8)
        waiting = set(np.unique(components[handled]).tolist())
        for number in range(1, count):
            size = int(stats[number, cv2.CC_STAT_AREA])
            if size < WORTH:
                continue
            any_left = True
            if size > largest and number not in waiting:
                largest, region = size, (int(value), components == number)
    return (None if region is None else along_middle(*region)), any_left


def example(truth: Labels, value: int, painted: Mask, rng: np.random.Generator) -> Movement | None:
    """Return a stroke in a part of a class apart from what is painted: the larger a part, the likelier it is taken. None if all is
    painted."""
    near = cv2.dilate(painted.view(np.uint8), np.ones((APART, APART), np.uint8)) > 0
    free = (truth == value) & ~near
    if not free.any():
        free = (truth == value) & ~painted
    count, components, stats, _ = cv2.connectedComponentsWithStats(free.view(np.uint8), connectivity=8)
    if count < 2:
        return None
    sizes = stats[1:, cv2.CC_STAT_AREA].astype(np.float64)
    return along_middle(value, components == 1 + rng.choice(count - 1, p=sizes / sizes.sum()))


def along_middle(value: int, region: Mask) -> Movement:
    """Return a stroke along the longest part of the medial axis of a region, or where it is thickest if that is too long."""
    rows, columns = (np.flatnonzero(region.any(axis=axis)) for axis in (1, 0))
    corner = (int(rows[0]), int(columns[0]))
    inside = np.pad(region[corner[0] : rows[-1] + 1, corner[1] : columns[-1] + 1], 1)
    depth = cv2.distanceTransform(inside.astype(np.uint8), cv2.DIST_L2, 5)
    axis = skeletonize(inside)
    if not axis.any():
        axis[np.unravel_index(depth.argmax(), depth.shape)] = True
    path = _longest_path(axis, depth)
    depths = np.array([depth[point] for point in path])
    if len(path) > LONGEST:
        start = int(np.convolve(depths, np.ones(LONGEST), "valid").argmax())
        path, depths = path[start : start + LONGEST], depths[start : start + LONGEST]
    radius = max(0.5, min(LARGEST_BRUSH / 2, FILL * float(np.median(depths))))
    return Movement(value, tuple((row + corner[0] - 1, column + corner[1] - 1) for row, column in path), radius)


def _longest_path(axis: Mask, depth: NDArray[np.float32]) -> list[Point]:
    """Return the path between two ends of a skeleton that lie far apart, by walking twice to the farthest pixel."""
    row, column = np.unravel_index(np.where(axis, depth, -1).argmax(), axis.shape)
    return _to_farthest(axis, _to_farthest(axis, (int(row), int(column)))[-1])


def _to_farthest(axis: Mask, start: Point) -> list[Point]:
    """Return the path in a skeleton from a pixel to the one that is the most steps away."""
    before: dict[Point, Point | None] = {start: None}
    queue, last = deque([start]), start
    while queue:
        last = queue.popleft()
        row, column = last
        for down in (-1, 0, 1):
            for across in (-1, 0, 1):
                to = (row + down, column + across)
                if axis[to] and to not in before:
                    before[to] = last
                    queue.append(to)
    path: list[Point] = []
    at: Point | None = last
    while at is not None:
        path.append(at)
        at = before[at]
    return path[::-1]


def paint(movement: Movement, labels: LabelMap, truth: Labels, origin: int) -> Edit | None:
    """Paint a stroke into the labels of a picture with the program's brush, and return it; None when it changes nothing."""
    stroke = Stroke(labels, movement.value, tool="brush", origin=origin)
    half = (movement.radius, movement.radius)
    points = [*movement.path[::3], movement.path[-1]]
    for start, stop in zip([points[0], *points[:-1]], points, strict=True):
        (top, left), mask = capsule(start, stop, half, truth.shape)
        bottom, right = top + mask.shape[0], left + mask.shape[1]
        mask = mask & (truth[top:bottom, left:right] == movement.value)
        stroke.paint(Region((0, top, left), (1, bottom, right)), mask[None])
    return stroke.commit()
