"""A watchdog for the event loop: when it stands still for over a tenth of a second, the position of the GUI thread is logged."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import PurePath
from types import FrameType

from PySide6.QtCore import QObject, QTimer, Signal

from unetstudio.ui.pauses import Pause, Pauses

BEAT = 50
"""Milliseconds between two beats of the event loop."""
LOOK = 0.04
"""Seconds between two checks by the watching thread."""
GAP = 0.1
"""Seconds by which a beat may be late before it is a pause."""
FRAMES = 12
"""Number of innermost calls that are logged."""
IDLE = 0.2
"""Share of a pause below which the GUI thread hardly computed; if the other thread did not run either, the computer was busy or asleep."""


class Watchdog(QObject):
    """Made on the GUI thread, which a second thread, nearly always asleep, watches from `start` to `stop`."""

    paused = Signal(object)  # Pause

    def __init__(self, log: Pauses | None = None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log or Pauses()
        self._gui = threading.get_ident()
        self._beat = QTimer(self, interval=BEAT)
        self._beat.timeout.connect(self._beaten)
        self._last_beat = 0.0  # time of the last beat
        self._computed = 0.0  # seconds that the GUI thread had computed by then
        self._late: tuple[float, tuple[str, ...]] = (0.0, ())  # the beat after which it was late, and its position then
        self._ended: list[Pause] = []
        self._stopped = threading.Event()
        self._watching: threading.Thread | None = None

    def start(self) -> None:
        """Begin to watch, once the window is on the screen."""
        if self._stopped.is_set():
            return  # closed before it began
        self._last_beat, self._computed = time.monotonic(), time.thread_time()
        self._beat.start()
        self._watching = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._watching.start()

    def stop(self) -> None:
        """End watching; pauses up to now are in the log."""
        self._beat.stop()
        self._stopped.set()
        if self._watching is not None:
            self._watching.join()

    def _beaten(self) -> None:
        """Record, on the GUI thread, that the event loop is alive."""
        now, computed = time.monotonic(), time.thread_time()
        gap = now - self._last_beat - BEAT / 1000
        where, spent = self._late[1] if self._late[0] == self._last_beat else (), computed - self._computed
        self._last_beat, self._computed = now, computed
        if gap > GAP:
            pause = Pause(time.time() - gap, round(gap, 3), where, machine=not where and spent < IDLE * gap)
            self._ended.append(pause)
            self.paused.emit(pause)

    def _watch(self) -> None:
        """Look at the GUI thread while it is late, and log the pauses that are over; runs on the watching thread."""
        while not self._stopped.wait(LOOK):
            beat = self._last_beat
            if time.monotonic() - beat > GAP + BEAT / 1000 and self._late[0] != beat:
                self._late = (beat, places(sys._current_frames().get(self._gui)))
            self._write()
        self._write()

    def _write(self) -> None:
        while self._ended:
            self._log.add(self._ended.pop(0))


def places(frame: FrameType | None) -> tuple[str, ...]:
    """Return the calls of a thread, innermost last, such as "unetstudio/ui/review.py:210 _segment", without the folders above."""
    calls: list[str] = []
    while frame is not None and len(calls) < FRAMES:
        calls.append(f"{_short(frame.f_code.co_filename)}:{frame.f_lineno} {frame.f_code.co_name}")
        frame = frame.f_back
    return tuple(reversed(calls))


def _short(filename: str) -> str:
    """Return the path from the package on: the folders above may include somebody's name."""
    parts = PurePath(filename).parts
    inside = [place for place, part in enumerate(parts[:-1]) if part == "unetstudio"]
    return "/".join(parts[inside[-1] :]) if inside else parts[-1]
