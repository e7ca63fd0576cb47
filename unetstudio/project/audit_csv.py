"""The audit trails of a project as one CSV table."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection
from pathlib import Path

from unetstudio import RESEARCH_USE
from unetstudio.atomic_file import replace_file
from unetstudio.data.classes import ClassTable
from unetstudio.data.csv_cell import escape_formula
from unetstudio.project.audit import AuditLine, audit_trail
from unetstudio.project.output_guard import guard_output
from unetstudio.project.project import Project

COLUMNS = (
    *("case", "case_name", "time_utc", "user", "author", "event", "tool", "class_value", "class_name", "origin", "voxels"),
    *("z_from", "y_from", "x_from", "z_to", "y_to", "x_to", "change_number", "chain_ok", "details"),
)


BEGINNING = ",".join(COLUMNS[:3]).encode("utf-8-sig")
"""The first bytes of a written table."""


def write_csv(project: Project, path: Path, cases: Collection[str] | None = None, *, force: bool = False) -> None:
    """Write the trails of all cases, or of those with these ids, a line per record; raise UserError when it cannot be written.

    With `force` it may replace a file of another kind, but never an image or a file of a project.
    """
    guard_output(path, BEGINNING, force=force)
    text = io.StringIO(newline="")
    rows = csv.writer(text)
    rows.writerow((*COLUMNS, RESEARCH_USE))
    names = {case.id: case.name for case in project.cases}
    for case in names if cases is None else cases:
        for line in audit_trail(project.folder_of(case)):
            rows.writerow(
                escape_formula(value) if isinstance(value, str) else value
                for value in _row(case, names.get(case, ""), line, project.classes)
            )
    replace_file(path, text.getvalue().encode("utf-8-sig"))


def _row(case: str, name: str, line: AuditLine, classes: ClassTable) -> tuple[object, ...]:
    changes = line.kind.changes
    box = (*line.region.start, *line.region.stop) if line.region else ("",) * 6
    class_name = classes[line.value].name if changes and line.value in classes else ""
    return (
        *(case, name, line.when.isoformat(timespec="milliseconds"), line.user, line.author, line.event, line.tool),
        *(line.value if changes else "", class_name, line.origin.name.lower() if line.origin is not None else ""),
        *(line.count if changes else "", *box, line.sequence, "yes" if line.chain_ok else "NO"),
        json.dumps({key: value for key, value in line.details.items() if key != "event"}, default=str) if len(line.details) > 1 else "",
    )
