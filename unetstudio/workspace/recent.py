"""The list of recent projects, newest first, kept in one small JSON file outside every project."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from unetstudio.atomic_file import replace_file
from unetstudio.errors import FormatError
from unetstudio.project.manifest_file import MANIFEST, SUFFIX
from unetstudio.workspace.user_folders import home

MOST = 12
MOST_THUMBNAILS = 20
"""Number of cases searched for a thumbnail: ten thousand look-ups on a network drive would take too long."""


class _Entry(TypedDict):
    """One entry of the file."""

    path: str
    opened: float


@dataclass(frozen=True)
class RecentProject:
    """A project that was open before and still exists."""

    path: Path
    name: str
    opened: float  # seconds since 1970
    cases: int
    thumbnail: bytes | None  # PNG, of the first case that has one


def remember(folder: Path) -> None:
    """Put a project at the top of the list; a home folder that cannot be written to is ignored."""
    folder = folder.absolute()
    others = [entry for entry in _read() if entry["path"] != str(folder)][: MOST - 1]
    listed = [{"path": str(folder), "opened": time.time()}, *others]
    with contextlib.suppress(FormatError):
        replace_file(home() / "recent.json", json.dumps(listed).encode(), parents=True, flush=False)


def projects() -> list[RecentProject]:
    """Read the projects that still exist; this may take seconds where they lie on a network drive."""
    return [project for entry in _read() if (project := _project(entry)) is not None]


def _project(entry: _Entry) -> RecentProject | None:
    folder = Path(entry["path"])
    try:
        listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["cases"]
        pictures = [folder / "cache" / "thumbnails" / f"{case['id']}.png" for case in listed[:MOST_THUMBNAILS]]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    thumbnail = next((data for picture in pictures if (data := _bytes(picture))), None)
    return RecentProject(folder, folder.name.removesuffix(SUFFIX), entry["opened"], len(listed), thumbnail)


def _bytes(picture: Path) -> bytes | None:
    try:
        return picture.read_bytes()
    except OSError:
        return None


def _read() -> list[_Entry]:
    try:
        entries = json.loads((home() / "recent.json").read_text(encoding="utf-8"))
        return [e for e in entries if isinstance(e["path"], str) and isinstance(e["opened"], (int, float))]
    except (OSError, ValueError, KeyError, TypeError):
        return []
