"""The trace of a worker that crashed or hung: a file on this computer only, without anybody's name in it."""

from __future__ import annotations

import contextlib
import faulthandler
import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

LAST = "learner-fault.txt"
"""File of the newest trace, kept for bug reports."""

LONGEST = 20_000
"""Number of characters of a trace that are kept."""

_FOLDERS = re.compile(r'File "[^"\n]*[/\\]')


def raw(folder: Path, pid: int) -> Path:
    """Return the path of the file that the worker of the window `pid` writes when it crashes."""
    return folder / f"learner-{pid}.raw"


def open_raw(path: Path) -> TextIO | None:
    """Create the file, readable by the user only; None where it cannot be made, since the worker can run without it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    except OSError:
        return None
    file = os.fdopen(descriptor, "w", encoding="utf-8")
    faulthandler.enable(file, all_threads=True)
    return file


def last(folder: Path) -> str:
    """Return the newest trace and when it was written, in UTC; "" when there is none."""
    try:
        when = datetime.fromtimestamp((folder / LAST).stat().st_mtime, UTC)
        return f"The learner's last crash, {when:%Y-%m-%d %H:%M} UTC:\n" + (folder / LAST).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def collect(path: Path) -> str:
    """Return the trace without folder names, which often include a person's name. It replaces the last one, and `path` is removed."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")[:LONGEST]
        path.unlink()
    except OSError:
        return ""
    trace = _FOLDERS.sub('File "', text)
    if trace:
        with contextlib.suppress(OSError):  # the disk may be full: the trace is still returned
            (path.parent / LAST).write_text(trace, encoding="utf-8")
    return trace
