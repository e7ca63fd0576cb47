"""Control of a real window in a separate process for fault tests: start it, read its reports, kill it, and judge the disk."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import psutil

from unetstudio.data.labels import LabelMap
from unetstudio.project.manifest_file import is_project
from unetstudio.project.project import Project
from unetstudio.project.store import read_labels

DRIVEN = Path(__file__).with_name("driven.py")
PATIENCE = 300.0
"""Seconds that a busy machine may take to open a window."""
HARMLESS = ("This plugin does not support",)
"""Messages of Qt on standard error without a real screen."""


class Window:
    """A run of `driven.py`; its lines are collected as they come."""

    def __init__(self, path: Path, **choices: object) -> None:
        words = [sys.executable, str(DRIVEN), str(path), json.dumps(choices)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "QT_QPA_PLATFORM": "offscreen"}
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        self.lines: list[list[str]] = []
        self._counts: Counter[tuple[str, ...]] = Counter()  # numbers of lines by their first words
        self._error: list[str] = []
        self._changed = threading.Condition()
        self._threads = [threading.Thread(target=run, daemon=True) for run in (self._listen, self._listen_to_errors)]
        for thread in self._threads:
            thread.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            with self._changed:
                words = line.split()
                self.lines.append(words)
                self._counts.update(tuple(words[:length]) for length in range(1, min(len(words), 3) + 1))
                self._changed.notify_all()
        with self._changed:
            self._changed.notify_all()

    def _listen_to_errors(self) -> None:
        assert self.process.stderr is not None
        self._error += self.process.stderr.readlines()

    def says(self, *words: str, times: int = 1, seconds: float = PATIENCE) -> bool:
        """Wait until so many lines begin with these words, at most three; False when the window ended first."""
        with self._changed:
            told = self._changed.wait_for(lambda: self._counts[words] >= times or not self._threads[0].is_alive(), seconds)
            assert told, f"the window did not say {words}; it said {self.lines[-3:]} {self._error}"
            return self._counts[words] >= times

    def all(self, *words: str) -> list[list[str]]:
        """Return the rests of all lines that begin with these words."""
        return [line[len(words) :] for line in self.lines if line[: len(words)] == list(words)]

    def kill(self) -> float:
        """Send `kill -9` and return the time."""
        when = time.monotonic()
        self.process.send_signal(signal.SIGKILL)
        self.end()
        return when

    def end(self) -> list[str]:
        """Wait until the window has ended and all lines were read; return its standard error without harmless messages."""
        self.process.wait(PATIENCE)
        for thread in self._threads:
            thread.join(PATIENCE)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe is not None:
                pipe.close()
        return [line for line in self._error if not line.startswith(HARMLESS)]

    @property
    def family(self) -> list[psutil.Process]:
        """The window's process and its children."""
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(self.process.pid)
            return [process, *process.children(recursive=True)]
        return []


def left_alive(family: list[psutil.Process], seconds: float) -> list[psutil.Process]:
    """Return the processes still running after at most this time; zombies do not count."""
    end = time.monotonic() + seconds
    while (left := [process for process in family if _runs(process)]) and time.monotonic() < end:
        time.sleep(0.02)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@contextlib.contextmanager
def opened(path: Path, **choices: object) -> Iterator[Window]:
    """Open a window that is ended even if the test fails."""
    window = Window(path, **choices)
    try:
        yield window
    finally:
        if window.process.poll() is None:
            window.process.kill()
        window.end()


def pictures(folder: Path, names: tuple[str, ...] = ("cells", "nuclei")) -> Path:
    """Make a folder with pictures of 96 x 80."""
    folder.mkdir()
    for seed, name in enumerate(names):
        cv2.imwrite(str(folder / f"{name}.png"), np.random.default_rng(seed).integers(0, 255, (80, 96), np.uint8))
    return folder


def digest(labels: LabelMap) -> str:
    """Hash values and origins as the window does."""
    return hashlib.sha256(labels.values.tobytes() + labels.origin.tobytes()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """The state of a case after a kill."""

    wrong: str = ""  # the fault, or ""
    lost: float = 0.0  # seconds of drawing that were lost


def judge(window: Window, killed: float, project: Path, before: dict[str, str]) -> tuple[list[Verdict], dict[str, str]]:
    """Compare the disk with the window's reports; return also the digest of each case. `before` are the digests at its start.

    Each case must be in a state that the window was in: not before the last one that was reported as saved, and not more than a second
    before the kill, without anything that was never painted. The drawn part of the current stroke counts as well.
    """
    if not is_project(project):
        return [Verdict("the project is gone") for words in window.lines if words[0] == "opened"][:1], {}
    with Project.open(project, read_only=True) as found:
        now = {case.id: digest(read_labels(project, case)[0]) for case in found.cases}
    verdicts = []
    for case, labels in now.items():
        states = [("", float("-inf"), before.get(case, labels))]
        saved = journalled = 0
        for word, *rest in window.lines:
            if word == "opened" and rest[0] == case and len(states) == 1:
                states = [("", float("-inf"), rest[2])]
                if case in before and before[case] != rest[2]:
                    verdicts.append(Verdict(f"{case}: reopened in another state than was on the disk"))
            elif word == "state" and rest[0] == case:
                states.append((rest[1], float(rest[2]), rest[3]))
                journalled = len(states) - 1 if rest[1] != "drawn" else journalled
            elif word == "saved":
                saved = journalled
        verdicts.append(_held(case, labels, states, saved, killed))
    return verdicts, now


def _held(case: str, labels: str, states: list[tuple[str, float, str]], saved: int, killed: float) -> Verdict:
    kept = max((number for number, state in enumerate(states) if state[2] == labels), default=-1)
    if kept < 0:
        return Verdict(f"{case}: labels that the window never had")
    gone = [when for _, when, drawn in states[kept + 1 :] if drawn != labels]
    lost = killed - gone[0] if gone else 0.0
    if kept < saved:
        return Verdict(f"{case}: {saved - kept} change(s) called saved are gone", lost)
    if lost > 1.0:
        return Verdict(f"{case}: a change made {lost:.2f} s before the kill is gone", lost)
    return Verdict("", lost)
