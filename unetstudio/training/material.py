"""What patches are cut from: the study's scans as network channels, its labels as channels' numbers, and where each class is labelled."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Iterator
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
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.errors import TrainingError, UserError
from unetstudio.inference.resampled import Ratio, can_be, ratio_of, zoom_of
from unetstudio.training.borders import Borders
from unetstudio.training.events import Notice
from unetstudio.training.holdout import HeldOut, choose_held_out

MOST_SCANS = 16
"""Scans looked at for the intensity scale ..."""

FILTERED_SCANS = 4
"""... and for the strength of filter responses."""

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


class Unreadable(Exception):
    """The image of the labelled case `case` cannot be learnt from; the text is one sentence."""

    def __init__(self, case: str, text: str) -> None:
        super().__init__(text)
        self.case = case

    @property
    def notice(self) -> Notice:
        """As the user is told."""
        return Notice(f"{self} Learning goes on without this image.")


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
        """Patches are of voxels of `spacing` mm (z, y, x), by default of each image's own; `hold_out` is the wish of `choose_held_out`."""
        self.study = study
        self._spacing, self._dims = spacing, dims
        self.intensity = intensity
        self.borders = borders
        self._seed, self._wish = seed, hold_out
        self._prepared: OrderedDict[str, Floats] = OrderedDict()
        self._scales: dict[str, Intensity] = {}
        self._one_bytes = ONE_BYTES
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
            if self.borders is not None:
                self.borders.refresh(found)
        if self.borders is not None:
            self.borders.keep_only(labelled)
        self._known = fresh
        self.index = self._indexed(self.study.classes)
        return self.index

    def ratio(self, id: str) -> Ratio:
        """How many of a case's voxels (z, y, x) one voxel of a patch takes."""
        ratio = ratio_of(self.study.cases[id].case.geometry, self._spacing, self._dims)
        return ratio if can_be(ratio) else (1.0, 1.0, 1.0)

    def forget(self, id: str) -> None:
        """Another file may stand there next time."""
        with self._lock:
            self._prepared.pop(id, None)
            self._scales.pop(id, None)

    def save_memory(self) -> None:
        """Keeps no prepared scans from now on: patches are prepared one by one, which takes longer."""
        with self._lock:
            self._prepared.clear()
            self._one_bytes = 0

    def read(self, id: str, places: Floats, z: int | None = None) -> Floats:
        """(C', *patch) float32 channels at `places` (D, *patch); `z` is the slice of a 2D patch."""
        region = bounding_region(places, self.study.cases[id].case.shape, z)
        return sample_channels(self._channels(id, region), _moved(places, region))

    def read_labels(self, id: str, places: Floats, z: int | None, index: Index, *, held: bool = False) -> tuple[Bytes, Floats]:
        """(*patch) channel numbers or UNLABELLED, and weights, nearest to `places`; of held-out voxels, or of all others."""
        found = self.study.cases[id]
        region = bounding_region(places, found.case.shape, z)
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
        if self.borders is not None and (between := self.borders.of(id)) is not None:
            weight *= 1 + sample_labels(between[region.slices], local) * np.float32(self.borders.factor / 255)
        return target, weight

    def _channels(self, id: str, region: Region) -> Floats:
        """(C', Z, Y, X of `region`)."""
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
            while len(self._prepared) > 1 and sum(kept.nbytes for kept in self._prepared.values()) > PREPARED_BYTES:
                self._prepared.popitem(last=False)
        return whole[(slice(None), *region.slices)]

    def _hold_out(self, labelled: list[str]) -> None:
        """Decides again what is held out when other cases carry labels, or the first marked stroke has come."""
        marked = any(self.study.cases[id].counts[1, :UNLABELLED].any() for id in labelled)
        reason: tuple[object, ...] = (*labelled, marked, self.study.classes.values)
        if reason != self._held_for:
            self._held_for, self._held = reason, choose_held_out(self.study, self._seed, self._wish)
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
            if (found.counts[0, value] or self._held.nothing) and (at := np.flatnonzero(values == value)).size:
                places[value] = at if at.size <= MOST_PLACES else np.sort(rng.choice(at, MOST_PLACES, replace=False))
        return places

    def _indexed(self, classes: ClassTable) -> Index:
        places: Places = {}
        for id, (_, by_value) in self._known.items():
            for channel, value in enumerate(classes.values):
                if value in by_value:
                    places.setdefault(channel, {})[id] = by_value[value]
        train = self.study.counts()
        parts = 2 if self._held.nothing else 1
        counts = tuple(sum(train[value][:parts]) if channel in places else 0 for channel, value in enumerate(classes.values))
        annotated = sum(self.study.cases[id].annotated for id in self._known)
        size = sum(int(np.prod(self.study.cases[id].case.shape)) for id in self._known)
        return Index(places, counts, classes.channels(), self._held, dense=annotated > 0.5 * size)


def fit_intensity(study: Study, filters: bool, normalisation: str = "auto") -> tuple[Intensity, list[Unreadable]]:
    """The scale of the labelled cases' images; those that cannot be read are left out of the study and told of.

    TrainingError when none is left, or not enough to learn from.
    """
    lost: list[Unreadable] = []

    def scans(ids: list[str]) -> Iterator[Scan]:
        for id in ids:
            if id in study.left_out:
                continue
            try:
                yield read_scan(study, id)
            except Unreadable as error:
                lost.append(error)
                study.leave_out(id)

    while True:
        ids, known = study.labelled(), len(lost)
        if lost and study.ready() is not None:
            raise TrainingError(f"{lost[0]} Without this image there is too little to learn from.")
        some = ids[:: -(-len(ids) // MOST_SCANS)]
        try:
            intensity = Intensity.fit(scans(some), normalisation=normalisation)
            if filters:
                intensity = intensity.with_filters(scans(some[:FILTERED_SCANS]))
        except UserError:
            if len(lost) == known:
                raise
            continue  # none of these could be read
        if len(lost) == known:
            return intensity, lost


def read_scan(study: Study, id: str, channels: int = 0) -> Scan:
    """A labelled case's scan; Unreadable when it cannot be read, or is not the image that was labelled. Zero allows any number of
    channels."""
    case = study.cases[id].case
    try:
        scan = study.scan(id)
    except UserError as error:
        raise Unreadable(id, str(error)) from error
    if scan.shape != case.shape:
        now, then = (" x ".join(map(str, shape)) for shape in (scan.shape, case.shape))
        raise Unreadable(id, f"{case.source.path.name} has another size than when it was labelled ({now}, not {then} voxels).")
    if 1 < scan.channels < channels:  # grey stands in for colour, see Intensity.prepare
        raise Unreadable(id, f"{case.source.path.name} has {scan.channels} channels, but learning began with {channels}.")
    return scan


def _moved(places: Floats, region: Region) -> Floats:
    """Places as seen from the region's first voxel."""
    start = np.array(region.start[-len(places) :], np.float32)
    return np.asarray(places - start.reshape(-1, *(1,) * (places.ndim - 1)), np.float32)
