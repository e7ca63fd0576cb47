"""Pictures of a segmentation over its image, for screen and print: class colours, outlines, legend and scale bar."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unetstudio import RESEARCH_USE
from unetstudio.data.classes import ClassTable, Colour
from unetstudio.data.display_window import PHOTOGRAPH, automatic_window
from unetstudio.data.plane import Plane
from unetstudio.data.quantity import length_text
from unetstudio.data.scan import Scan
from unetstudio.data.voxel_sample import percentiles

Picture = NDArray[np.uint8]
"""(Y, X, 3) uint8 RGB."""

SMALLEST, LARGEST = 640, 4096
"""Least and greatest length in pixels of the image's longer side in the picture."""
FILL = 0.35
WEIGHT = 500
"""Font weight of the letters: 400 is thin, 700 bold."""
INK, PAPER, FAINT = (32, 36, 42), (255, 255, 255), (110, 116, 124)
AXES = "zyx"
TURNED = ("P", "I", "L")
"""Directions that radiologists expect at the bottom or on the right of a picture of a patient."""


@dataclass(frozen=True, eq=False)
class LabelledSlice:
    """One slice to draw: image and labels (rows, columns), pixel size in mm or 1, and its caption in a volume."""

    image: Picture
    labels: NDArray[np.uint8]
    pitch: tuple[float, float]
    caption: str = ""
    letters: tuple[str, str, str, str] = ("", "", "", "")  # patient directions at top, bottom, left and right


def overlay_picture(scan: Scan, labels: NDArray[np.uint8], classes: ClassTable) -> Picture:
    """Draw all classes over the image but the first, the background; a volume shows three slices through most of them.

    `labels` is (Z, Y, X) uint8 of the scan's shape.
    """
    structures = {entry.value: entry.colour for entry in list(classes)[1:]}
    slices = _slices(scan, labels, tuple(structures))
    scale = _scale(slices)
    panels = [_panel(labelled, structures, scale) for labelled in slices]
    size = max(13, round(max(panel.shape[1] for panel in panels) / 48))
    has_spacing = scan.geometry.spacing is not None
    _scale_bar(panels[0], scale, has_spacing, size)
    for panel, labelled in zip(panels, slices, strict=True):
        _letters(panel, labelled.letters, size)
    body = _arranged([_captioned(panel, labelled.caption, size) for panel, labelled in zip(panels, slices, strict=True)], size)
    present = np.bincount(labels.reshape(-1), minlength=256)
    shown = [(entry.name, entry.colour) for entry in list(classes)[1:] if present[entry.value]]
    strip = _legend(shown, body.shape[1], size)
    return np.concatenate([body, strip])


