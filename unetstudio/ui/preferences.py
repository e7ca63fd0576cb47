"""The user's preferences between runs: theme, window place, open sections, last folders. Never any patient data."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any

from unetstudio.atomic_file import replace_file
from unetstudio.errors import FormatError
from unetstudio.workspace.user_folders import home

AUTHOR = "author"
"""The preference that holds the user's own name, as typed, for the audit trail."""


class Preferences:
    """Named plain values in one small JSON file, written at every change.

    There must be only one in a process: each holds all values and writes them all.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "preferences.json"
        self._values = _read(self.path)

    def get(self, name: str, otherwise: Any) -> Any:
        """Return the remembered value, or `otherwise` when there is none or it is of another type."""
        value = self._values.get(name, otherwise)
        return value if otherwise is None or isinstance(value, type(otherwise)) else otherwise

    def put(self, name: str, value: Any) -> None:
        """Remember a value."""
        if self._values.get(name) == value:
            return
        self._values[name] = value
        # A home that cannot be written to must not stop anybody from working: the choice then lasts for this run.
        with contextlib.suppress(FormatError):
            replace_file(self.path, json.dumps(self._values, indent=1, sort_keys=True).encode(), parents=True, flush=False)


def _read(path: Path) -> dict[str, Any]:
    """Read the values; none when the file is missing or not in the expected form."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}
