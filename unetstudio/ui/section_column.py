"""The right column of the work area: sections that open and fold, each with its panel."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QScrollArea, QVBoxLayout, QWidget

from unetstudio.ui.preferences import Preferences
from unetstudio.ui.section import Section
from unetstudio.ui.session import Session

WIDTH = 316
SETTLE = 60  # ms until a new panel has its size
OPENED_AT_FIRST = ("classes", "learning", "review")


class SectionColumn(QScrollArea):
    """The column. The panels know neither it nor each other; each is built when its section is first seen."""

    def __init__(self, session: Session, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("column")
        self._preferences = preferences
        self._shown: Section | None = None
        self._top = 0
        self.sections = self._make_sections(session)
        self._lay_out()

    def build_open_sections(self) -> None:
        """Build the panels of the open sections, one per turn of the event loop, so that the first image and stroke come first."""
        waiting = [section for section in self.sections.values() if section.opened and section.panel is None]
        if waiting:
            waiting[0].build()
            QTimer.singleShot(0, self.build_open_sections)

    def show_section(self, name: str) -> None:
        """Open a section and scroll to it."""
        section = self.sections[name]
        section.heading.setChecked(True)
        section.build()
        self._scroll_to(section)

    def _make_sections(self, session: Session) -> dict[str, Section]:
        opened = self._preferences.get("sections", list(OPENED_AT_FIRST))
        sections: dict[str, Section] = {}
        for name, (title, make) in _panels(session, self._preferences).items():
            sections[name] = section = Section(title, make, opened=name in opened)
            section.folded_or_opened.connect(lambda _: self._remember_opened())
            section.heading.clicked.connect(lambda opened, section=section: self._scroll_to(section) if opened else None)
        return sections

    def _scroll_to(self, section: Section) -> None:
        """Scroll until a section is visible, its heading at the top at most; a new panel first takes its size."""

        def scroll() -> None:
            bar, top = self.verticalScrollBar(), section.y()
            lowest = top + section.height() - self.viewport().height()
            bar.setValue(min(max(bar.value(), lowest), top))
            self._shown, self._top = section, top

        QTimer.singleShot(SETTLE, section, scroll)

    def _follow(self) -> None:
        """Keep the section that was scrolled to where it is when one above it grows or shrinks, until the user scrolls."""
        if self._shown is not None and (moved := self._shown.y() - self._top):
            self._top += moved
            self.verticalScrollBar().setValue(self.verticalScrollBar().value() + moved)

    def _scrolled(self) -> None:
        self._shown = None

    def _remember_opened(self) -> None:
        self._preferences.put("sections", [name for name, section in self.sections.items() if section.opened])

    def _lay_out(self) -> None:
        inside = QWidget()
        inside.setObjectName("sections")
        layout = QVBoxLayout(inside)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for section in self.sections.values():
            layout.addWidget(section)
        layout.addStretch(1)
        self.setWidgetResizable(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setWidget(inside)
        self.setMinimumWidth(WIDTH)
        self.verticalScrollBar().rangeChanged.connect(lambda *_: QTimer.singleShot(0, self, self._follow))  # once they are laid out
        self.verticalScrollBar().actionTriggered.connect(lambda _: self._scrolled())
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)


def _panels(session: Session, preferences: Preferences) -> dict[str, tuple[str, Callable[[], QWidget]]]:
    """Return title and factory of each section; a panel's module is imported when it is built."""

    def classes() -> QWidget:
        from unetstudio.ui.panels.classes import ClassesPanel

        return ClassesPanel(session)

    def learning() -> QWidget:
        from unetstudio.ui.panels.learning import LearningPanel

        return LearningPanel(session)

    def review() -> QWidget:
        from unetstudio.ui.panels.review import ReviewPanel

        return ReviewPanel(session)

    def image() -> QWidget:
        from unetstudio.ui.panels.intensity import IntensityPanel

        return IntensityPanel(session, session.display)

    def export() -> QWidget:
        from unetstudio.ui.panels.export import ExportPanel

        return ExportPanel(session, session.export_run, preferences)

    return {
        "classes": ("Classes", classes),
        "learning": ("Learning", learning),
        "review": ("Review", review),
        "image": ("Image", image),
        "export": ("Export", export),
    }
