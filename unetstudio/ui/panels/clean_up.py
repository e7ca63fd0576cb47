"""The post-processing steps with live sliders: one block for each, with its effect on the open case."""

from __future__ import annotations

from dataclasses import fields, replace

from PySide6.QtCore import QSignalBlocker, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from unetstudio.postprocess.step import Step
from unetstudio.ui.forms import Form
from unetstudio.ui.panels.text import label
from unetstudio.ui.panels.wheel import WheelGuard
from unetstudio.ui.review import Review

DEBOUNCE = 50
"""Milliseconds from a slider's last move to the new segmentation."""


class StepBlock(QWidget):
    """One step: a switch with its title, its sliders while it is on, and its report."""

    changed = Signal()  # by the user

    def __init__(self, step: Step, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"step_{type(step).__name__}")
        self.step = step
        self.switch = QCheckBox(step.title)
        self.switch.setToolTip(step.help)
        options = tuple(field.name for field in fields(step) if field.name != "enabled")
        self.form = Form(step, only=options)
        self.switch.toggled.connect(self._switch)
        self.form.changed.connect(self._put)
        self.report = label(role="small", name="step_report")
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        for part in (self.switch, self.form, self.report):
            column.addWidget(part)
        self.show_step(step)

    def show_step(self, step: Step) -> None:
        """Show a step of the same kind that was set elsewhere, without `changed`."""
        self.step = step
        with QSignalBlocker(self.switch):
            self.switch.setChecked(step.enabled)
        if self.form.value != step:
            self.form.set_value(step)
        self.form.setVisible(step.enabled)

    def show_report(self, text: str) -> None:
        """Show the effect of the step; nothing is shown while it is off."""
        self.report.setText(text)
        self.report.setVisible(bool(text) and self.step.enabled)

    def _switch(self, on: bool) -> None:
        self._put(replace(self.form.value, enabled=on))

    def _put(self, step: Step) -> None:
        self.show_step(step)
        self.changed.emit()


class CleanUp(QWidget):
    """The blocks of all steps, in order."""

    def __init__(self, review: Review, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("clean_up")
        self._review = review
        self.blocks: list[StepBlock] = []
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(10)
        self._wheel = WheelGuard(self)
        self._due = QTimer(self, singleShot=True, interval=DEBOUNCE)
        self._due.timeout.connect(self._set_steps)
        review.steps_changed.connect(self._show_steps)
        review.reports_changed.connect(self._show_reports)
        self._show_steps()

    def _show_steps(self) -> None:
        """Show the review's steps, unless sliders are being moved: the review is updated in a moment."""
        steps = self._review.steps
        if [type(block.step) for block in self.blocks] != [type(step) for step in steps]:
            self._rebuild(steps)
        elif not self._due.isActive():
            for block, step in zip(self.blocks, steps, strict=True):
                block.show_step(step)
        self._show_reports()

    def _rebuild(self, steps: tuple[Step, ...]) -> None:
        self._due.stop()
        for block in self.blocks:
            self._column.removeWidget(block)
            block.deleteLater()
        self.blocks = [StepBlock(step) for step in steps]
        for block in self.blocks:
            block.changed.connect(self._due.start)
            self._column.addWidget(block)
        self._wheel.watch(self)

    def _show_reports(self) -> None:
        texts = [report.text for report in self._review.reports]
        texts += [""] * (len(self.blocks) - len(texts))
        for block, text in zip(self.blocks, texts, strict=False):
            block.show_report(text)

    def _set_steps(self) -> None:
        self._review.set_steps(tuple(block.step for block in self.blocks))
