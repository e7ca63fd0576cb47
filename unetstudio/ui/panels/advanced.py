"""The settings of learning that most users never need, and the program's own choices with their reasons."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from unetstudio.settings import TrainingSettings
from unetstudio.ui.learning import Learning
from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.panels.text import heading, label
from unetstudio.ui.panels.training_form import TrainingForm


class Advanced(QWidget):
    """The training settings with Apply, and the plan with its reasons."""

    def __init__(self, learning: Learning, networks: NetworkCatalogue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("learning_advanced")
        self._learning, self._networks = learning, networks
        self.form = TrainingForm()
        self.form.changed.connect(self._compare)
        self.apply_button = QPushButton("Apply and restart")
        self.apply_button.setObjectName("apply_settings")
        self.apply_button.setProperty("role", "primary")
        self.defaults_button = QPushButton("Defaults")
        self.defaults_button.setObjectName("default_settings")
        self.defaults_button.setToolTip("Let the program choose everything")
        for button in (self.apply_button, self.defaults_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.apply_button.clicked.connect(lambda: self._learning.set_settings(self.form.settings()))
        self.defaults_button.clicked.connect(self._defaults)
        self._plan_heading = heading("What was chosen, and why")
        self.plan = label(role="small", name="learning_plan")
        self.plan.setTextFormat(Qt.TextFormat.RichText)

        buttons = QHBoxLayout()
        buttons.addWidget(self.apply_button, 1)
        buttons.addWidget(self.defaults_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.form)
        column.addWidget(label("Other settings restart learning; the old checkpoint is kept.", "small"))
        column.addLayout(buttons)
        column.addWidget(self._plan_heading)
        column.addWidget(self.plan)
        learning.settings_changed.connect(self._show_settings)
        self._show_settings()
        self.refresh()

    def refresh(self) -> None:
        """Show the networks and the plan as the worker reported them."""
        self.form.offer_networks(self._networks.choices)
        plan = self._learning.state.plan or {}
        words = "".join(f"<p style='margin:0 0 4px 0'><b>{escape(key)}</b>: {escape(str(why))}</p>" for key, why in plan.items())
        if words != self.plan.text():
            self.plan.setText(words)
        self._plan_heading.setVisible(bool(plan))
        self.plan.setVisible(bool(plan))
        self._compare()

    def _show_settings(self) -> None:
        self.form.show_settings(self._learning.settings)
        self._compare()

    def _defaults(self) -> None:
        self.form.show_settings(TrainingSettings())
        self._compare()

    def _compare(self) -> None:
        """Enable Apply and Defaults where the form differs from the settings in force and from the defaults."""
        self.apply_button.setEnabled(self.form.settings() != self._learning.settings)
        self.defaults_button.setEnabled(self.form.settings() != TrainingSettings())
