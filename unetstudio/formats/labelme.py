"""labelme: the shapes that were drawn on one image."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.errors import FormatError
from unetstudio.formats.format import FORMATS, Format
from unetstudio.formats.masks.content import MaskContent, MaskGrid
from unetstudio.formats.outlines.drawn import Outline, drawn
from unetstudio.formats.outlines.json_file import edges_of, read_json, ring_of
from unetstudio.formats.outlines.regions import OutlineNote
from unetstudio.formats.outlines.tracing import Window
from unetstudio.formats.voxel_files.memory_check import require_memory

_IGNORED = "__ignore__"  # labelme's own label for what is not annotated
_CORNERS_OF_A_CIRCLE = 64


class Labelme(Format):
    """labelme's JSON files; polygons, rectangles, circles and masks are areas."""

    title = "labelme"
    suffixes = (".json",)
    images = False

    def recognises(self, head: bytes) -> bool:
        """Look for the list of shapes and what goes with it."""
        words = b"".join(head.split())
        return (
            words[:1] == b"{"
            and b'"shapes":' in words
            and any(key in words for key in (b'"shape_type":', b'"imagePath":', b'"imageData":'))
        )

    def recognises_file(self, path: Path, head: bytes) -> bool:
        """Look for them at the beginning and the end, between which the image itself may stand."""
        return self.recognises(edges_of(path, head))

    def read_mask(self, path: Path, grid: MaskGrid | None) -> MaskContent:
        """Draw the shapes in their order, as labelme does; raise FormatError when they are for an image of another size."""
        data = read_json(path)
        size = _size(data, path, grid)
        require_memory(path, 5 * size[0] * size[1], path.stat().st_size)
        if grid is not None and grid.shape != (1, *size):
            height, width = size
            raise FormatError(path, f"it was drawn on an image of {width} x {height} pixels, which is another size; choose its own image.")
        outlines, lines = list[Outline](), 0
        for shape in data["shapes"]:
            name = str(shape["label"])
            if shape.get("shape_type") == "mask":
                outlines.append(Outline(name, pixels=_mask(shape, size), ignored=name == _IGNORED))
                continue
            ring = _ring(shape)
            lines += ring is None
            if ring is not None:
                outlines.append(Outline(name, [ring], ignored=name == _IGNORED))
        notes = [f"{lines} of its shapes are points or lines, which enclose no pixel, and were left out."] if lines else []
        return drawn(outlines, path, grid, OutlineNote((1, *size)), notes, small_on_top=False)


def _size(data: Mapping[str, Any], path: Path, grid: MaskGrid | None) -> tuple[int, int]:
    """Return height and width of the image, which old versions do not write."""
    height, width = data.get("imageHeight"), data.get("imageWidth")
    if height is not None and width is not None:
        return (int(height), int(width))
    if grid is None or grid.shape[0] != 1:
        raise FormatError(path, "it does not say the size of its image; import it as a mask of the picture that it belongs to.")
    return grid.shape[1:]


def _ring(shape: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """Return the corners of a shape; None for one that encloses nothing."""
    points = ring_of(shape["points"])
    match shape.get("shape_type") or "polygon":
        case "polygon":
            return points
        case "rectangle":
            (left, top), (right, bottom) = points.min(0), points.max(0)
            return np.array([(left, top), (right, top), (right, bottom), (left, bottom)])
        case "oriented_rectangle":
            return points
        case "circle":
            centre, on_it = points[0], points[1]
            radius = float(np.hypot(*(on_it - centre)))
            angles = np.linspace(0, 2 * np.pi, int(_CORNERS_OF_A_CIRCLE + 16 * min(radius, 1e5)), endpoint=False)
            return ring_of(centre + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1))
    return None


def _mask(shape: Mapping[str, Any], size: tuple[int, int]) -> tuple[Window, NDArray[np.bool_]]:
    """Return the window and the pixels of a mask, which is a picture within the box of its two points."""
    import base64

    import cv2

    picture = cv2.imdecode(np.frombuffer(base64.b64decode(shape["mask"]), np.uint8), cv2.IMREAD_UNCHANGED)
    if picture is None or picture.ndim != 2:
        raise ValueError("a mask")
    left, top = (int(n) for n in np.rint(ring_of(shape["points"]).min(0)))
    bottom, right = top + picture.shape[0], left + picture.shape[1]
    if min(left, top) < 0 or bottom > size[0] or right > size[1]:
        raise ValueError("the place of a mask")
    return (slice(top, bottom), slice(left, right)), picture > 0


FORMATS.register("labelme")(Labelme())
