"""The case that is open: its scan, its labels, and the changes of these."""

from __future__ import annotations

from dataclasses import dataclass

from unetstudio.data.case import Case
from unetstudio.data.edit import Edit
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.project.record import Kind


@dataclass(frozen=True, eq=False)
class LabelChange:
    """A change of a case's labels, on its way to the disk and to the worker."""

    case: str  # id
    kind: Kind
    edit: Edit | None  # None: the parts of the stroke in hand are void
    sequence: int  # of the last change of the labels, this one if it is one


@dataclass(eq=False)
class OpenCase:
    """A case with everything needed to paint on it. `labels` is the copy that strokes change at once; the disk follows."""

    case: Case
    scan: Scan
    labels: LabelMap
    sequence: int  # of the last change of the labels, as the journal numbers them

    @property
    def id(self) -> str:
        """The case's id."""
        return self.case.id

    @property
    def annotated_share(self) -> float:
        """The share of its voxels that carry a class."""
        return self.labels.annotated / self.labels.values.size

    def changed(self, kind: Kind, edit: Edit | None) -> LabelChange:
        """Number a change of the labels, as the journal will; parts of a stroke in hand and its cancelling have no number of their own."""
        self.sequence += kind.changes
        return LabelChange(self.id, kind, edit, self.sequence)
