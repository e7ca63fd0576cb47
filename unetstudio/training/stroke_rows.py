"""The features of labelled voxels of a live study, gathered block by block and kept while their labels stay as they are."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.labels import UNLABELLED
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.pixel_classifier.cached_bank import CachedBank, blocks
from unetstudio.training.holdout import HeldOut
from unetstudio.training.study_scans import Unreadable, read_scan

MOST_LABELLED = 16_000
"""Approximate largest number of labelled voxels to fit to, shared evenly by the classes."""

LEAST_PER_CLASS = 64
"""Smallest share of a class, where there are many."""

MOST_UNLABELLED = 12_000
"""Largest number of unlabelled voxels."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Rows:
    """Features (n, F) and class values (n,) of labelled voxels, which of them are `held` out (n,), and features of unlabelled ones."""

    features: Floats
    values: NDArray[np.uint8]
    held: NDArray[np.bool_]
    unlabelled: Floats

    def training(self) -> Rows:
        """Return the rows without those held out."""
        kept = ~self.held
        return Rows(self.features[kept], self.values[kept], self.held[kept], self.unlabelled)


@dataclass(frozen=True, eq=False)
class _Block:
    """The gathered features of a block: of the labelled voxels at flat numbers `places`, and of some others."""

    places: NDArray[np.int64]
    features: Floats
    unlabelled: Floats


class StrokeRows:
    """Gathers the rows of a study with a bank; only blocks whose labels have changed are gathered again."""

    def __init__(self, study: Study, bank: CachedBank, seed: int = 0) -> None:
        self._study, self.bank, self._seed = study, bank, seed
        self._kept: dict[tuple[str, Region], _Block] = {}
        self._scans: dict[str, Scan] = {}

    def gather(self, held: HeldOut) -> Rows:
        """Return the rows of the present labels. Cases whose image cannot be read are left out."""
        shares = {value: _share(sum(n), len(self._study.classes)) for value, n in self._study.counts().items()}
        features, values, held_out, unlabelled = [], [], [], []
        fresh: dict[tuple[str, Region], _Block] = {}
        for member, scan in self._labelled():
            places, classes = _places(member, shares)
            out = held.mask(member, Region.whole(scan.shape)).reshape(-1)[places] if held.any(member) else np.zeros(len(places), np.bool_)
            for block, at in _by_block(places, scan.shape, self.bank.bank.block):
                key = (member.case.id, block)
                kept = self._kept.get(key)
                if kept is None or self._scans.get(member.case.id) is not scan or not np.array_equal(kept.places, places[at]):
                    kept = self._gather(scan, block, places[at])
                fresh[key] = kept
                features.append(kept.features)
                unlabelled.append(kept.unlabelled)
                values.append(classes[at])
                held_out.append(out[at])
            self._scans[member.case.id] = scan
        self._kept = fresh
        n = self.bank.bank.count
        every = max(1, math.ceil(sum(map(len, unlabelled)) / MOST_UNLABELLED))
        return Rows(
            np.concatenate([np.empty((0, n), np.float32), *features]),
            np.concatenate([np.empty(0, np.uint8), *values]),
            np.concatenate([np.empty(0, np.bool_), *held_out]),
            np.concatenate([np.empty((0, n), np.float32), *(rows[::every] for rows in unlabelled)]),
        )

    def _labelled(self) -> Iterator[tuple[StudyCase, Scan]]:
        for id in self._study.labelled():
            try:
                yield self._study.cases[id], read_scan(self._study, id)
            except Unreadable:  # reported when the network's training reads it
                continue

    def _gather(self, scan: Scan, block: Region, places: NDArray[np.int64]) -> _Block:
        """Compute the features of the labelled voxels of a block, and of one in ten others, but for the largest blocks."""
        stack = self.bank.features(scan, block).reshape(self.bank.bank.count, -1)
        inside = np.ravel_multi_index(_within(np.unravel_index(places, scan.shape), block), block.shape)
        rng = np.random.default_rng((self._seed, *block.start))
        others = rng.integers(0, block.size, min(block.size // 10 + 1, MOST_UNLABELLED // 2))
        return _Block(places, np.ascontiguousarray(stack[:, inside].T), np.ascontiguousarray(stack[:, others].T))


def _share(count: int, classes: int) -> float:
    """Return the share of a class's `count` voxels to use: a power of a half, so that it rarely changes as strokes are added."""
    most = max(LEAST_PER_CLASS, MOST_LABELLED // max(1, classes))
    return 1.0 if count <= most else 2.0 ** -math.ceil(math.log2(count / most))


def _places(member: StudyCase, shares: dict[int, float]) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return flat numbers and class values of a case's labelled voxels, thinned to the share of each class.

    Whether a voxel is used depends on its number only: it stays so as others are painted.
    """
    if member.labels is None:
        return np.empty(0, np.int64), np.empty(0, np.uint8)
    flat = member.labels.values.reshape(-1)
    places = np.flatnonzero(flat != UNLABELLED)
    values = flat[places]
    limit = np.zeros(256)
    for value, share in shares.items():
        limit[value] = share
    rank = ((places * 2_654_435_761) & 0xFFFF_FFFF) / 2.0**32  # multiplicative hash (Knuth)
    kept = rank < limit[values]
    return places[kept], values[kept]


def _by_block(
    places: NDArray[np.int64], shape: tuple[int, int, int], block: tuple[int, int, int]
) -> Iterator[tuple[Region, NDArray[np.int64]]]:
    """Group places by the blocks of a grid; yield each block with the positions of its places in `places`."""
    if not len(places):
        return
    index = np.stack([along // step for along, step in zip(np.unravel_index(places, shape), block, strict=True)], axis=1)
    grid, which = np.unique(index, axis=0, return_inverse=True)
    order = np.argsort(which.reshape(-1), kind="stable")
    bounds = np.searchsorted(which.reshape(-1)[order], np.arange(len(grid) + 1))
    for n, (z, y, x) in enumerate(grid.tolist()):
        start = (z * block[0], y * block[1], x * block[2])
        (region,) = blocks(Region(start, (start[0] + 1, start[1] + 1, start[2] + 1)), shape, block)
        yield region, order[bounds[n] : bounds[n + 1]]


def _within(at: tuple[NDArray[np.int64], ...], block: Region) -> tuple[NDArray[np.int64], ...]:
    return tuple(along - first for along, first in zip(at, block.start, strict=True))
