"""The log of the window's pauses: when, for how long, and where in the program. No paths, names or values from opened files."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from unetstudio.workspace.user_folders import home

MOST_BYTES = 256 * 1024
"""Size in bytes beyond which a new log is begun; the one before it stays beside it."""


@dataclass(frozen=True)
class Pause:
    """A time in which the window did not respond: `seconds` long, from `time` on (since 1970, UTC)."""

    time: float
    seconds: float
    where: tuple[str, ...]  # "unetstudio/ui/review.py:210 _segment", innermost last; () when they could not be read
    machine: bool = False  # the whole computer was busy or asleep, so that the program did not run at all

    @property
    def sentence(self) -> str:
        """A sentence for people: "0.32 s at 14:05:10, in _segment (unetstudio/ui/review.py:210)"."""
        words = f"{self.seconds:.2f} s at {time.strftime('%H:%M:%S', time.localtime(self.time))}"
        if self.machine:
            return f"{words}, the whole computer"
        place, _, name = self.where[-1].partition(" ") if self.where else ("", "", "")
        return f"{words}, in {name} ({place})" if name else words


class Pauses:
    """The log file, one JSON object a line, in the user's own folder."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or home() / "log" / "pauses.jsonl"

    def add(self, pause: Pause) -> None:
        """Append a pause; it is lost, and nothing else, where the folder cannot be written to."""
        with contextlib.suppress(OSError):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self.path.exists() and self.path.stat().st_size > MOST_BYTES:
                self.path.replace(self.path.with_suffix(".old.jsonl"))
            with self.path.open("a", encoding="utf-8") as log:
                log.write(json.dumps(asdict(pause)) + "\n")

    def all(self) -> list[Pause]:
        """Return all pauses, oldest first; lines that cannot be parsed are left out."""
        try:
            lines = self.path.read_text(encoding="utf-8").splitlines()
        except (OSError, ValueError):
            return []
        return [pause for line in lines if (pause := _read(line)) is not None]

    def longest_today(self) -> Pause | None:
        """Return the longest pause of this local day that the program itself caused."""
        day = time.localtime().tm_yday, time.localtime().tm_year
        own = [pause for pause in self.all() if not pause.machine]
        today = [p for p in own if (time.localtime(p.time).tm_yday, time.localtime(p.time).tm_year) == day]
        return max(today, key=lambda pause: pause.seconds, default=None)

    def as_lines(self, most: int = 5) -> Sequence[str]:
        """Return the newest pauses for a bug report, each with the calls that led to it."""
        return [" < ".join((pause.sentence, *reversed(pause.where[:-1]))) for pause in self.all()[-most:]]


def _read(line: str) -> Pause | None:
    try:
        values = json.loads(line)
        where = tuple(str(place) for place in values["where"])
        return Pause(float(values["time"]), float(values["seconds"]), where, bool(values["machine"]))
    except (ValueError, KeyError, TypeError):
        return None