def shown(voxels: NDArray[Any], window: tuple[float, float] | None, inverted: bool, colour: bool) -> Picture:
    """Return (C, Y, X) voxels as RGB: a photograph as it is, otherwise the first or the first three channels between `window`'s ends."""
    if colour and window in (None, PHOTOGRAPH):
        return np.ascontiguousarray(np.moveaxis(voxels, 0, -1).astype(np.uint8, copy=False))
    channels = voxels[:3] if len(voxels) >= 3 else voxels[:1]
    planes = []
    for channel in channels:
        low, high = window if window is not None and (colour or len(channels) == 1) else percentiles(channel[None, None])
        share = np.nan_to_num((channel.astype(np.float32) - low) / max(high - low, 1e-30), nan=0.0)
        grey = (np.clip(share, 0, 1) * 255).astype(np.uint8)
        planes.append(255 - grey if inverted else grey)
    return np.ascontiguousarray(np.stack(planes * (3 // len(planes)), axis=-1))


def _slices(scan: Scan, labels: NDArray[np.uint8], structures: tuple[int, ...]) -> list[LabelledSlice]:
    """Return the picture itself, or the slices of a volume along z, y and x that hold most of the structures."""
    spacing = scan.geometry.spacing_or_one
    window = automatic_window(scan)
    if not scan.is_volume:
        plane = Plane()
        return [LabelledSlice(_shown(scan, plane, window), plane.of(labels), plane.spacing(spacing))]
    drawn = np.isin(labels, structures)
    slices = []
    for axis in range(3):
        amounts = drawn.sum(axis=Plane(axis).axes)
        plane = Plane(axis, int(np.argmax(amounts)) if amounts.any() else labels.shape[axis] // 2)
        image, cut = _shown(scan, plane, window), plane.of(labels)
        ends = []
        for place, along in enumerate(plane.axes):
            low, high = scan.geometry.letters(along)
            if low in TURNED:
                image, cut, low, high = np.flip(image, place), np.flip(cut, place), high, low
            ends.append((low, high))
        caption = f"{AXES[axis]} = {plane.index + 1} of {labels.shape[axis]}"
        letters = (*ends[0], *ends[1])
        slices.append(LabelledSlice(np.ascontiguousarray(image), np.ascontiguousarray(cut), plane.spacing(spacing), caption, letters))
    return slices


def _shown(scan: Scan, plane: Plane, window: tuple[float, float] | None) -> Picture:
    """Return a plane of the scan as RGB."""
    return shown(scan.voxels[(slice(None), *plane.slices)], window, scan.inverted, scan.is_colour)


def _scale(slices: list[LabelledSlice]) -> float:
    """Return picture pixels per mm (or per voxel), the same for all planes."""
    longest: float = max(length * pitch for one in slices for length, pitch in zip(one.labels.shape, one.pitch, strict=True))
    finest = 1 / min(min(one.pitch) for one in slices)
    natural = finest * longest
    return min(max(natural, SMALLEST), LARGEST) / longest


def _panel(labelled: LabelledSlice, structures: dict[int, Colour], scale: float) -> Picture:
    """Draw the image with filled and outlined classes at the picture's scale."""
    rows, columns = (max(1, round(n * pitch * scale)) for n, pitch in zip(labelled.labels.shape, labelled.pitch, strict=True))
    smaller = rows * columns < labelled.labels.size
    image = np.asarray(cv2.resize(labelled.image, (columns, rows), interpolation=cv2.INTER_AREA if smaller else cv2.INTER_CUBIC), np.uint8)
    labels = np.asarray(cv2.resize(labelled.labels, (columns, rows), interpolation=cv2.INTER_NEAREST), np.uint8)
    tint = image.copy()
    for value, colour in structures.items():
        tint[labels == value] = colour
    image = np.asarray(cv2.addWeighted(tint, FILL, image, 1 - FILL, 0), np.uint8)
    thickness = max(1, round(max(rows, columns) / 700))
    for value, colour in structures.items():
        outlines, _ = cv2.findContours((labels == value).view(np.uint8), cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
        cv2.drawContours(image, outlines, -1, colour, thickness, cv2.LINE_AA)
    return image


def _scale_bar(panel: Picture, scale: float, in_mm: bool, size: int) -> None:
    """Draw a bar of round length in the lower left corner, in place, white on a dark plate; nothing where there is no room."""
    longest = panel.shape[1] * 0.3 / scale
    decade = 10.0 ** math.floor(math.log10(longest))
    length = next(step * decade for step in (5, 2, 1) if step * decade <= longest * (1 + 1e-9))
    if not in_mm and length < 1:
        return
    words = length_text(length) if in_mm else f"{length:,.0f} px"
    bar, gap = round(length * scale), max(4, size // 2)
    width = max(bar, _width(words, size)) + 2 * gap
    height = size + 3 * gap + max(2, size // 5)
    if width + 2 * gap > panel.shape[1] or height + 2 * gap > panel.shape[0]:
        return
    left, top = gap, panel.shape[0] - gap - height
    plate = panel[top : top + height, left : left + width]
    plate[:] = plate // 3
    _write(panel, words, (left + (width - _width(words, size)) // 2, top + gap + size), size, PAPER)
    x, y = left + (width - bar) // 2, top + height - gap
    cv2.rectangle(panel, (x, y - max(2, size // 5)), (x + bar, y), PAPER, -1)


def _captioned(panel: Picture, caption: str, size: int) -> Picture:
    """Return the panel with its caption above, if it has one."""
    if not caption:
        return panel
    head = np.full((round(1.9 * size), panel.shape[1], 3), PAPER, np.uint8)
    _write(head, caption, (0, round(1.3 * size)), size, INK)
    return np.concatenate([head, panel])


def _letters(panel: Picture, letters: tuple[str, str, str, str], size: int) -> None:
    """Draw patient directions at the middle of the edges, in place, white with a dark rim."""
    height, width = panel.shape[:2]
    middle_x, middle_y = (width - size) // 2, (height + size) // 2
    places = ((middle_x, round(1.3 * size)), (middle_x, height - size // 2), (size // 2, middle_y), (width - round(1.2 * size), middle_y))
    for letter, (x, y) in zip(letters, places, strict=True):
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            _write(panel, letter, (x + dx, y + dy), size, INK)
        _write(panel, letter, (x, y), size, PAPER)


def _arranged(panels: list[Picture], size: int) -> Picture:
    """Arrange the panels: one as it is; three in a row, or the second and third below one another, whichever leaves less paper empty."""
    if len(panels) == 1:
        return panels[0]
    row = _joined(panels, size, 1)
    column = _joined([panels[0], _joined(panels[1:], size, 0)], size, 1)
    page = min((row, column), key=lambda found: found.size)
    return np.asarray(cv2.copyMakeBorder(page, size, size, size, size, cv2.BORDER_CONSTANT, value=PAPER), np.uint8)


def _joined(panels: list[Picture], gap: int, axis: int) -> Picture:
    """Join panels below one another (axis 0) or side by side (axis 1) with a gap between, on white."""
    breadth = max(panel.shape[1 - axis] for panel in panels)
    parts: list[Picture] = []
    for panel in panels:
        missing = breadth - panel.shape[1 - axis]
        down, right = (missing, gap) if axis else (gap, missing)
        last = panel is panels[-1]
        border = (0, 0 if last and not axis else down, 0, 0 if last and axis else right)
        parts.append(np.asarray(cv2.copyMakeBorder(panel, *border, cv2.BORDER_CONSTANT, value=PAPER), np.uint8))
    return np.concatenate(parts, axis=axis)


def _legend(entries: list[tuple[str, Colour]], width: int, size: int) -> Picture:
    """Draw swatch and name of each class, in as many rows as needed, and the research-use notice."""
    gap, line = size, round(1.9 * size)
    places, x, row = [], gap, 0
    for full_name, colour in entries:
        name = _fitting(full_name, width - 4 * gap, size)
        needed = round(1.6 * size) + _width(name, size) + 2 * gap
        if x > gap and x + needed > width:
            x, row = gap, row + 1
        places.append((x, row, name, colour))
        x += needed
    small = max(10, round(0.75 * size))
    rows = row + 1 if entries else 0
    strip = np.full((gap + rows * line + 2 * small + gap // 2, width, 3), PAPER, np.uint8)
    for x, row, name, colour in places:
        top = gap + row * line
        cv2.rectangle(strip, (x, top), (x + size, top + size), colour, -1, cv2.LINE_AA)
        _write(strip, name, (x + round(1.6 * size), top + round(0.88 * size)), size, INK)
    _write(strip, _fitting(RESEARCH_USE, width - 2 * gap, small), (gap, len(strip) - small), small, FAINT)
    return strip


def _fitting(text: str, width: int, size: int) -> str:
    """Return the text, cut with an ellipsis where it is too long."""
    if _width(text, size) <= width:
        return text
    while text and _width(text + "…", size) > width:
        text = text[:-1]
    return text + "…"


def _write(picture: Picture, text: str, at: tuple[int, int], size: int, colour: Colour) -> None:
    """Write text with its base line at (x, y), in place; OpenCV's own typeface holds Latin, Greek, Cyrillic and Chinese letters."""
    cv2.putText(picture, text, at, colour, cv2.FontFace("sans"), size, WEIGHT)


def _width(text: str, size: int) -> int:
    """Return the width of the text in pixels."""
    x, _, width, _ = cv2.getTextSize((1, 1), text, (0, 0), cv2.FontFace("sans"), size, WEIGHT)
    return int(x + width)
