"""A real window that by itself does a clinician's daily work, run as a separate program.

    python whole_flow.py SERIES EXPORTS        paints, learns, predicts, exports everything, meets a fault, opens the example, closes

It reports each step in a line on standard output.
"""

from __future__ import annotations

import sys
from pathlib import Path

from PySide6.QtCore import QTimer

from unetstudio.inference.events import CasePredicted
from unetstudio.settings import TrainingSettings
from unetstudio.tools.tool import Pointer
from unetstudio.training.events import CheckpointSaved
from unetstudio.ui import application
from unetstudio.ui.main_window import MainWindow
from unetstudio.workspace.export import ExportChoice, What
from unetstudio.workspace.export_plan import writers

SMALL = TrainingSettings(base=4, depth=1, patch=32, batch=2, device="cpu", threads=1, round_seconds=0.5, dims=2)
EXPORTS = Path(sys.argv[2])
TOO_LONG = 200_000
"""Milliseconds after which it ends in any case."""


class WholeFlow(MainWindow):
    """The window; each step starts the next."""

    def show(self) -> None:
        super().show()
        self.learned = self.predicted = self.example = False
        self.left: list[What] = ["labels", "segmentation"]
        session = self.session
        session.case_opened.connect(self.opened)
        session.worker.event_received.connect(self.heard)
        session.notice.connect(lambda text, level: tell("notice", level, text))
        session.fault.connect(lambda text: tell("fault", text))
        QTimer.singleShot(TOO_LONG, self.close)

    def opened(self, case: str) -> None:
        tell("opened", case)
        if self.example:
            QTimer.singleShot(500, self.close)
            return
        self.session.learning.set_settings(SMALL)
        self.session.saver.set_author("The clinician")
        annotation = self.session.annotation
        for row in range(4, 40, 6):
            annotation.set_active_class(row // 6 % 2)
            annotation.tools.set_options("brush", size=3)
            annotation.press(Pointer(float(row), 4.0))
            annotation.move(Pointer(float(row), 40.0))
            annotation.release()
        annotation.undo()
        annotation.redo()

    def heard(self, event: object) -> None:
        tell("event", type(event).__name__)
        self.learned |= isinstance(event, CheckpointSaved)
        self.predicted |= isinstance(event, CasePredicted) and self.learned
        if self.predicted and len(self.left) == 2:
            self.go_on()

    def go_on(self) -> None:
        """Start the next export; after the last one raise a fault, and then open the example."""
        session = self.session
        if self.left:
            what: What = self.left.pop()
            formats = tuple(name for name, _ in writers())
            export = session.export_run.begin(EXPORTS / what, ExportChoice(what, formats), [case.id for case in session.cases])
            export.when_ended(lambda: QTimer.singleShot(0, self.go_on))
            return
        tell("exported")
        QTimer.singleShot(0, self.fail)
        QTimer.singleShot(200, self.open_example)

    def open_example(self) -> None:
        self.example = True
        self.session.open_example()

    def fail(self) -> None:
        """Raise an error with the scan and all its data in reach."""
        scan, case, project = self.session.scan, self.session.case, self.session.project
        raise RuntimeError(f"a fault on purpose, with {scan}, {case}, {project.writer.project.manifest if project else None}")


def tell(*words: object) -> None:
    """Print a line."""
    sys.stdout.write(" ".join(str(word).replace("\n", " ") for word in words) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    application.MainWindow = WholeFlow  # type: ignore[misc]
    sys.exit(application.run([Path(sys.argv[1])]))
