"""Sessions whose open case was made by a test instead of being read from an image."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.history import History
from unetstudio.data.labels import LabelMap
from unetstudio.data.scan import Scan
from unetstudio.ui.session import Session
from unetstudio.workspace.open_case import OpenCase
from unetstudio.workspace.open_project import new_project
from unetstudio.workspace.project_writer import LoadedCase


def without_learner(folder: Path, classes: ClassTable) -> Session:
    """Make a session with a new project; its worker process is not started."""
    session = Session()
    session.start_worker = lambda: None  # type: ignore[method-assign]
    session.show_project(new_project(folder, classes, folder.parent))
    return session


def case_of(labels: LabelMap, voxels: NDArray[np.generic] | None = None, case: str = "case") -> OpenCase:
    """Makes an open case without a project; its image is black unless `voxels` (C, Z, Y, X) are given."""
    scan = Scan(np.zeros((1, *labels.shape), np.uint8) if voxels is None else voxels)
    return OpenCase(Case(case, case, Source(Path(f"{case}.tif")), "", labels.shape, scan.channels), scan, labels, 0)


def clear(session: Session) -> None:
    """Remove all cases from the list."""
    for case in session.cases:
        session.change(lambda project, case=case: project.cases.remove(case.id))


def lay_open(session: Session, scan: Scan, case_id: str = "") -> None:
    """Make a scan the session's open case, with nothing annotated."""
    project = session.project
    digest = hashlib.sha256(f"{scan.name} {case_id} {len(project.cases)}".encode()).hexdigest()
    case_id = case_id or digest[:16]
    if case_id in project.cases:
        case = project.cases[case_id]
    else:
        name = scan.name or case_id
        source = Source(Path(f"{name}.tif").absolute())
        made = Case(case_id, name, source, digest, scan.shape, scan.channels, scan.kind, scan.geometry)
        added = project.cases.add(made)
        session.announce(added)
        case = added.case
    session.case_opener.requested = case.id
    session.case_opener.show(project, LoadedCase(case, scan, LabelMap.unlabelled(scan.shape), 0, History(), None, ""))
