"""The command `audit`: prints who changed what and when, as a table, as JSON or as CSV."""

from __future__ import annotations

from pathlib import Path

from unetstudio.commands.output import Output
from unetstudio.data.case import Case
from unetstudio.data.quantity import count_text
from unetstudio.errors import UserError
from unetstudio.project.audit import audit_trail
from unetstudio.project.audit_csv import write_csv
from unetstudio.project.project import Project

HEADINGS = ["case", "when (UTC)", "who", "event", "tool", "class", "voxels", "chain"]


def audit(folder: Path, case: str, csv: Path | None, output: Output, *, force: bool = False) -> None:
    """Print the trail of all cases, or of the one with this id or name."""
    with Project.open(folder, read_only=True) as project:
        cases = [listed for listed in project.cases if not case or case in (listed.id, listed.name)]
        if not cases and case:
            raise UserError(f"The project has no case {case!r}; see: unetstudio info {folder}")
        if csv is not None:
            write_csv(project, csv, [listed.id for listed in cases], force=force)
        rows: list[list[str]] = []
        broken = sum(_report(project, listed, rows, output) for listed in cases)
        if csv is None:
            output.table(project.name, HEADINGS, rows)
        output.say(f"{count_text(len(rows), 'record')} of {count_text(len(cases), 'case')}.{f' Written to {csv}.' if csv else ''}")
        if broken:
            output.say(f"{count_text(broken, 'record')} do not follow on the record before: some are missing, damaged or were changed.")


def _report(project: Project, case: Case, rows: list[list[str]], output: Output) -> int:
    """Add the case's rows and return how many break the chain of records."""
    broken = 0
    for line in audit_trail(project.folder_of(case)):
        name = project.classes[line.value].name if line.value in project.classes else ""
        event = {"what": line.event, "case": case.id, "name": case.name, "time": line.when.isoformat(), "user": line.user}
        output.event(
            "audit",
            **event,
            author=line.author,
            tool=line.tool,
            value=line.value,
            voxels=line.count,
            number=line.sequence,
            chain_ok=line.chain_ok,
            about=dict(line.details),
        )
        who = f"{line.author} ({line.user})" if line.author else line.user
        chain = "ok" if line.chain_ok else "BROKEN"
        rows.append([case.name, f"{line.when:%Y-%m-%d %H:%M:%S}", who, line.event, line.tool, name, f"{line.count:,}", chain])
        broken += not line.chain_ok
    return broken
