"""The networks to choose from, one card each: purpose, size, cost of a step here, and whether that suits."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QLabel, QRadioButton, QScrollArea, QVBoxLayout, QWidget

from unetstudio.ui.network_catalogue import NetworkCatalogue
from unetstudio.ui.panels.text import label
from unetstudio.worker.messages import NetworkChoice

SUITS, SLOW, VOLUMES_ONLY = "suits this computer", "slow on this computer", "for volumes only"


class NetworkCard(QFrame):
    """One network; `chosen(name)` when the user picks it by mouse or keys."""

    chosen = Signal(str)

    def __init__(self, choice: NetworkChoice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(f"network_{choice.name}")
        self.setProperty("role", "card")
        self.name = choice.name
        self.button = QRadioButton(choice.title)
        self.button.setObjectName(f"choose_{choice.name}")
        font = self.button.font()
        font.setBold(True)
        self.button.setFont(font)
        self.button.clicked.connect(lambda: self.chosen.emit(self.name))
        self.badge = QLabel()
        self.badge.setObjectName(f"badge_{choice.name}")
        self.description = label(choice.description)
        self.description.setToolTip(choice.source)
        self.figures = label(role="small", name=f"figures_{choice.name}")
        head = QHBoxLayout()
        head.addWidget(self.button)
        head.addStretch(1)
        head.addWidget(self.badge)
        column = QVBoxLayout(self)
        column.setContentsMargins(12, 8, 12, 8)
        column.setSpacing(4)
        column.addLayout(head)
        column.addWidget(self.description)
        column.addWidget(self.figures)

    def show_figures(self, figures: str, badge: str, role: str, *, possible: bool) -> None:
        """Show the figures and the badge; a network that is not `possible` for these images cannot be picked."""
        self.figures.setText(figures)
        self.badge.setText(badge)
        if self.badge.property("role") != role:
            self.badge.setProperty("role", role)
            self.badge.style().unpolish(self.badge)
            self.badge.style().polish(self.badge)
        self.button.setEnabled(possible)
        self.button.setAccessibleDescription(" ".join(f"{text.rstrip('.')}." for text in (self.description.text(), figures, badge) if text))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Pick the network by a click anywhere on its card."""
        if event.button() == Qt.MouseButton.LeftButton and self.button.isEnabled():
            self.button.click()
            self.button.setFocus()


class NetworkList(QScrollArea):
    """All cards; `chosen(name)` on a choice by the user, not on `choose`."""

    chosen = Signal(str)

    def __init__(self, networks: NetworkCatalogue, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("network_list")
        self.setAccessibleName("Networks")
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._networks = networks
        self._group = QButtonGroup(self)
        self.cards: dict[str, NetworkCard] = {}
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(8)
        self._column.addStretch(1)
        self.setWidget(inside)

    @property
    def value(self) -> str:
        """The chosen network, or ""."""
        return next((name for name, card in self.cards.items() if card.button.isChecked()), "")

    def choose(self, name: str) -> None:
        """Show a choice made elsewhere, without `chosen`."""
        if name in self.cards:
            self.cards[name].button.setChecked(True)
            self.ensureWidgetVisible(self.cards[name])

    def refresh(self, dims: int, *, volumes: bool, trained: Collection[str]) -> None:
        """Show the figures for `dims` 2 or 3; `volumes`: all images are volumes; `trained`: names of the networks with a checkpoint."""
        for choice in self._networks.choices:
            if choice.name not in self.cards:
                self._add(choice)
            own = dims if dims in choice.dims else choice.dims[0]
            possible = own == 2 or volumes
            badge, role = VOLUMES_ONLY, "muted"
            if possible:
                suits = self._networks.suits(choice.name, own)
                badge, role = (SUITS, "good") if suits else (SLOW, "muted")
            learned = " · has learned here before" if choice.name in trained else ""
            self.cards[choice.name].show_figures(self.figures(choice.name, own) + learned, badge, role, possible=possible)

    def figures(self, name: str, dims: int) -> str:
        """Return the size and the cost of a step: "2D · 1.9 million parameters · 0.21 s a step · 310 MB"."""
        cost = self._networks.cost(name, dims)
        if cost is None:
            return f"{dims}D"
        parts = [f"{dims}D", f"{cost.parameters / 1e6:.1f} million parameters"]
        if cost.seconds is not None:
            parts += [f"{cost.seconds:.{1 if cost.seconds >= 1 else 2}f} s a step", size(cost.bytes)]
        else:
            parts.append(cost.problem or "not measured yet")
        return " · ".join(parts)

    def _add(self, choice: NetworkChoice) -> None:
        card = NetworkCard(choice)
        card.chosen.connect(self.chosen)
        self._group.addButton(card.button)
        self._column.insertWidget(self._column.count() - 1, card)
        self.cards[choice.name] = card


def size(count: int) -> str:
    """Return a number of bytes as "310 MB" or "2.4 GB"."""
    return f"{count / 2**30:.1f} GB" if count >= 2**30 else f"{max(1, round(count / 2**20))} MB"
