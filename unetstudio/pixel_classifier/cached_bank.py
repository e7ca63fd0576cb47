"""A cache of features, so that a new stroke, or a prediction after it, computes none anew."""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.region import Index, Region
from unetstudio.data.scan import Scan
from unetstudio.pixel_classifier.feature_bank import FeatureBank

CACHE_BYTES = 768 * 2**20
"""Bytes of features kept in memory."""

Floats = NDArray[np.float32]
Key = tuple[int, Index]


@dataclass(eq=False)
class CachedBank:
    """The features of a bank, computed in blocks of which the most recent stay in memory as float16; safe to use from several threads.

    All features pass through float16, so that they do not depend on what is cached.
    """

    bank: FeatureBank
    bytes: int = CACHE_BYTES
    _blocks: OrderedDict[Key, NDArray[np.float16]] = field(default_factory=OrderedDict, repr=False)
    _numbers: WeakKeyDictionary[Scan, int] = field(default_factory=WeakKeyDictionary, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _size: int = 0
    _next: int = 0

    def features(self, scan: Scan, region: Region) -> Floats:
        """Return (F, Z, Y, X) of a region inside the scan."""
        out = np.empty((self.bank.count, *region.shape), np.float32)
        for block in blocks(region, scan.shape, self.bank.block):
            shared = block & region
            out[(slice(None), *shared.within(region))] = self._block(scan, block)[(slice(None), *shared.within(block))]
        return out

    def _block(self, scan: Scan, block: Region) -> NDArray[np.float16]:
        with self._lock:
            if scan not in self._numbers:
                self._numbers[scan] = self._next
                self._next += 1
            key = (self._numbers[scan], block.start)
            kept = self._blocks.get(key)
            if kept is not None:
                self._blocks.move_to_end(key)
                return kept
        fresh = self.bank.features(scan, block).astype(np.float16)
        with self._lock:
            if key not in self._blocks:  # another thread may have been faster
                self._blocks[key] = fresh
                self._size += fresh.nbytes
            while self._size > self.bytes and len(self._blocks) > 1:
                self._size -= self._blocks.popitem(last=False)[1].nbytes
        return fresh


def blocks(region: Region, shape: Index, block: Index) -> list[Region]:
    """Return the blocks of a grid over an array of `shape` that a region touches, each clipped to the array."""
    ranges = [range(start // step * step, stop, step) for start, stop, step in zip(region.start, region.stop, block, strict=True)]
    starts = itertools.product(*ranges)
    return [Region((z, y, x), (z + block[0], y + block[1], x + block[2])).clipped(shape) for z, y, x in starts]
