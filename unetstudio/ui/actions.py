"""The command table as actions of one window: menus, shortcuts, and which commands are enabled."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenuBar, QWidget

from unetstudio.ui.commands.table import MENUS, Command, Needs, commands
from unetstudio.ui.commands.window import Window
from unetstudio.ui.resources import icon
from unetstudio.ui.session import Session


class Actions(QObject):
    """The QActions of one window, by the id of their command."""

    def __init__(self, owner: QWidget, window: Window) -> None:
        """Make an action for each command; `owner` holds them, commands run on `window` (usually the same object)."""
        super().__init__(owner)
        self._window = window
        self.commands = {command.id: command for command in commands()}
        self.by_id = {command.id: self._make(command, owner) for command in self.commands.values()}
        self.refresh()

    def __getitem__(self, name: str) -> QAction:
        return self.by_id[name]

    def fill(self, bar: QMenuBar) -> None:
        """Put all actions into menus."""
        for title in MENUS:
            menu = bar.addMenu(title)
            for command in self.commands.values():
                if command.menu == title:
                    if command.line:
                        menu.addSeparator()
                    menu.addAction(self.by_id[command.id])

    def listen_on(self, widget: QWidget, only: tuple[str, ...] = ()) -> None:
        """Enable keys that fields and lists normally use, while `widget` has the focus: those of all such commands, or of `only` some."""
        for command in self.commands.values():
            if command.on_canvas and (command.id in only or not only):
                widget.addAction(self.by_id[command.id])

    def refresh(self) -> None:
        """Enable the commands that can be used now."""
        present = _present(self._window.session)
        for command in self.commands.values():
            self.by_id[command.id].setEnabled(command.needs in present)

    def _make(self, command: Command, owner: QWidget) -> QAction:
        action = QAction(command.text, owner)
        if command.icon:
            action.setIcon(icon(command.icon))
        action.setShortcuts([QKeySequence(key) for key in command.keys])
        action.setToolTip(f"{command.text}  ({keys_in_words(command)})" if command.keys else command.text)
        if command.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        else:
            owner.addAction(action)
        action.triggered.connect(lambda: command.run(self._window))
        return action


def keys_in_words(command: Command) -> str:
    """Return the keys of a command as they appear on the keyboard."""
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in command.keys)


def _present(session: Session) -> set[Needs]:
    """Return the needs that are met now, as commands name them."""
    present: set[Needs] = {"nothing"}
    if session.project is not None:
        present.add("project")
    if session.case is not None:
        present.add("case")
        if session.annotation.can_undo:
            present.add("undo")
        if session.annotation.can_redo:
            present.add("redo")
    if session.scan is not None and session.scan.is_volume:
        present.add("volume")
    return present
