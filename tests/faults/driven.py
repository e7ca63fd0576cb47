"""A real window that operates itself, run as a separate program; it reports each action in a line on standard output.

    python driven.py PATH '{"seed": 1, ...}'        see `Choices`

A line is written before the disk is asked to save the action, so that after a kill no unreported stroke is on the disk.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QTimer

from unetstudio.data.history import BYTES, History
from unetstudio.project import replay, store
from unetstudio.settings import TrainingSettings
from unetstudio.tools.tool import Pointer
from unetstudio.ui import annotation, application
from unetstudio.ui.main_window import MainWindow
from unetstudio.workspace.export import ExportChoice

SMALL = TrainingSettings(base=4, depth=2, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.5)


@dataclass(frozen=True)
class Choices:
    """The behaviour of the window."""

    seed: int = 0
    actions: int = 10**9  # number of strokes, undos ... after which it rests
    pace: int = 8  # milliseconds between two actions
    long: float = 0.1  # share of strokes that take up to two seconds
    switch: float = 0.02  # share of actions that open the next case
    learn: bool = False  # whether to run a learner
    generation: int = store.STROKES  # strokes after which a new generation is written
    undo: int = BYTES  # bytes of undo history, of each case and of all
    close_after: int = -1  # milliseconds after the window came up
    export: str = ""  # folder, written again and again


class Driven(MainWindow):
    """A window that paints, undoes, opens cases, exports and closes itself."""

    choices = Choices()

    def show(self) -> None:
        super().show()
        self.random = random.Random(self.choices.seed)
        self.done, self.moves, self.ends = 0, 0, ""
        annotation, session = self.session.annotation, self.session
        annotation.journalled.disconnect(session.saver.append)
        annotation.journalled.connect(lambda change: self.tell_state(change.kind.name.lower()))
        annotation.journalled.connect(session.saver.append)
        session.saver.idle.connect(lambda: tell("saved"))
        session.notice.connect(lambda text, level: tell("notice", level, text))
        session.fault.connect(lambda text: tell("fault", " | ".join(line.strip() for line in text.splitlines()[-8:])))
        session.case_opened.connect(self.begin)
        session.worker.event_received.connect(lambda event: tell("event", type(event).__name__))
        if not self.choices.learn:
            session.start_worker = lambda: None  # type: ignore[method-assign]
        self.acting = QTimer(self, interval=self.choices.pace)
        self.acting.timeout.connect(self.act)
        if self.choices.close_after >= 0:
            QTimer.singleShot(self.choices.close_after, self.close)
        tell("shown")

    def closeEvent(self, event: Any) -> None:  # noqa: N802
        tell("closing", time.monotonic())
        self.acting.stop()
        super().closeEvent(event)
        tell("closed", time.monotonic())

    def begin(self, case: str) -> None:
        assert self.session.case is not None
        tell("opened", case, self.session.case.sequence, self.digest(), "read-only" if self.session.read_only else "")
        if not self.acting.isActive() and self.done < self.choices.actions:
            if self.choices.learn:
                self.session.learning.set_settings(SMALL)
            self.acting.start()
            self.go_on_exporting()

    def act(self) -> None:
        """Continue the current stroke, or begin another action."""
        annotation = self.session.annotation
        if self.moves:
            self.moves -= 1
            annotation.move(self.somewhere())
            self.tell_state("drawn")
            if not self.moves:
                getattr(annotation, self.ends)()
                self.tell_state("drawn")  # including undone strokes
            return
        if self.done >= self.choices.actions or self.session.labels is None:
            return
        self.done += 1
        if self.done % (self.choices.actions // 100 or 1) == 0 or self.done == self.choices.actions:
            tell("acted", self.done)
        what = self.random.random()
        if what < 0.12:
            annotation.undo()
        elif what < 0.2:
            annotation.redo()
        elif what < 0.2 + self.choices.switch:
            self.session.case_opener.step(1 if self.done % 4 < 2 else -1)
        else:
            annotation.set_active_class(self.random.randrange(2))
            annotation.tools.choose("eraser" if self.random.random() < 0.1 else "brush")
            annotation.tools.set_options(annotation.tools.name, size=self.random.choice((1, 3, 5)))
            annotation.press(self.somewhere())
            slow = self.random.random() < self.choices.long
            self.moves = self.random.randrange(10, max(11, 2000 // self.choices.pace)) if slow else self.random.randrange(1, 3)
            self.ends = "cancel" if self.random.random() < 0.1 else "release"

    def somewhere(self) -> Pointer:
        labels = self.session.labels
        rows, columns = (1, 1) if labels is None else labels.shape[1:]
        return Pointer(self.random.uniform(0, rows - 1), self.random.uniform(0, columns - 1))

    def go_on_exporting(self) -> None:
        """Export again and again, as long as a project is open."""
        if self.choices.export and self.session.project is not None:
            QTimer.singleShot(50, self.export)

    def export(self) -> None:
        cases = [case.id for case in self.session.cases]
        task = self.session.export_run.begin(Path(self.choices.export), ExportChoice("labels", ("png", "tiff")), cases)
        task.when_ended(self.go_on_exporting)

    def digest(self) -> str:
        """Hash the values and origins of the open case."""
        labels = self.session.labels
        assert labels is not None
        return hashlib.sha256(labels.values.tobytes() + labels.origin.tobytes()).hexdigest()

    def tell_state(self, kind: str) -> None:
        """Report the current labels: after a change, or within a stroke."""
        if self.session.case is not None:
            tell("state", self.session.case.id, kind, time.monotonic(), self.digest())


def tell(*words: object) -> None:
    """Print a line."""
    sys.stdout.write(" ".join(str(word).replace("\n", " ") for word in words) + "\n")
    sys.stdout.flush()


def main() -> int:
    """Run the window until it is closed."""
    Driven.choices = Choices(**json.loads(sys.argv[2]))
    store.STROKES = Driven.choices.generation
    History.__init__.__defaults__ = replay.history.__defaults__ = (Driven.choices.undo,)
    annotation.BYTES = Driven.choices.undo  # type: ignore[attr-defined]
    checkpoint = store.LabelStore.checkpoint

    def told(self: store.LabelStore, *arguments: Any) -> None:
        tell("generation")
        checkpoint(self, *arguments)

    store.LabelStore.checkpoint = told  # type: ignore[method-assign]
    application.MainWindow = Driven  # type: ignore[misc]
    return application.run([Path(sys.argv[1])])


if __name__ == "__main__":
    sys.exit(main())
