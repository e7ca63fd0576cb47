"""What networks were measured to cost on this computer, kept between runs; what was measured with other versions does not count."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from unetstudio.atomic_file import replace_file
from unetstudio.errors import FormatError
from unetstudio.ui.preferences import home

MOST = 8
"""Machines and versions that are remembered: a home folder may be shared by several computers."""


@dataclass(frozen=True)
class Measured:
    """Of one training step: `seconds`, and `bytes` of memory."""

    seconds: float
    bytes: int


class Measurements:
    """One small JSON file: by machine, then by network and dimensions."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "networks.json"
        self._kept = _read(self.path)

    def get(self, machine: str, name: str, dims: int) -> Measured | None:
        """What was measured last on this machine; None when nothing was, or the file holds something else."""
        try:
            seconds, size = self._kept[machine][f"{name} {dims}D"]
            return Measured(float(seconds), int(size))
        except (LookupError, TypeError, ValueError):
            return None

    def put(self, machine: str, name: str, dims: int, measured: Measured) -> None:
        """Remembers it; a home that cannot be written to remembers it for this run."""
        mine = self._kept.pop(machine, None)
        mine = mine if isinstance(mine, dict) else {}
        mine[f"{name} {dims}D"] = [round(measured.seconds, 4), measured.bytes]
        self._kept[machine] = mine  # the newest last
        while len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        with contextlib.suppress(FormatError):
            replace_file(self.path, json.dumps(self._kept, indent=1).encode(), parents=True, flush=False)


def _read(path: Path) -> dict[str, Any]:
    """What is kept; nothing when the file is missing or not ours."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
