"""Projects opened before, newest first, and the folders of this user. Kept in one small JSON file outside every project."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path
from typing import Any

import platformdirs

from unetstudio.atomic_file import replace_file
from unetstudio.errors import FormatError
from unetstudio.project.manifest_file import MANIFEST

MOST = 12
LOOKED_AT = 20
"""Cases of which one may have a thumbnail: the start page does not wait for ten thousand looks at a network drive."""


def home() -> Path:
    """Where preferences are kept; UNETSTUDIO_HOME moves it."""
    return Path(os.environ.get("UNETSTUDIO_HOME") or platformdirs.user_config_dir("unetstudio", appauthor=False))


def documents() -> Path:
    """The user's documents folder, where projects go when the images' folder is read-only."""
    if "UNETSTUDIO_HOME" in os.environ:
        return home()
    return Path(platformdirs.user_documents_dir())


def state() -> Path:
    """Where what must outlast the program, and is of no use to anybody else, is kept."""
    if "UNETSTUDIO_HOME" in os.environ:
        return home() / "state"
    return Path(platformdirs.user_state_dir("unetstudio", appauthor=False))


def remember(folder: Path) -> None:
    """Puts a project at the top of the list; a home that cannot be written is no reason to stop."""
    folder = folder.absolute()
    kept = [entry for entry in _read() if entry["path"] != str(folder)][: MOST - 1]
    listed = [{"path": str(folder), "opened": time.time()}, *kept]
    with contextlib.suppress(FormatError):
        replace_file(home() / "recent.json", json.dumps(listed).encode(), parents=True, flush=False)


def projects() -> list[dict[str, Any]]:
    """{"path", "name", "thumbnail", "opened", "cases"} of each project that is still there."""
    found = []
    for entry in _read():
        folder = Path(entry["path"])
        try:
            listed = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))["cases"]
            pictures = [folder / "cache" / "thumbnails" / f"{case['id']}.png" for case in listed[:LOOKED_AT]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            continue
        thumbnail = next((picture for picture in pictures if picture.exists()), None)
        name = folder.name.removesuffix(".unetstudio")
        found.append({"path": folder, "name": name, "thumbnail": thumbnail, "opened": entry["opened"], "cases": len(listed)})
    return found


def _read() -> list[dict[str, Any]]:
    try:
        entries = json.loads((home() / "recent.json").read_text(encoding="utf-8"))
        return [e for e in entries if isinstance(e["path"], str) and isinstance(e["opened"], (int, float))]
    except (OSError, ValueError, KeyError, TypeError):
        return []
