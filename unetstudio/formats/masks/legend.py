"""The legend beside exported masks: value, name and colour of each class."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from unetstudio import RESEARCH_USE
from unetstudio.atomic_file import replace_file
from unetstudio.data.classes import ClassTable
from unetstudio.data.labels import UNLABELLED

LEGEND = "legend.json"
"""Name of the legend file."""


def legend(classes: ClassTable) -> dict[str, Any]:
    """Return the legend as plain values: value, name and colour (#rrggbb) of each class, and the value of unannotated voxels."""
    return {
        "note": RESEARCH_USE,
        "not_annotated": UNLABELLED,
        "classes": [{"value": c.value, "name": c.name, "colour": "#{:02x}{:02x}{:02x}".format(*c.colour)} for c in classes],
    }


def write_legend(path: Path, classes: ClassTable) -> None:
    """Save the legend as JSON; raise FormatError when the folder cannot be written to."""
    replace_file(path, (json.dumps(legend(classes), indent=2, ensure_ascii=False) + "\n").encode())
