"""Damage to a file of a project, and the program's reaction: reported, harmless, or a broken promise."""

from __future__ import annotations

import faulthandler
import random
import re
import shutil
import signal
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from faults.judge import bury
from faults.story import NAME, Story, dab, state
from numpy.typing import NDArray

from unetstudio.errors import UserError
from unetstudio.project import prediction_file
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.replay import history

SECTOR = 512
PATIENCE = 10
"""Seconds after which opening counts as hanging."""


@dataclass(frozen=True)
class Damage:
    """A damage: `how` is "flip" (bits of the byte at `at`), "cut" (to `at` bytes), "zero" (a sector at `at`) or "lose" (the file)."""

    file: str
    how: str
    at: int = 0

    def done_to(self, data: bytes) -> bytes | None:
        """Return the file's bytes after the damage."""
        match self.how:
            case "flip":
                bits = random.Random(f"{self.file} {self.at}").randrange(1, 256)
                return data[: self.at] + bytes([data[self.at] ^ bits]) + data[self.at + 1 :]
            case "cut":
                return data[: self.at]
            case "zero":
                return data[: self.at] + bytes(len(data[self.at : self.at + SECTOR])) + data[self.at + SECTOR :]
        return None


@dataclass(frozen=True)
class Whole:
    """The undamaged project: its folder, labels, list of cases and prediction."""

    root: Path
    labels: dict[str, NDArray[np.uint8]]
    story: Story

    @property
    def files(self) -> dict[str, int]:
        """All files with their sizes."""
        return {p.relative_to(self.root).as_posix(): p.stat().st_size for p in sorted(self.root.rglob("*")) if p.is_file()}


class Hanging(BaseException):
    """Raised when opening does not end."""


def settled(root: Path, story: Story) -> Whole:
    """Make the project of a day, open it once more and close it properly."""
    bury(root / NAME)
    with Project.open(root / NAME) as project:
        labels = {case.id: state(project.store(case).load(case.shape).labels) for case in project.cases}
    return Whole(root, labels, story)


def flips(whole: Whole, step: int) -> Iterator[Damage]:
    """Flip bits of every `step`-th byte of all files."""
    for file, size in whole.files.items():
        yield from (Damage(file, "flip", at) for at in range(size % step, size, step))


def cuts(whole: Whole, count: int) -> Iterator[Damage]:
    """Truncate files at various lengths."""
    chance = random.Random(1)
    files = [(file, size) for file, size in whole.files.items() if size]
    for _ in range(count):
        file, size = chance.choice(files)
        yield Damage(file, "cut", chance.randrange(size))


def zeros(whole: Whole, step: int) -> Iterator[Damage]:
    """Zero every `step`-th sector of all files."""
    places = [Damage(file, "zero", at) for file, size in whole.files.items() for at in range(0, size, SECTOR)]
    yield from places[::step]


def judged(whole: Whole, damages: Iterable[Damage], place: Path) -> list[tuple[Damage, str]]:
    """Judge each damage: "same", "told" or a broken promise in words. Projects are opened for reading; every tenth also for writing."""
    shutil.copytree(whole.root, place)
    faulthandler.enable()
    signal.signal(signal.SIGALRM, _hangs)
    found = []
    try:
        for number, damage in enumerate(damages):
            path = place / damage.file
            sound = path.read_bytes()
            _put(path, damage.done_to(sound))
            verdict = _verdict(whole, damage, place, read_only=True)
            path.write_bytes(sound)
            if number % 10 == 0 and verdict in ("same", "told"):
                copy = place.with_name(f"{place.name} written")
                shutil.copytree(whole.root, copy)
                _put(copy / damage.file, damage.done_to(sound))
                verdict = _verdict(whole, damage, copy, read_only=False)
                shutil.rmtree(copy)
            found.append((damage, verdict))
    finally:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        shutil.rmtree(place)
    return found


def _put(path: Path, data: bytes | None) -> None:
    if data is None:
        path.unlink()
    else:
        path.write_bytes(data)


def _hangs(*_: Any) -> None:
    raise Hanging


def _verdict(whole: Whole, damage: Damage, root: Path, *, read_only: bool) -> str:
    signal.alarm(PATIENCE)
    try:
        return _opened(whole, damage, root / NAME, read_only)
    except UserError as error:
        return "told" if re.fullmatch(r"[^\n]+[.?]", str(error)) else f"unspeakable: {error}"
    except Hanging:
        return "hangs"
    except Exception as error:  # noqa: BLE001 (any error would have ended the window)
        return f"crash: {type(error).__name__}: {error}"
    finally:
        signal.alarm(0)


def _opened(whole: Whole, damage: Damage, folder: Path, read_only: bool) -> str:
    told = False
    with Project.open(folder, read_only=read_only) as project:
        expected = whole.story.manifests[-1]
        told = bool(project.notices)
        known = (project.classes, project.manifest.view, [(case.id, case.review, case.name, case.shape) for case in project.cases])
        if known != (expected.classes, expected.view, [(c.id, c.review, c.name, c.shape) for c in expected.cases]) and not told:
            return "another list, untold"
        for case in project.cases:
            hurt = f"cases/{case.id}/" in damage.file
            try:
                store = project.store(case)
                loaded = store.load(case.shape)
                steps = history(loaded.history)
            except UserError:
                if not hurt:
                    raise AssertionError(f"{case.name} is not opened, and it is not damaged") from None
                told = True
                continue
            if loaded.recovered and not hurt:
                return f"a sound case is called damaged: {loaded.recovered}"
            told = told or bool(loaded.recovered)
            if not loaded.recovered and (wrong := _labels_wrong(whole, case.id, state(loaded.labels))):
                return wrong
            prediction = prediction_file.load(project.folder_of(case), case.shape)
            if prediction and whole.story.prediction and not np.array_equal(prediction.probabilities, whole.story.prediction.probabilities):
                return "another prediction, untold"
            while change := steps.undo():
                loaded.labels.apply(change.inverse())
                if not loaded.recovered and not _known(whole, case.id, state(loaded.labels)):
                    return "undo leads to labels that never were"
            if not read_only and (wrong := _goes_on(project, case.id)):
                return wrong
    return "told" if told else "same"


def _labels_wrong(whole: Whole, case: str, found: NDArray[np.uint8]) -> str:
    if np.array_equal(found, whole.labels[case]):
        return ""
    return "older labels, untold" if _known(whole, case, found) else "wrong labels, untold"


def _known(whole: Whole, case: str, found: NDArray[np.uint8]) -> bool:
    return any(np.array_equal(found, known) for known in whole.story.labels[case])


def _goes_on(project: Project, case_id: str) -> str:
    """Check that a stroke made after the damage exists on the next opening."""
    case = project.case(case_id)
    store = project.store(case)
    labels = store.load(case.shape).labels
    store.append(Kind.EDIT, dab(labels, 98))
    again = project.store(case).load(case.shape)
    return "" if np.array_equal(state(again.labels), state(labels)) else "a stroke after the damage is lost"
