"""The material of training patches: scans as network channels, labels as channel numbers, and the labelled voxels of each class."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unetstudio.augment.resample import bounding_region, sample_channels, sample_labels
from unetstudio.data.classes import ClassTable
from unetstudio.data.geometry import Spacing
from unetstudio.data.intensity import Intensity
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import SOURCE, Origin
from unetstudio.data.region import Region
from unetstudio.data.study import Study, StudyCase
from unetstudio.inference.resampled import Ratio, can_be, ratio_of, zoom_of
from unetstudio.pixel_classifier.classifier import PixelClassifier
from unetstudio.training.borders import Borders
from unetstudio.training.holdout import HeldOut, HoldOut
from unetstudio.training.study_scans import read_scan

PREPARED_BYTES = 1536 * 2**20
"""Bytes of prepared whole scans (network channels) kept in memory."""

ONE_BYTES = 256 * 2**20
"""Bytes of network channels beyond which a scan is prepared patch by patch."""

MOST_PLACES = 100_000
"""Largest number of labelled voxels indexed per case and class; more are sampled at random."""

ACCEPTED_WEIGHT = 0.5
"""Loss weight of a voxel accepted from a prediction; one painted by hand has 1."""

Floats = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Places = dict[int, dict[str, NDArray[np.int64]]]


@dataclass(frozen=True, eq=False)
class LabelIndex:
    """Flat voxel numbers of training labels by output channel and case; a snapshot, so that a batch in preparation is not disturbed."""

    places: Places
    counts: tuple[int, ...]  # training voxels per channel
    table: Bytes  # (256,) label value to channel
    held: HeldOut
    dense: bool  # most labelled cases are fully labelled

    def channels(self) -> list[int]:
        """Return the channels that have training labels."""
        return sorted(self.places)


class Material:
    """A reader of patches; safe to use from several threads while Edits arrive in one."""

    def __init__(
        self,
        study: Study,
        intensity: Intensity,
        seed: int = 0,
        borders: Borders | None = None,
        spacing: Spacing | None = None,
        dims: int = 3,
        hold_out: str = "auto",
    ) -> None:
        """Make a reader of patches with voxels of `spacing` mm (z, y, x), by default each image's own; `hold_out` is the setting."""
        self.study = study
        self._spacing, self._dims = spacing, dims
        self.intensity = intensity
        self.borders = borders
        self.teacher: PixelClassifier | None = None  # a quick guess that patches carry for the network to learn from
        self._seed = seed
        self._prepared: OrderedDict[str, Floats] = OrderedDict()
        self._scales: dict[str, Intensity] = {}
        self._one_bytes = ONE_BYTES
        self._lock = threading.Lock()
        self._places: dict[str, tuple[int, dict[int, NDArray[np.int64]]]] = {}  # by case: revision, flat voxel numbers by class value
        self._revision = -1
        self._hold_out = HoldOut(study, seed, hold_out)
        self._held = HeldOut()
        self.index = self.refresh()

    def refresh(self) -> LabelIndex:
        """Update the index from the labels and return it; only cases that changed are searched."""
        if self._revision == self.study.revision:
            return self.index
        self._revision = self.study.revision
        labelled = self.study.labelled()
        held = self._hold_out.choose()
        if held is not self._held:
            self._held = held
            self._places.clear()
        fresh: dict[str, tuple[int, dict[int, NDArray[np.int64]]]] = {}
        for id in labelled:
            member = self.study.cases[id]
            cached = self._places.get(id)
            fresh[id] = cached if cached is not None and cached[0] == member.revision else (member.revision, self._find_places(member))
            if self.borders is not None:
                self.borders.refresh(member)
        if self.borders is not None:
            self.borders.keep_only(labelled)
        self._places = fresh
        self.index = self._indexed(self.study.classes)
        return self.index

    def ratio(self, id: str) -> Ratio:
        """Return the size of a patch's voxel in the case's own voxels (z, y, x)."""
        ratio = ratio_of(self.study.cases[id].case.geometry, self._spacing, self._dims)
        return ratio if can_be(ratio) else (1.0, 1.0, 1.0)

    def forget(self, id: str) -> None:
        """Drop the prepared channels of a case, whose file may have changed."""
        with self._lock:
            self._prepared.pop(id, None)
            self._scales.pop(id, None)

    def save_memory(self) -> None:
        """Stop caching prepared scans: patches are then prepared one by one, which takes longer."""
        with self._lock:
            self._prepared.clear()
            self._one_bytes = 0

    def read(self, id: str, places: Floats, z: int | None = None) -> Floats:
        """Return the (C', *patch) float32 channels at `places` (D, *patch); `z` is the slice of a 2D patch."""
        region = bounding_region(places, self.study.cases[id].case.shape, z)
        return sample_channels(self._channels(id, region), moved(places, region))

    def read_labels(self, id: str, places: Floats, z: int | None, index: LabelIndex, *, held: bool = False) -> tuple[Bytes, Floats]:
        """Return (*patch) channel numbers or UNLABELLED, and weights, nearest to `places`; of `held`-out voxels, or of all others."""
        member = self.study.cases[id]
        region = bounding_region(places, member.case.shape, z)
        if member.labels is None:
            return np.full(places.shape[1:], UNLABELLED, np.uint8), np.ones(places.shape[1:], np.float32)
        held_out = index.held.mask(member, region)
        channels = np.where(held_out == held, index.table[member.labels.values[region.slices]], np.uint8(UNLABELLED))
        local = moved(places, region)
        target = sample_labels(channels, local)
        accepted = (member.labels.origin[region.slices] & SOURCE) == Origin.ACCEPTED
        weight = np.ones(target.shape, np.float32)
        if accepted.any():
            weight[sample_labels(accepted.view(np.uint8), local) == 1] = ACCEPTED_WEIGHT
        if self.borders is not None and (between := self.borders.of(id)) is not None:
            weight *= 1 + sample_labels(between[region.slices], local) * np.float32(self.borders.factor / 255)
        return target, weight

    def guess(self, classifier: PixelClassifier, id: str, places: Floats, z: int | None) -> Floats:
        """Return a quick guess's log probabilities (K, *patch) at `places`, in the order of the class table."""
        region = bounding_region(places, self.study.cases[id].case.shape, z)
        scan = read_scan(self.study, id, self.intensity.channels)
        guess = classifier.log_probabilities(scan, region, self.study.classes.values)
        return sample_channels(guess, moved(places, region))

    def _channels(self, id: str, region: Region) -> Floats:
        """Prepare the channels (C', Z, Y, X of `region`)."""
        with self._lock:
            whole = self._prepared.get(id)
            if whole is not None:
                self._prepared.move_to_end(id)
                return whole[(slice(None), *region.slices)]
            scan = read_scan(self.study, id, self.intensity.channels)
            if id not in self._scales:
                self._scales[id] = self.intensity.of(scan).resampled(zoom_of(self.ratio(id)))
            scale = self._scales[id]
        z, y, x = scan.shape
        if 4 * scale.channels_out(scan.channels) * z * y * x > self._one_bytes:
            margin = scale.margin
            wider = region.grown((0, margin, margin)).clipped(scan.shape)
            return scale.prepare(scan.voxels[(slice(None), *wider.slices)])[(slice(None), *region.within(wider))]
        whole = scale.prepare(scan.array)
        with self._lock:
            self._prepared[id] = whole
            while len(self._prepared) > 1 and sum(scan.nbytes for scan in self._prepared.values()) > PREPARED_BYTES:
                self._prepared.popitem(last=False)
        return whole[(slice(None), *region.slices)]

    def _find_places(self, member: StudyCase) -> dict[int, NDArray[np.int64]]:
        """Return the flat voxel numbers of a case's training labels by class value."""
        if member.labels is None or member.case.id in self._held.cases:
            return {}
        held_out = self._held.mask(member, Region.whole(member.labels.shape)) if self._held.any(member) else None
        values = member.labels.values if held_out is None else np.where(held_out, np.uint8(UNLABELLED), member.labels.values)
        rng = np.random.default_rng(self._seed)
        places = {}
        for value in self.study.classes.values:
            if (member.counts[0, value] or self._held.nothing) and (at := np.flatnonzero(values == value)).size:
                places[value] = at if at.size <= MOST_PLACES else np.sort(rng.choice(at, MOST_PLACES, replace=False))
        return places

    def _indexed(self, classes: ClassTable) -> LabelIndex:
        places: Places = {}
        for id, (_, by_value) in self._places.items():
            for channel, value in enumerate(classes.values):
                if value in by_value:
                    places.setdefault(channel, {})[id] = by_value[value]
        train = self.study.counts()
        parts = 2 if self._held.nothing else 1
        counts = tuple(sum(train[value][:parts]) if channel in places else 0 for channel, value in enumerate(classes.values))
        annotated = sum(self.study.cases[id].annotated for id in self._places)
        size = sum(int(np.prod(self.study.cases[id].case.shape)) for id in self._places)
        return LabelIndex(places, counts, classes.channels(), self._held, dense=annotated > 0.5 * size)


def moved(places: Floats, region: Region) -> Floats:
    """Return places relative to the region's first voxel."""
    start = np.array(region.start[-len(places) :], np.float32)
    return np.asarray(places - start.reshape(-1, *(1,) * (places.ndim - 1)), np.float32)
