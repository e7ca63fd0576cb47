"""The shapes of ImageJ's ROIs as rings, and rings as ROIs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from unetstudio.formats.outlines.tracing import Polygon, Ring

if TYPE_CHECKING:
    from roifile import ImagejRoi

_MOVE, _LINE, _QUADRATIC, _CUBIC, _CLOSE = range(5)
_POINTS = {_MOVE: 1, _LINE: 1, _QUADRATIC: 2, _CUBIC: 3, _CLOSE: 0}
_LARGE = 1e5  # pixels of an oval beyond which it gets no more corners
_STEPS = np.linspace(0, 1, 33)[1:, None]


def rings_of(roi: ImagejRoi) -> list[Ring]:
    """Return the rings of a ROI by the even-odd rule; none for points, lines, angles and texts."""
    from roifile import ROI_SUBTYPE, ROI_TYPE

    if roi.subtype in (ROI_SUBTYPE.TEXT, ROI_SUBTYPE.ARROW, ROI_SUBTYPE.IMAGE):
        return []
    if roi.composite:
        return [] if roi.multi_coordinates is None else path_rings(roi.multi_coordinates)
    match roi.roitype:
        case ROI_TYPE.POLYGON | ROI_TYPE.FREEHAND | ROI_TYPE.TRACED:
            return [np.asarray(roi.coordinates(), np.float64)]
        case ROI_TYPE.RECT:
            left, top, right, bottom = _box(roi)
            return [np.array([(left, top), (right, top), (right, bottom), (left, bottom)])]
        case ROI_TYPE.OVAL:
            return [_oval(*_box(roi))]
    return []


def path_rings(path: NDArray[np.floating]) -> list[Ring]:
    """Return the rings of a path of moves, lines, curves and closings, as Java numbers them; ValueError for anything else."""
    numbers = [float(n) for n in path]
    rings: list[list[tuple[float, float]]] = []
    at = 0
    while at < len(numbers):
        count = _POINTS.get(int(numbers[at]))
        points = numbers[at + 1 : at + 1 + 2 * (count or 0)]
        if count is None or len(points) < 2 * count or (not rings and numbers[at] != _MOVE):
            raise ValueError("a path")
        if numbers[at] == _MOVE:
            rings.append([])
        ends = list(zip(points[::2], points[1::2], strict=True))
        rings[-1] += ends if count == 1 else _curve([rings[-1][-1], *ends]) if count else []
        at += 1 + 2 * count
    return [np.array(ring) for ring in rings]


def roi_of(polygon: Polygon) -> ImagejRoi:
    """Return a traced outline, or a composite ROI for a polygon with holes."""
    from roifile import ROI_TYPE, ImagejRoi

    if len(polygon) == 1:
        roi = ImagejRoi.frompoints(polygon[0].astype(np.int32), name=" ")
        roi.roitype = ROI_TYPE.TRACED
        low, high = polygon[0].min(0), polygon[0].max(0)
        (roi.left, roi.top), (roi.right, roi.bottom) = (tuple(int(n) for n in corner) for corner in (low, high))
        return roi
    path: list[float] = []
    for ring in polygon:
        for number, (x, y) in enumerate(ring):
            path += [_LINE if number else _MOVE, float(x), float(y)]
        path.append(_CLOSE)
    low, high = polygon[0].min(0), polygon[0].max(0)
    roi = ImagejRoi(roitype=ROI_TYPE.RECT, left=int(low[0]), top=int(low[1]), right=int(high[0]), bottom=int(high[1]))
    roi.multi_coordinates = np.array(path, np.float32)
    roi.shape_roi_size = len(path)
    return roi


def _box(roi: ImagejRoi) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom."""
    if roi.subpixelrect and roi.widthd > 0:
        return roi.xd, roi.yd, roi.xd + roi.widthd, roi.yd + roi.heightd
    return roi.left, roi.top, roi.right, roi.bottom


def _oval(left: float, top: float, right: float, bottom: float) -> Ring:
    """Return an ellipse with so many corners that no pixel's centre falls between it and them."""
    angles = np.linspace(0, 2 * np.pi, int(64 + 16 * min(abs(right - left) + abs(bottom - top), _LARGE)), endpoint=False)
    x, y = np.cos(angles) * (right - left) + left + right, np.sin(angles) * (bottom - top) + top + bottom
    return np.stack([x, y], axis=1) / 2


def _curve(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return corners along a Bezier curve of two or three further points, without the first."""
    levels = [np.array(point) * np.ones_like(_STEPS) for point in points]
    while len(levels) > 1:
        levels = [a + (b - a) * _STEPS for a, b in pairwise(levels)]
    return [(float(x), float(y)) for x, y in levels[0]]
