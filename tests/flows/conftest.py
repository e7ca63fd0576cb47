"""The real window in a separate process, driven from within its event loop; it reports its actions on standard output."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

DRIVER = """
import hashlib, sys
from pathlib import Path
from PySide6.QtCore import QTimer
from unetstudio.tools.tool import Pointer
from unetstudio.ui import application

class Driven(application.MainWindow):
    def show(self):
        super().show()
        self.ticks = self.strokes = 0
        self.session.annotation.journalled.connect(self.painted)
        self.ticking = QTimer(self, interval=4)
        self.ticking.timeout.connect(self.paint)
        self.session.saver.idle.connect(lambda: self.tell("saved", self.strokes) if self.strokes else None)
        self.session.case_opened.connect(lambda case: self.ticking.start())
        self.session.worker.event_received.connect(lambda event: self.tell("event", type(event).__name__, self.session.worker.pid))
        self.session.notice.connect(lambda text, level: self.tell("notice", level, text))

    def tell(self, *words):
        print(*words, flush=True)

    def paint(self):
        n, annotation = self.ticks, self.session.annotation  # rows in turn, classes in turn
        self.ticks += 1
        if self.strokes >= int(sys.argv[2]) or self.session.labels is None:
            self.ticking.stop()
            return
        annotation.set_active_class((n + n // 20) % 2)
        annotation.tools.set_options("brush", size=3)
        annotation.press(Pointer(2.0 + 4 * (n % 20), 5.0 + n % 7))
        annotation.move(Pointer(2.0 + 4 * (n % 20), 60.0 + n % 11))
        annotation.release()

    def painted(self, change):
        self.strokes += 1
        self.tell("painted", self.strokes, hashlib.sha256(self.session.labels.values.tobytes()).hexdigest())

application.MainWindow = Driven
sys.exit(application.run([Path(sys.argv[1])]))
"""


class Window:
    """A window; `says(word)` waits for the next line that begins with it and returns the rest. All lines are kept."""

    def __init__(self, path: Path, strokes: int) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        words = [sys.executable, "-c", DRIVER, str(path), str(strokes)]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        self.lines: list[list[str]] = []

    def says(self, *words: str) -> list[str]:
        """Wait for the next line that begins with these words, and return the words after them."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.split())
            if self.lines[-1][: len(words)] == list(words):
                return self.lines[-1][len(words) :]
        raise AssertionError(f"the window ended before it said {words}: {self.process.communicate()[1]}")

    def rest(self) -> str:
        """Read the remaining lines after the end, and return standard error."""
        assert self.process.stdout is not None
        self.lines += [line.split() for line in self.process.stdout]  # communicate() would skip what has been read ahead
        _, error = self.process.communicate(timeout=60)
        return error

    def all(self, word: str) -> list[list[str]]:
        """Return the rests of all lines that begin with a word."""
        return [line[1:] for line in self.lines if line[0] == word]

    @property
    def family(self) -> list[psutil.Process]:
        """The window's process and its children."""
        process = psutil.Process(self.process.pid)
        return [process, *process.children(recursive=True)]

    @staticmethod
    def alive(family: list[psutil.Process], seconds: float) -> list[psutil.Process]:
        """Return the processes still running after at most this time; zombies do not count."""
        end = time.monotonic() + seconds
        while (left := [process for process in family if _runs(process)]) and time.monotonic() < end:
            time.sleep(0.05)
        return left


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Make a folder with a picture of 96 x 80."""
    folder = tmp_path / "images"
    folder.mkdir()
    cv2.imwrite(str(folder / "cells.png"), np.random.default_rng(0).integers(0, 255, (80, 96), np.uint8))
    return folder


@pytest.fixture
def start() -> Iterator[Callable[..., Window]]:
    """Return a function that opens windows, and end those that a failed test left running."""
    opened: list[Window] = []

    def open_window(path: Path, strokes: int = 10**6) -> Window:
        opened.append(Window(path, strokes))
        return opened[-1]

    yield open_window
    for window in opened:
        if window.process.poll() is None:
            window.process.kill()
        for pipe in (window.process.stdout, window.process.stderr):
            if pipe is not None:
                pipe.close()
        window.process.wait(30)
