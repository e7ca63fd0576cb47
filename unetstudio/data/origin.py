"""The origin of a labelled voxel's value, stored beside the value as a byte."""

from __future__ import annotations

from enum import IntEnum

HELD_OUT = 0x80
"""Bit that marks voxels of strokes held out of training to score it."""

SOURCE = 0x7F
"""Mask for the origin itself, without the held-out bit."""


class Origin(IntEnum):
    """The origin of a value, which decides what may overrule it and its weight in training."""

    NONE = 0  # not annotated
    PAINTED = 1  # by hand; only painting may overrule it
    IMPORTED = 2  # from a mask file
    ACCEPTED = 3  # from a checkpoint's prediction, accepted by the user
