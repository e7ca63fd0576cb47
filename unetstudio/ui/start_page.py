"""The start page: open images, continue, try the example; this computer's abilities, and the assurance that nothing leaves it."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from unetstudio import RESEARCH_USE
from unetstudio.data.quantity import count_text
from unetstudio.ui.resources import picture
from unetstudio.ui.session import Session
from unetstudio.ui.sign import Sign
from unetstudio.ui.tile import RecentCard, Tile
from unetstudio.workspace.recent import RecentProject

WIDTH = 936
RECENT_SHOWN = 4
HINT = "or drop images, folders, a DICOM series or a project anywhere on this window"


class StartPage(QWidget):
    """The page of tiles. It asks no questions: every tile is one click from an image to paint on."""

    open_images_requested = Signal()

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("start")
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # holds the focus invisibly until Tab moves it to the first tile
        self._session = session
        self.open_tile = Tile("images", "Open images", "Pictures, volumes, a DICOM series, or a whole folder of them.")
        self.continue_tile = Tile("continue", "Continue", "")
        self.example_tile = Tile("example", "Try the example", "A tissue image to paint on at once; needs no data of your own.")
        self.open_tile.clicked.connect(self.open_images_requested)
        self.continue_tile.clicked.connect(self._continue)
        self.example_tile.clicked.connect(self._open_example)
        self._recent = QGridLayout()
        self._recent.setSpacing(16)
        for place in range(RECENT_SHOWN):
            self._recent.setColumnStretch(place, 1)
        self._recent_heading = QLabel("Recent projects")
        self._recent_heading.setProperty("role", "heading")
        self._machine = QLabel()
        self._machine.setProperty("role", "muted")
        self._machine.setWordWrap(True)
        self._hint = QLabel(HINT)
        self._hint.setProperty("role", "muted")
        self.drop = QFrame()
        self.drop.setObjectName("drop")
        self._lay_out()
        session.learning.changed.connect(self._show_machine)
        session.recent.changed.connect(self._show_recent)
        self._show_machine()
        self._show_recent()
        self.refresh()

    def refresh(self) -> None:
        """Have the recent projects read again; until then the previous list stays."""
        self.say()
        self._session.recent.read()

    def _show_recent(self) -> None:
        while (entry := self._recent.takeAt(0)) is not None:
            if (card := entry.widget()) is not None:
                card.deleteLater()
        projects = self._session.recent.projects
        self.continue_tile.setEnabled(bool(projects))
        self.continue_tile.say(f"{projects[0].name}, {_when(projects[0])}." if projects else "Your projects will be listed here.")
        for place, project in enumerate(projects[:RECENT_SHOWN]):
            card = RecentCard(project.name, f"{count_text(project.cases, 'case')}, {_when(project)}", project.thumbnail)
            card.setToolTip(str(project.path))
            card.clicked.connect(lambda _=False, path=project.path: self.open(path))
            self._recent.addWidget(card, 0, place)
        self._recent_heading.setVisible(bool(projects))

    def show_dragging(self, over: bool) -> None:
        """Light the drop hint while files hang over the window."""
        self.drop.setProperty("over", "true" if over else "false")
        self.drop.style().unpolish(self.drop)
        self.drop.style().polish(self.drop)

    def open(self, path: Path) -> None:
        """Open a project, with a sentence where reading it takes a while."""
        self.say(f"Opening {path.stem} …")
        self._session.open_paths([path])

    def say(self, words: str = "") -> None:
        """Show other words in place of the drop hint while something is being opened."""
        self._hint.setText(words or HINT)

    def _continue(self) -> None:
        if projects := self._session.recent.projects:
            self.open(projects[0].path)

    def _open_example(self) -> None:
        self.say("Making the example ready …")
        self._session.open_example()

    def _show_machine(self) -> None:
        self._machine.setText(self._session.learning.state.device or "Looking at what this computer can do …")

    def _lay_out(self) -> None:
        tiles = QHBoxLayout()
        tiles.setSpacing(16)
        for tile in (self.open_tile, self.continue_tile, self.example_tile):
            tiles.addWidget(tile, 1)
        column = QVBoxLayout()
        column.setSpacing(0)
        column.addLayout(self._head())
        column.addSpacing(28)
        column.addLayout(tiles)
        column.addSpacing(16)
        column.addWidget(self._drop_hint())
        column.addSpacing(24)
        column.addWidget(self._recent_heading)
        column.addSpacing(8)
        column.addLayout(self._recent)
        middle = QWidget()
        middle.setLayout(column)
        middle.setMaximumWidth(WIDTH)
        page = QWidget()
        page.setObjectName("start")
        centred = QGridLayout(page)
        centred.setContentsMargins(32, 24, 32, 16)
        centred.addWidget(middle, 1, 1)
        centred.setColumnStretch(0, 1)
        centred.setColumnStretch(1, 100)
        centred.setColumnStretch(2, 1)
        centred.setRowStretch(0, 2)
        centred.setRowStretch(2, 3)
        scroll = QScrollArea()
        scroll.setWidgetResizable(True)
        scroll.setWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(scroll, 1)
        layout.addLayout(self._foot())

    def _head(self) -> QHBoxLayout:
        mark = QLabel()
        mark.setPixmap(picture("app", 56, ratio=max(2.0, self.devicePixelRatioF())))
        name = QLabel("U-Net Studio")
        name.setProperty("role", "title")
        promise = QLabel("Paint a few pixels of each structure. A U-Net learns the rest while you paint.")
        promise.setProperty("role", "muted")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(name)
        words.addWidget(promise)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(mark)
        head.addLayout(words, 1)
        return head

    def _drop_hint(self) -> QFrame:
        layout = QHBoxLayout(self.drop)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(10)
        layout.addStretch(1)
        layout.addWidget(Sign("import", 20, "faint"))
        layout.addWidget(self._hint)
        layout.addStretch(1)
        return self.drop

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setContentsMargins(32, 12, 32, 16)
        foot.setSpacing(24)
        for sign, label in (
            ("computer", self._machine),
            ("shield", QLabel("Nothing leaves this computer.")),
            ("info", QLabel(RESEARCH_USE)),
        ):
            label.setProperty("role", "muted")
            pair = QHBoxLayout()
            pair.setSpacing(8)
            pair.addWidget(Sign(sign), 0, Qt.AlignmentFlag.AlignVCenter)
            pair.addWidget(label, 1)
            foot.addLayout(pair, 1 if label is self._machine else 0)
        return foot


def _when(project: RecentProject) -> str:
    """Return the day on which a project was last opened, in words."""
    days = (time.time() - project.opened) / 86400
    if days < 1 and time.localtime(project.opened).tm_yday == time.localtime().tm_yday:
        return "today"
    return "yesterday" if days < 2 else time.strftime("%d %B %Y", time.localtime(project.opened)).lstrip("0")
