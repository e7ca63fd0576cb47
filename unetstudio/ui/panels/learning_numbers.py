"""The progress of learning in four numbers: steps, rounds, seconds a round, seconds trained."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QLabel, QWidget

from unetstudio.ui.learning import LearningState
from unetstudio.ui.panels import wording
from unetstudio.ui.panels.text import label

NONE = "–"


class LearningNumbers(QWidget):
    """The numbers, each with its caption below."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(0)
        self.labels: dict[str, QLabel] = {}
        for column, (name, words) in enumerate((("step", "steps"), ("round", "rounds"), ("pace", "a round"), ("seconds", "trained"))):
            self.labels[name] = label(NONE, "value", f"learning_{name}")
            grid.addWidget(self.labels[name], 0, column)
            grid.addWidget(label(words, "small"), 1, column)
            grid.setColumnStretch(column, 1)

    def show_state(self, state: LearningState) -> None:
        """Show the numbers of a state; a dash where there is none yet."""
        self.labels["step"].setText(wording.short_count(state.step) if state.step else NONE)
        self.labels["round"].setText(str(state.round) if state.round else NONE)
        self.labels["pace"].setText(f"{state.seconds_per_round:.1f} s" if state.seconds_per_round else NONE)
        self.labels["seconds"].setText(wording.duration(state.seconds) if state.seconds else NONE)
