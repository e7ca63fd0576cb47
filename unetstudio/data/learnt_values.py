"""The record of the voxel values that were learnt from, kept in a checkpoint so that other images can be compared with it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.scan import Scan
from unetstudio.data.value_range import Percentiles, ValueRange

Floats = NDArray[np.float32]

MOST_WORDS, LONGEST = 64, 40
"""Largest number, and length, of the words accepted from an untrusted checkpoint."""


@dataclass(frozen=True)
class LearntValues:
    """The `percentiles` (1, 50 and 99) of each channel over the training scans, and the scans' types, kinds and units.

    Inverted scans count as they are seen: turned round.
    """

    percentiles: tuple[Percentiles, ...]
    highest: float  # of all values
    dtypes: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    units: tuple[str, ...] = ()
    inverted: bool = False  # whether some of the scans were turned round
    hu: bool = False  # whether all are CT numbers

    def to_json(self) -> dict[str, Any]:
        """Return plain values for checkpoints."""
        return {
            "percentiles": [list(channel) for channel in self.percentiles],
            "highest": self.highest,
            "dtypes": list(self.dtypes),
            "kinds": list(self.kinds),
            "units": list(self.units),
            "inverted": self.inverted,
            "hu": self.hu,
        }

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> LearntValues:
        """Read what `to_json` returned; raise ValueError, KeyError or TypeError for anything else."""
        percentiles = tuple((float(low), float(middle), float(high)) for low, middle, high in values["percentiles"])
        highest = float(values["highest"])
        if not percentiles or not math.isfinite(highest) or not all(-math.inf < a <= b <= c < math.inf for a, b, c in percentiles):
            raise ValueError("values that are none")
        dtypes, kinds, units = (_words(values[name]) for name in ("dtypes", "kinds", "units"))
        return cls(percentiles, highest, dtypes, kinds, units, values["inverted"] is True, values["hu"] is True)


class Recorder:
    """Gathers the record of scans, one after the other."""

    def __init__(self) -> None:
        self._dtypes: set[str] = set()
        self._kinds: set[str] = set()
        self._units: set[str] = set()
        self._inverted = False
        self._hu = True

    def add(self, scan: Scan, *, hu: bool) -> None:
        """Note what kind of scan it is, and whether its values are CT numbers."""
        self._dtypes.add(scan.voxels.dtype.name)
        self._kinds.add(scan.kind)
        self._units.add(scan.unit)
        self._inverted = self._inverted or scan.inverted
        self._hu = self._hu and hu

    def record(self, channels: Sequence[Floats]) -> LearntValues:
        """Return the record of the scans; `channels` are their pooled values per channel, upright."""
        percentiles = ValueRange.of(channels).channels
        highest = max((float(values[np.isfinite(values)].max(initial=-math.inf)) for values in channels), default=0.0)
        dtypes, kinds, units = (tuple(sorted(words)) for words in (self._dtypes, self._kinds, self._units))
        return LearntValues(percentiles, highest if math.isfinite(highest) else 0.0, dtypes, kinds, units, self._inverted, self._hu)


def _words(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or len(values) > MOST_WORDS:
        raise ValueError("words that are none")
    return tuple(str(word)[:LONGEST] for word in values)
