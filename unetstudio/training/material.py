"""What patches are cut from: the study's scans as network channels, its labels as channels' numbers, and where each class is labelled."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.resample import needed, sample_channels, sample_labels
from unetstudio.data.classes import ClassTable
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import SOURCE, Origin
from unetstudio.data.region import Region
from unetstudio.data.study import Study, StudyCase
from unetstudio.training.holdout import HeldOut, hold_out

PREPARED_BYTES = 1536 * 2**20
"""Network channels of whole scans kept in memory; larger scans are prepared patch by patch."""

ONE_BYTES = 256 * 2**20
"""A scan whose channels take more is prepared patch by patch."""

MOST_PLACES = 100_000
"""Labelled voxels remembered per case and class; a random part of more."""

ACCEPTED_WEIGHT = 0.5
"""Of a voxel accepted from a prediction: it teaches less than one painted by hand."""

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Places = dict[int, dict[str, NDArray[np.int64]]]


@dataclass(frozen=True, eq=False)
class Index:
    """Flat voxel numbers of training labels by output channel and case; a snapshot, so that a batch in the making is not disturbed."""

    places: Places
    counts: tuple[int, ...]  # training voxels per channel
    table: Bytes  # (256,) label value to channel
    held: HeldOut
    dense: bool  # most labelled cases are fully labelled

    def channels(self) -> list[int]:
        """Channels that have labels to train on."""
        return sorted(self.places)


class Material:
    """Reads patches; safe to use from several threads while Edits arrive in one."""

    def __init__(self, study: Study, intensity: Intensity, seed: int = 0) -> None:
        self.study = study
        self.intensity = intensity
        self._seed = seed
        self._prepared: OrderedDict[str, Floats] = OrderedDict()
        self._scales: dict[str, Intensity] = {}
        self._lock = threading.Lock()
        self._known: dict[str, tuple[int, dict[int, NDArray[np.int64]]]] = {}  # by case: revision, flat voxel numbers by class value
        self._revision = -1
        self._held_for: tuple[object, ...] = ()
        self._held = HeldOut()
        self.index = self.refresh()

    def refresh(self) -> Index:
        """The index of the labels as they are now; only cases that changed are looked through."""
        if self._revision == self.study.revision:
            return self.index
        self._revision = self.study.revision
        labelled = self.study.labelled()
        self._hold_out(labelled)
        fresh: dict[str, tuple[int, dict[int, NDArray[np.int64]]]] = {}
        for id in labelled:
            found = self.study.cases[id]
            known = self._known.get(id)
            fresh[id] = known if known is not None and known[0] == found.revision else (found.revision, self._look_through(found))
        self._known = fresh
        self.index = self._indexed(self.study.classes)
        return self.index

    def read(self, id: str, places: Floats, z: int | None = None) -> Floats:
        """(C', *patch) float32 channels at `places` (D, *patch); `z` is the slice of a 2D patch."""
        region = needed(places, self.study.cases[id].case.shape, z)
        return sample_channels(self._channels(id, region), _moved(places, region))

    def read_labels(self, id: str, places: Floats, z: int | None, index: Index, *, held: bool = False) -> tuple[Bytes, Floats]:
        """(*patch) channel numbers or UNLABELLED, and weights, nearest to `places`; of held-out voxels, or of all others."""
        found = self.study.cases[id]
        region = needed(places, found.case.shape, z)
        if found.labels is None:
            return np.full(places.shape[1:], UNLABELLED, np.uint8), np.ones(places.shape[1:], np.float32)
        away = index.held.mask(found, region)
        chosen = np.where(away == held, index.table[found.labels.values[region.slices]], np.uint8(UNLABELLED))
        local = _moved(places, region)
        target = sample_labels(chosen, local)
        accepted = (found.labels.origin[region.slices] & SOURCE) == Origin.ACCEPTED
        weight = np.ones(target.shape, np.float32)
        if accepted.any():
            weight[sample_labels(accepted.view(np.uint8), local) == 1] = ACCEPTED_WEIGHT
        return target, weight

    def _channels(self, id: str, region: Region) -> Floats:
        """(C', Z, Y, X of `region`)."""
        with self._lock:
            whole = self._prepared.get(id)
            if whole is not None:
                self._prepared.move_to_end(id)
                return whole[(slice(None), *region.slices)]
            scan = self.study.scan(id)
            if id not in self._scales:
                self._scales[id] = self.intensity.of(scan)
            scale = self._scales[id]
        z, y, x = scan.shape
        if 4 * scale.channels_out(scan.channels) * z * y * x > ONE_BYTES:
            margin = scale.margin
            wider = region.grown((0, margin, margin)).clipped(scan.shape)
            return scale.prepare(scan.voxels[(slice(None), *wider.slices)])[(slice(None), *region.within(wider))]
        whole = scale.prepare(scan.voxels)
        with self._lock:
            self._prepared[id] = whole
            while len(self._prepared) > 1 and sum(kept.nbytes for kept in self._prepared.values()) > PREPARED_BYTES:
                self._prepared.popitem(last=False)
        return whole[(slice(None), *region.slices)]

    def _hold_out(self, labelled: list[str]) -> None:
        """Decides again what is held out when other cases carry labels, or the first marked stroke has come."""
        marked = any(self.study.cases[id].counts[1, :UNLABELLED].any() for id in labelled)
        reason: tuple[object, ...] = (*labelled, marked, self.study.classes.values)
        if reason != self._held_for:
            self._held_for, self._held = reason, hold_out(self.study, self._seed)
            self._known.clear()

    def _look_through(self, found: StudyCase) -> dict[int, NDArray[np.int64]]:
        """Flat voxel numbers of a case's training labels by class value."""
        if found.labels is None or found.case.id in self._held.cases:
            return {}
        away = self._held.mask(found, Region.whole(found.labels.shape)) if self._held.any(found) else None
        values = found.labels.values if away is None else np.where(away, np.uint8(UNLABELLED), found.labels.values)
        rng = np.random.default_rng(self._seed)
        places = {}
        for value in self.study.classes.values:
            if found.counts[0, value] and (at := np.flatnonzero(values == value)).size:
                places[value] = at if at.size <= MOST_PLACES else np.sort(rng.choice(at, MOST_PLACES, replace=False))
        return places

    def _indexed(self, classes: ClassTable) -> Index:
        places: Places = {}
        for id, (_, by_value) in self._known.items():
            for channel, value in enumerate(classes.values):
                if value in by_value:
                    places.setdefault(channel, {})[id] = by_value[value]
        train = self.study.counts()
        counts = tuple(train[value][0] if channel in places else 0 for channel, value in enumerate(classes.values))
        annotated = sum(self.study.cases[id].annotated for id in self._known)
        size = sum(int(np.prod(self.study.cases[id].case.shape)) for id in self._known)
        return Index(places, counts, classes.channels(), self._held, dense=annotated > 0.5 * size)


def _moved(places: Floats, region: Region) -> Floats:
    """Places as seen from the region's first voxel."""
    start = np.array(region.start[-len(places) :], np.float32)
    return np.asarray(places - start.reshape(-1, *(1,) * (places.ndim - 1)), np.float32)
