"""The dialog that chooses the network to train: what each is for and costs here, and what happens to the network trained so far."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QComboBox, QDialog, QHBoxLayout, QProgressBar, QPushButton, QVBoxLayout, QWidget

from unetstudio.project.checkpoints import CheckpointCard, cards
from unetstudio.ui.panels.network_choice import NetworkList
from unetstudio.ui.panels.text import label
from unetstudio.ui.session import Session
from unetstudio.ui.task import Task

FORMS = {"": "Sized for this computer", "default": "Recommended, full size", "published": "As published", "small": "Small"}
"""Titles of presets; others are shown by their own names."""

FRAME = 64
"""Room on the screen for the frame of the window, in px."""


class NetworkDialog(QDialog):
    """The choice of network and preset. Nothing changes before Apply."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("network_dialog")
        self.setWindowTitle("Networks")
        self.setMinimumSize(600, 480)
        self.resize(680, min(760, self.screen().availableGeometry().height() - FRAME))
        self._session = session
        self._learning, self._networks = session.learning, session.networks
        self._checkpoints: dict[tuple[str, str], CheckpointCard] = {}  # the newest checkpoint by network and preset
        self._followed: list[Task] = []  # descriptions and measurements since the dialog was opened
        self._closed = False
        self.list = NetworkList(self._networks)
        self.preset = QComboBox()
        self.preset.setObjectName("network_preset")
        self.preset.setAccessibleName("Form of the network")
        self.preset.setToolTip("How large it is, and whether exactly as in its paper")
        self.go_on = QCheckBox()
        self.go_on.setObjectName("network_go_on")
        self.consequence = label(name="network_consequence")
        self.trouble = label(role="warning", name="network_trouble")
        self.bar = QProgressBar()
        self.bar.setObjectName("network_progress")
        self.bar.setAccessibleName("Measured so far")
        self.bar.setTextVisible(False)
        self.measure_button = QPushButton("Measure")
        self.measure_button.setObjectName("measure_networks")
        self.measure_button.setToolTip("Tries a few training steps of each network on this computer; learning waits meanwhile")
        self.apply_button = QPushButton("Apply and restart")
        self.apply_button.setObjectName("apply_network")
        self.apply_button.setProperty("role", "primary")
        self.close_button = QPushButton("Close")
        for button in (self.measure_button, self.close_button):
            button.setAutoDefault(False)
        self.apply_button.setDefault(True)
        self._lay_out()
        self.measure_button.clicked.connect(self._measure)
        self.apply_button.clicked.connect(self._apply)
        self.close_button.clicked.connect(self.reject)
        self.list.chosen.connect(self._choose)
        self.preset.activated.connect(self._show_consequence)
        self.go_on.clicked.connect(self._show_consequence)
        self._networks.changed.connect(self._show)
        self.finished.connect(self._close)
        for task in (self._networks.describe(), self._networks.measuring):
            if task is not None:
                self._follow(task)
        self._show()
        self._show_consequence()
        self._look_for_checkpoints()

    @property
    def dims(self) -> int:
        """Whether the figures are for slices (2) or volumes (3)."""
        return self._learning.settings.dims or self._learning.state.dims or (3 if self._volumes else 2)

    @property
    def checkpoint(self) -> CheckpointCard | None:
        """The newest checkpoint of the chosen network and preset."""
        return self._checkpoints.get((self.list.value, self.preset.currentData() or ""))

    @property
    def _volumes(self) -> bool:
        return bool(self._session.cases) and all(case.is_volume for case in self._session.cases)

    def _lay_out(self) -> None:
        form = QHBoxLayout()
        form.addWidget(label("Form", "field"))
        form.addWidget(self.preset, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.measure_button)
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.apply_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addWidget(self.list, 1)
        column.addLayout(form)
        for part in (self.go_on, self.consequence, self.trouble, self.bar):
            column.addWidget(part)
        column.addLayout(buttons)
        self.trouble.hide()
        self.bar.hide()

    # ------------------------------------------------------------------------------------------------------ showing

    def _show(self) -> None:
        """Show the current knowledge of the networks."""
        self.list.refresh(self.dims, volumes=self._volumes, trained={name for name, _ in self._checkpoints})
        if not self.list.value and self.list.cards:
            self.list.choose(self._learning.settings.network)
            self._order_keys()
        if self.preset.count() < 2 and self.list.value:
            self._choose(self.list.value)  # its presets are known by now
            if self.list.value == self._learning.settings.network:
                self.preset.setCurrentIndex(max(0, self.preset.findData(self._learning.settings.preset)))
                self._show_consequence()
        self._show_work()

    def _follow(self, task: Task) -> None:
        self._followed.append(task)
        task.changed.connect(self._show_work)
        task.ended.connect(self._show_work)
        self._show_work()

    def _show_work(self) -> None:
        """Show the progress of the measurement, and its problems."""
        trouble = " ".join(task.error for task in self._followed if task.error)
        self.trouble.setText(trouble)
        self.trouble.setVisible(bool(trouble))
        task = self._networks.measuring
        self.bar.setVisible(task is not None)
        self.measure_button.setEnabled(task is None and bool(self.list.cards))
        self.measure_button.setText("Measure on this computer")
        if task is not None:
            self.bar.setRange(0, task.total)
            self.bar.setValue(task.done)
            self.measure_button.setText(f"Measuring {task.done + 1} of {task.total} …")

    def _order_keys(self) -> None:
        """Let Tab go from top to bottom, though the cards were added last, beginning at the network in use."""
        last: QWidget = self.list.cards[self.list.value or next(iter(self.list.cards))].button
        last.setFocus()
        buttons: tuple[QWidget, ...] = (self.preset, self.go_on, self.measure_button, self.close_button, self.apply_button)
        for widget in buttons:
            self.setTabOrder(last, widget)
            last = widget

    def _choose(self, name: str) -> None:
        """Offer the presets of the picked network."""
        choice = self._networks[name]
        self.preset.clear()
        self.preset.addItem(FORMS[""], "")
        cost = None if choice is None else self._networks.cost(name, self.dims if self.dims in choice.dims else choice.dims[0])
        for preset, count in () if cost is None else cost.presets:
            self.preset.addItem(f"{FORMS.get(preset, preset)}: {count / 1e6:.1f} million parameters", preset)
        self.preset.setEnabled(self.preset.count() > 1)
        self._show_consequence()

    def _show_consequence(self) -> None:
        checkpoint, changes = self.checkpoint, self._changes
        self.go_on.setVisible(changes and checkpoint is not None)
        if checkpoint is not None:
            score = "" if checkpoint.score is None else f", score {checkpoint.score:.2f}"
            self.go_on.setText(f"Go on from what it learned before (step {checkpoint.step:,}{score})")
        if changes:
            going_on = checkpoint is not None and self.go_on.isChecked()
            words = self._learning.restart_sentence(self.list.value, goes_on=going_on)
        else:
            words = f"{self._networks.title(self.list.value)} is the network in use."
        self.consequence.setText(words)
        self.apply_button.setEnabled(changes)

    @property
    def _changes(self) -> bool:
        """Whether the choice differs from what is in use."""
        settings = self._learning.settings
        return bool(self.list.value) and (self.list.value, self.preset.currentData() or "") != (settings.network, settings.preset)

    # ------------------------------------------------------------------------------------------------------- acting

    def _measure(self) -> None:
        """Measure every network that can be chosen."""
        self._followed.clear()
        networks = []
        for choice in self._networks.choices:
            if self.list.cards[choice.name].button.isEnabled():
                networks.append((choice.name, self.dims if self.dims in choice.dims else choice.dims[0]))
        self._follow(self._networks.measure(networks))

    def _apply(self) -> None:
        going_on = self.checkpoint is not None and self.go_on.isChecked()
        self._learning.choose_network(self.list.value, self.preset.currentData() or "", go_on=going_on)
        self.accept()

    def _close(self) -> None:
        self._closed = True

    def _look_for_checkpoints(self) -> None:
        """Look up on the disk thread which networks have a checkpoint in this project."""
        project = self._session.project
        if project is None:
            return
        folder = project.writer.project.checkpoints_folder

        def take(newest_first: list[CheckpointCard]) -> None:
            if self._closed:
                return
            for card in reversed(newest_first):  # so that the newest stays
                self._checkpoints[card.network, card.preset] = card
            self.go_on.setChecked(True)
            self._show()
            self._show_consequence()

        self._session.disk.ask(lambda: cards(folder), take)
