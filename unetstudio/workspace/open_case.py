"""The open case: its scan, its labels, and the number of its last change."""

from __future__ import annotations

from dataclasses import dataclass

from unetstudio.data.case import Case
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan


@dataclass(eq=False)
class OpenCase:
    """The open case, with everything needed to paint on it. `labels` is the copy that strokes change at once; the disk follows."""

    case: Case
    scan: Scan
    labels: LabelMap
    sequence: int  # number of the last change of the labels, as in the journal

    @property
    def id(self) -> str:
        """The case's id."""
        return self.case.id

    @property
    def annotated_share(self) -> float:
        """Share of the case's voxels that carry a class."""
        return self.labels.annotated / self.labels.values.size

    def count_change(self) -> int:
        """Give a change of the labels the next number."""
        self.sequence += 1
        return self.sequence
