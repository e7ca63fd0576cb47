"""A thread for calculations of which only the newest counts, such as those that follow a slider."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from threading import Condition
from typing import TypeVar

from PySide6.QtCore import QObject, QThread, Signal

T = TypeVar("T")


class LatestThread(QThread):
    """Runs one calculation at a time; of those that wait only the newest is kept."""

    crashed = Signal(str)  # traceback of a bug in a calculation, which then answers None
    _answered = Signal(object)  # function to call on the GUI thread

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._changed = Condition()
        self._next: Callable[[], Callable[[], None]] | None = None  # calculates, and returns what to call on the GUI thread
        self._ending = False
        self._answered.connect(self._call_back)

    def ask(self, call: Callable[[], T], done: Callable[[T | None], None]) -> None:
        """Run `call` soon, then `done(result)` on the GUI thread, unless a newer request comes first."""

        def calculate() -> Callable[[], None]:
            result = self._result(call)
            return lambda: done(result)

        with self._changed:
            self._next = calculate
            self._changed.notify()

    def finish(self) -> None:
        """End the thread after the calculation that is running."""
        with self._changed:
            self._ending = True
            self._changed.notify()
        self.wait(2000)

    def run(self) -> None:
        """Calculate until `finish`."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._next is not None or self._ending)
                if self._ending or self._next is None:
                    return
                calculate, self._next = self._next, None
            self._answered.emit(calculate())

    def _result(self, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except Exception:  # noqa: BLE001 - a bug in one calculation must not end the thread, nor leave the window waiting for it
            self.crashed.emit(traceback.format_exc())
            return None

    def _call_back(self, call: Callable[[], None]) -> None:
        call()
