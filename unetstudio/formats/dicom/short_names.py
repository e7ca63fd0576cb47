"""The names of segments and structures, which DICOM limits to 64 characters without backslash."""

from __future__ import annotations

LONGEST = 64
"""Largest number of characters of a label or name."""

_LONGEST_DESCRIPTION = 1024


def short_name(name: str) -> str:
    """Return a name as DICOM allows it."""
    allowed = "".join("/" if letter == "\\" else letter if letter.isprintable() else " " for letter in name)
    return " ".join(allowed.split())[:LONGEST].strip() or "unnamed"


def description_of(name: str) -> str:
    """Return what has to be written beside the short name, so that the whole name comes back; empty when the short name is the name."""
    return "" if short_name(name) == name else name[:_LONGEST_DESCRIPTION]


def whole_name(short: str, description: str) -> str:
    """Return the name from its short form and the description beside it."""
    return description if description and short_name(description) == short else short
