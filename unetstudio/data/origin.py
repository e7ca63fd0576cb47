"""The origin of a labelled voxel's value, kept beside the value as one byte."""

from __future__ import annotations

from enum import IntEnum

HELD_OUT = 0x80
"""Bit set on voxels of strokes that are kept out of training to score it."""

SOURCE = 0x7F
"""Mask for the origin itself, without the held-out bit."""


class Origin(IntEnum):
    """Who made the value: it decides what may be overruled and how much the voxel weighs in training."""

    NONE = 0  # not annotated
    PAINTED = 1  # by hand; nothing may overrule it but the hand
    IMPORTED = 2  # from a mask file
    ACCEPTED = 3  # from a checkpoint's prediction, accepted by the user
