"""A line of the audit trail in words: who, when, what was done, with which class, how much and where."""

from __future__ import annotations

from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED
from unetstudio.data.origin import Origin
from unetstudio.data.quantity import count_text
from unetstudio.project.audit import AuditLine
from unetstudio.project.record import Kind
from unetstudio.tools.tool import TOOLS

FROM = " from "
"""Separator of tool and source in the tool name of an accepted prediction; the source is a checkpoint's id, or words."""

_DONE = {
    "import": "imported from a mask",
    "saved elsewhere": "kept while saving elsewhere",
    "accept all": "accepted from a prediction, all of it",
    "accept class": "accepted from a prediction, one class",
    "accept object": "accepted from a prediction, one object",
}
_ORIGINS = {
    Origin.PAINTED: "painted by hand",
    Origin.IMPORTED: "imported from a mask",
    Origin.ACCEPTED: "accepted from a prediction",
}
_EVENTS = {
    "accepted": "marked as accepted",
    "corrected": "marked as corrected",
    "rejected": "marked as rejected",
    "unreviewed": "marked as not reviewed",
    "exported": "exported",
}


def who(line: AuditLine) -> str:
    """Return the name that the user typed with the account behind it, or the account alone."""
    if line.author and line.user and line.author != line.user:
        return f"{line.author} ({line.user})"
    return line.author or line.user or "unknown"


def when(line: AuditLine, *, seconds: bool = True) -> str:
    """Return the local time."""
    return line.when.astimezone().strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def action(line: AuditLine) -> str:
    """Return a description of the change, such as "painted by hand, Brush" or "took back: accepted from a prediction"."""
    match line.kind:
        case Kind.NOTE:
            return _event(line)
        case Kind.CANCEL:
            return "took the stroke in hand back"
        case Kind.UNDO:
            return f"took back: {_by(line)}"
        case Kind.REDO:
            return f"did again: {_by(line)}"
        case _:
            return _by(line)


def class_name(line: AuditLine, classes: ClassTable) -> str:
    """Return the name of the class that was painted; "" for events and where several were."""
    if line.kind in (Kind.NOTE, Kind.CANCEL) or line.value == UNLABELLED:
        return ""
    return classes[line.value].name if line.value in classes else f"class {line.value} (removed)"


def where(line: AuditLine, *, volume: bool) -> str:
    """Return the box of the changed voxels, such as "x 10–40, y 20–25, z 3"."""
    if line.region is None or line.region.empty:
        return ""
    sides = zip("zyx", line.region.start, line.region.stop, strict=True)
    z, y, x = (f"{axis} {a}" if b - a == 1 else f"{axis} {a}–{b - 1}" for axis, a, b in sides)
    return f"{x}, {y}, {z}" if volume else f"{x}, {y}"


def voxels(line: AuditLine) -> str:
    """Return how many voxels changed."""
    return "" if line.kind in (Kind.NOTE, Kind.CANCEL) else count_text(line.count, "voxel")


def _by(line: AuditLine) -> str:
    tool, _, source = line.tool.partition(FROM)
    if tool in _DONE:
        words = source if " " in source else f"checkpoint {source}"
        return f"{_DONE[tool]} ({words})" if source else _DONE[tool]
    if tool not in TOOLS:
        return _ORIGINS.get(line.origin, tool) if line.origin is not None else tool
    return "erased by hand" if TOOLS[tool].erases else f"painted by hand, {TOOLS[tool].title}"


def _event(line: AuditLine) -> str:
    event = str(line.details.get("event", ""))
    words = _EVENTS.get(event, event or "noted")
    if event == "exported":
        formats = ", ".join(str(name).upper() for name in line.details.get("formats", []))
        words = f"exported the {line.details.get('what', 'labels')}" + (f" as {formats}" if formats else "")
    return words
