"""The scans of labelled cases, read for training or excluded with a reason, and the intensity scale fitted to them."""

from __future__ import annotations

from collections.abc import Iterator

from unetstudio.data.intensity import Intensity
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study
from unetstudio.errors import TrainingError, UserError
from unetstudio.inference.events import Notice

MOST_SCANS = 16
"""Largest number of scans to which the intensity scale is fitted."""

FILTERED_SCANS = 4
"""Largest number of scans to which the factors of filter responses are fitted."""


class Unreadable(Exception):
    """Raised when the image of the labelled case `case` cannot be used; the text is one sentence."""

    def __init__(self, case: str, text: str) -> None:
        super().__init__(text)
        self.case = case

    @property
    def notice(self) -> Notice:
        """The sentence for the user."""
        return Notice(f"{self} Learning goes on without this image.")


def fit_intensity(study: Study, filters: bool, normalisation: str = "auto") -> tuple[Intensity, list[Unreadable]]:
    """Fit the intensity scale to the labelled cases' images. Those that cannot be read are excluded from the study and returned.

    Raise TrainingError when none is left, or not enough to learn from.
    """
    unreadable: list[Unreadable] = []

    def scans(ids: list[str]) -> Iterator[Scan]:
        for id in ids:
            if id in study.excluded:
                continue
            try:
                yield read_scan(study, id)
            except Unreadable as error:
                unreadable.append(error)
                study.exclude(id)

    while True:
        ids, before = study.labelled(), len(unreadable)
        if unreadable and study.reason_to_wait() is not None:
            raise TrainingError(f"{unreadable[0]} Without this image there is too little to learn from.")
        some = ids[:: -(-len(ids) // MOST_SCANS)]
        try:
            intensity = Intensity.fit(scans(some), normalisation=normalisation)
            if filters:
                intensity = intensity.with_filters(scans(some[:FILTERED_SCANS]))
        except UserError:
            if len(unreadable) == before:
                raise
            continue  # none of these could be read
        if len(unreadable) == before:
            return intensity, unreadable


def read_scan(study: Study, id: str, channels: int = 0) -> Scan:
    """Return a labelled case's scan; raise Unreadable when it cannot be read, or is not the image that was labelled. Zero `channels` allow
    any number."""
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
