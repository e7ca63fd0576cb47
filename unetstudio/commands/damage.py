"""The rule of all commands for cases whose saved labels are damaged: each is named and left out, the others go on, the end says so."""

from __future__ import annotations

from unetstudio.commands.output import Output
from unetstudio.data.case import Case
from unetstudio.data.labels import LabelMap
from unetstudio.data.quantity import count_text
from unetstudio.errors import ProjectError, UserError
from unetstudio.project.store import read_labels
from unetstudio.workspace.open_project import OpenProject


def undamaged_labels(project: OpenProject, case: Case, output: Output, *, accept_damage: bool) -> tuple[LabelMap, int] | None:
    """Read a case's labels and the number of changes; None for one that is to be left out, which is reported."""
    try:
        return read_labels(project.path, case, accept_damage=accept_damage)
    except ProjectError as error:
        output.say(str(error))
        output.event("damaged", case=case.id, why=str(error))
        return None


def require_all(left_out: int, cases: int) -> None:
    """Raise UserError when cases were left out."""
    if left_out:
        raise UserError(
            f"{left_out} of {count_text(cases, 'case')} could not be read whole and {'was' if left_out == 1 else 'were'} left out."
        )
