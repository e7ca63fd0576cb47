"""The segments of a segmentation of 3D Slicer or MITK: what its keys say about layers, values, names and colours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.classes import Colour

_KEY = re.compile(r"Segment(\d+)_(\w+)")
_GROUPS = "org.mitk.multilabel.segmentation.labelgroups"


@dataclass(frozen=True)
class Segment:
    """A segment: the voxels of `value` in a `layer`."""

    layer: int
    value: int
    name: str
    colour: Colour | None


def describe_segments(keys: Mapping[str, str]) -> bool:
    """Whether the keys of a file are those of a segmentation."""
    return _GROUPS in keys or any(key.startswith("Segment0_") for key in keys)


def read_segments(keys: Mapping[str, str], layers: int) -> list[Segment]:
    """Return the segments in the file's order.

    Files of older versions name neither layer nor value: the segments are then layers of their own, or numbered in the only one.
    """
    if _GROUPS in keys:
        return _mitk_segments(keys[_GROUPS])
    found: dict[int, dict[str, str]] = {}
    for key, text in keys.items():
        if match := _KEY.fullmatch(key):
            found.setdefault(int(match[1]), {})[match[2]] = text
    segments = []
    for position, (number, about) in enumerate(sorted(found.items())):
        layer = _whole(about.get("Layer"), position if layers > 1 else 0)
        value = _whole(about.get("LabelValue"), 1 if layers > 1 else position + 1)
        name = about.get("Name") or about.get("ID") or f"Segment {number + 1}"
        segments.append(Segment(layer, value, name, _colour(about.get("Color"))))
    return segments


def _mitk_segments(text: str) -> list[Segment]:
    """Return the labels of MITK: each group is a layer; none where the text is not as MITK writes it."""
    try:
        groups = json.loads(text)
        return [
            Segment(layer, int(label["value"]), str(label["name"]), _colour(" ".join(str(part) for part in label["color"]["value"])))
            for layer, group in enumerate(groups)
            for label in group["labels"]
            if int(label["value"]) > 0
        ]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []


def merged(layers: NDArray[Any], segments: Sequence[Segment]) -> tuple[NDArray[np.integer[Any]], list[int], int]:
    """Lay segments over each other, the later on top: (Z, Y, X) values, the value of each segment, and the voxels of more than one.

    The file's own values are kept where no two segments share one.
    """
    own = [segment.value for segment in segments]
    values = own if len(set(own)) == len(own) and 0 not in own else list(range(1, len(segments) + 1))
    labels = np.zeros(layers.shape[1:], np.int32)
    overlap = np.zeros(layers.shape[1:], bool)
    for segment, value in zip(segments, values, strict=True):
        if segment.layer < len(layers):
            inside = layers[segment.layer] == segment.value
            overlap |= inside & (labels > 0)
            labels[inside] = value
    return labels, values, int(overlap.sum())


def _whole(text: str | None, otherwise: int) -> int:
    try:
        return otherwise if text is None else int(text)
    except ValueError:
        return otherwise


def _colour(text: str | None) -> Colour | None:
    """Return red, green and blue of three fractions of one; None when they are none."""
    try:
        red, green, blue = (round(min(max(float(word), 0.0), 1.0) * 255) for word in (text or "").split())
    except ValueError:
        return None
    return (red, green, blue)
