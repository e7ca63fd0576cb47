"""The user's own folders: preferences, documents, and persistent state. UNETSTUDIO_HOME moves all of them."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import platformdirs


def home() -> Path:
    """Return the folder of preferences and logs."""
    return _override() or Path(platformdirs.user_config_dir("unetstudio", appauthor=False))


def documents() -> Path:
    """Return the documents folder, where projects go when the images' folder is read-only."""
    return _override() or Path(platformdirs.user_documents_dir())


def rescue_places(documents: Path) -> list[Path]:
    """Return the places for strokes that the project's disk refuses, best first; several, since one disk may hold more than one of them."""
    override = _override()
    temporary = Path(tempfile.gettempdir())
    return [documents, state(), temporary] if override else [documents, Path.home(), state(), temporary]


def state() -> Path:
    """Return the folder of files that must outlast the program but are of no use to other programs."""
    override = _override()
    return override / "state" if override else Path(platformdirs.user_state_dir("unetstudio", appauthor=False))


def _override() -> Path | None:
    override = os.environ.get("UNETSTUDIO_HOME")
    return Path(override) if override else None
