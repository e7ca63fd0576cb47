"""The table of docs/reliability.md: rows that tests write between two marks, even several test processes at once."""

from __future__ import annotations

import contextlib
import datetime
import os
import re
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
HEAD = "| | What is done to the program | Bar | n | held | Date | Machine | Note |\n|---|---|---|---:|---:|---|---|---|"
PATIENCE = 60.0
"""Seconds after which the lock of another test process counts as stale."""


@dataclass(frozen=True)
class Row:
    """A row; `id` and `what` are its key, and a later run replaces it."""

    id: str
    what: str
    bar: str
    n: int
    good: int
    note: str = ""
    date: str = ""
    machine: str = ""

    @property
    def text(self) -> str:
        """The row as a line of the table, with a missed bar in bold."""
        held = f"{self.good:,}" if self.good == self.n else f"**{self.good:,}**"
        cells = (self.id, self.what, self.bar, f"{self.n:,}", held, self.date, self.machine, self.note)
        return "| " + " | ".join(cell.replace("|", "/").replace("\n", " ") for cell in cells) + " |"


def machine(folder: Path) -> str:
    """Describe the machine: its cores, and the file system of a folder."""
    system = max(
        (p for p in psutil.disk_partitions(all=True) if folder.is_relative_to(p.mountpoint)), key=lambda p: len(p.mountpoint), default=None
    )
    return f"{os.cpu_count()} cores" + (f", {system.fstype}" if system else "")


def today() -> str:
    """Return the date of the run, in UTC."""
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def merge(document: Path, row: Row) -> None:
    """Put a row into the table of a document, replacing an older one with its key, in the order of the ids."""
    with _alone(document):
        before, lines, after = _parts(document.read_text("utf-8"))
        rows = {_key(line): line for line in lines}
        rows[(row.id, row.what)] = row.text
        body = "\n".join([HEAD, *(rows[key] for key in sorted(rows, key=_order))])
        temporary = document.with_name(f".{document.name}.{os.getpid()}.tmp")
        temporary.write_text(f"{before}{BEGIN}\n{body}\n{END}{after}", "utf-8")
        temporary.replace(document)


def _parts(text: str) -> tuple[str, list[str], str]:
    """Split a document into the text before the table, its rows, and the text after it."""
    before, rest = text.split(BEGIN)
    body, after = rest.split(END)
    return before, [line for line in body.splitlines() if line.startswith("| ") and not line.startswith("| |")], after


def _key(line: str) -> tuple[str, str]:
    _, number, what, *_ = (cell.strip() for cell in line.split("|"))
    return number, what


def _order(key: tuple[str, str]) -> tuple[str, int, str, str]:
    """Return the sort key of a row: F2 before F10; figures without a number last."""
    found = re.match(r"([A-Z])(\d+)", key[0])
    return (found[1], int(found[2]), *key) if found else ("~", 0, *key)


@contextlib.contextmanager
def _alone(document: Path) -> Iterator[None]:
    """Exclude other test processes from writing within the context."""
    lock = Path(tempfile.gettempdir()) / f"figures-{re.sub(r'[^A-Za-z0-9]', '-', str(document.resolve()))}.lock"
    end = time.monotonic() + PATIENCE
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            if time.monotonic() > end:
                lock.unlink(missing_ok=True)
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
