"""A finished change of a label map: the only way labels change."""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Region

Bytes = NDArray[np.uint8]


@dataclass(frozen=True, eq=False, slots=True)
class Edit:
    """The old and new values and origins of the voxels of `mask` in `region`; its inverse undoes it.

    `packed` is np.packbits of the boolean mask (Z, Y, X of the region, C order); the four arrays have one entry per True voxel, in the
    same order. A constant one may be a broadcast view of a single byte.
    """

    region: Region
    packed: Bytes
    before: Bytes
    after: Bytes
    before_origin: Bytes
    after_origin: Bytes
    tool: str
    value: int  # class painted; UNLABELLED for erasing
    time: float  # seconds since 1970, UTC

    @classmethod
    def of(
        cls,
        region: Region,
        mask: NDArray[np.bool_],
        before: Bytes,
        after: Bytes,
        before_origin: Bytes,
        after_origin: Bytes,
        *,
        tool: str,
        value: int,
        time: float | None = None,
    ) -> Edit:
        """Make an edit from a boolean mask (Z, Y, X of the region) and per-voxel values in its order."""
        packed = np.packbits(mask.reshape(-1))
        now = clock.time() if time is None else time
        return cls(region, packed, before, after, before_origin, after_origin, tool, value, now)

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The mask (Z, Y, X) bool over `region` of the voxels that change."""
        return np.unpackbits(self.packed, count=self.region.size).view(np.bool_).reshape(self.region.shape)

    @property
    def count(self) -> int:
        """Number of voxels that change."""
        return int(self.before.size)

    @property
    def nbytes(self) -> int:
        """Bytes held in memory."""
        values = (self.packed, self.before, self.after, self.before_origin, self.after_origin)
        return sum(1 if a.strides == (0,) else a.nbytes for a in values) + 200

    def inverse(self) -> Edit:
        """Return the edit that undoes this one, with the current time."""
        return replace(
            self,
            before=self.after,
            after=self.before,
            before_origin=self.after_origin,
            after_origin=self.before_origin,
            time=clock.time(),
        )


def constant(value: int, count: int) -> Bytes:
    """Return an array of `count` equal bytes that takes the memory of one."""
    return np.ndarray((count,), np.uint8, bytes((value,)), strides=(0,))
