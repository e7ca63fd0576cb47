"""The meaning of the axes of a NIfTI file beyond the third: channels, or volumes that are images of their own."""

from __future__ import annotations

import math
from dataclasses import dataclass

from unetstudio.formats.nifti.header import NiftiFile

MOST_CHANNELS = 4
"""Length up to which a fourth axis of unknown meaning holds channels."""

_TIME = 2001  # intent code of a time series
_VECTORS = {1004, 1005, 1006, 1007, 1010, 2003, 2004}  # matrix, tensor, displacement, vector, quaternion, RGB, RGBA

_GUESSED = "Its fourth axis, of {count}, is taken for channels; if it holds times or other volumes, save them as one file each."


@dataclass(frozen=True)
class FurtherAxes:
    """The axes beyond the third, of these `lengths`: which of them holds the channels (0 to 3, None when none does)."""

    lengths: tuple[int, int, int, int]
    channel_axis: int | None
    guessed: bool = False  # the file does not say that they are channels

    @property
    def channels(self) -> int:
        """Number of channels."""
        return 1 if self.channel_axis is None else self.lengths[self.channel_axis]

    @property
    def volumes(self) -> int:
        """Number of images."""
        return math.prod(self.lengths) // self.channels

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the reading of the axes."""
        return (_GUESSED.format(count=self.channels),) if self.guessed else ()

    def places(self, volume: int) -> dict[int, int]:
        """Return the place of a volume on each axis but that of the channels; the fourth runs fastest."""
        places = {}
        for axis, length in enumerate(self.lengths):
            if axis != self.channel_axis:
                volume, places[axis] = divmod(volume, length)
        return places


def further_axes(file: NiftiFile) -> FurtherAxes:
    """Decide by intent and fifth axis; a short fourth axis that nothing is said about holds channels."""
    lengths, intent = file.beyond, int(file.header["intent_code"])
    if file.dtype.names:  # colours
        return FurtherAxes(lengths, None)
    if lengths[1] > 1:
        return FurtherAxes(lengths, 1)
    if intent in _VECTORS and lengths[0] > 1:
        return FurtherAxes(lengths, 0)
    if 1 < lengths[0] <= MOST_CHANNELS and intent != _TIME and math.prod(lengths[1:]) == 1:
        return FurtherAxes(lengths, 0, guessed=True)
    return FurtherAxes(lengths, None)
