"""The open case: its scan, its labels, and their changes."""

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
    edit: Edit | None  # None: drop the parts of the unfinished stroke
    sequence: int  # number of the last change of the labels, of this one if it is one


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

    def changed(self, kind: Kind, edit: Edit | None) -> LabelChange:
        """Number a change of the labels as the journal does; parts of a stroke and its cancellation get no number."""
        self.sequence += kind.changes
        return LabelChange(self.id, kind, edit, self.sequence)
