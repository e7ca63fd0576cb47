"""Every command of the window in one table: its words, keys, icon and what it does. Menus, tool bar and key sheet read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QMenuBar, QWidget

from unetstudio.data.case import ReviewState
from unetstudio.tools.tool import TOOLS, Tool
from unetstudio.ui.canvas.modes import MODES, Mode
from unetstudio.ui.commands import Commands
from unetstudio.ui.resources import icon

MENUS = ("File", "Edit", "Tools", "Classes", "View", "Cases", "Help")
PLANES = ("Look from above (z)", "Look from the front (y)", "Look from the side (x)")


@dataclass(frozen=True)
class Row:
    """One command. `needs` says when it can be used: "", "project", "case", "volume", "undo" or "redo"."""

    id: str
    menu: str
    text: str
    do: Callable[[Commands], object]
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: str = "case"
    line: bool = False  # a line above it in the menu
    on_canvas: bool = False  # its keys mean something else in fields and lists


def rows() -> tuple[Row, ...]:
    """The table; tools are read from their registry."""
    return (*_FILE, *_EDIT, *_tools(), *_CLASSES, *_VIEW, *_CASES, *_HELP)


_FILE = (
    Row("open_images", "File", "Open images …", lambda c: c.open_images(), ("Ctrl+O",), "image", ""),
    Row("open_folder", "File", "Open folder …", lambda c: c.open_folder(), ("Ctrl+Shift+O",), "folder", ""),
    Row("open_project", "File", "Open project …", lambda c: c.open_project(), (), "open", ""),
    Row("new_project", "File", "New project from images …", lambda c: c.new_project(), ("Ctrl+N",), "plus", ""),
    Row("import_masks", "File", "Import masks …", lambda c: c.import_masks(), ("Ctrl+I",), "import", "project", line=True),
    Row("export", "File", "Export …", lambda c: c.show_export(), ("Ctrl+E",), "export", "project"),
    Row("predict_folder", "File", "Predict a folder of images …", lambda c: c.predict_folder(), (), "folder", "project"),
    Row("export_network", "File", "Export network as ONNX …", lambda c: c.export_network(), (), "", "project"),
    Row("save_elsewhere", "File", "Save elsewhere …", lambda c: c.save_elsewhere(), (), "folder", "project", line=True),
    Row("export_history", "File", "Export the history …", lambda c: c.export_history(), (), "", "project"),
    Row("close_project", "File", "Close project", lambda c: c.session.close_project(), ("Ctrl+W",), "", "project", line=True),
    Row("preferences", "File", "Preferences …", lambda c: c.show_preferences(), ("Ctrl+,",), "settings", "", line=True),
    Row("quit", "File", "Quit", lambda c: c.quit(), ("Ctrl+Q",), "", ""),
)

_EDIT = (
    Row("undo", "Edit", "Undo", lambda c: c.session.annotation.undo(), ("Ctrl+Z",), "undo", "undo"),
    Row("redo", "Edit", "Redo", lambda c: c.session.annotation.redo(), ("Ctrl+Y", "Ctrl+Shift+Z"), "redo", "redo"),
    Row("accept_all", "Edit", "Accept the whole prediction", lambda c: c.session.review.accept_all(), ("A",), "accept", line=True),
    Row("accept_class", "Edit", "Accept the active class", lambda c: c.accept_active_class(), ("Shift+A",), "accept"),
)


def _tools() -> Iterator[Row]:
    choices: list[tuple[str, type[Tool] | Mode]] = [*TOOLS.items(), *MODES.items()]
    for name, tool in choices:
        keys = (tool.shortcut,) if tool.shortcut else ()
        yield Row(f"tool_{name}", "Tools", tool.title, lambda c, name=name: c.session.annotation.tools.choose(name), keys, tool.icon)
    yield Row("toggle_eraser", "Tools", "Eraser and back", lambda c: c.toggle_eraser(), ("X",), "eraser", line=True)
    yield Row("smaller", "Tools", "Smaller", lambda c: c.resize_tool(-1), ("[",), "minus")
    yield Row("larger", "Tools", "Larger", lambda c: c.resize_tool(+1), ("]",), "plus")


_CLASSES = (
    Row("add_class", "Classes", "Add a class", lambda c: c.session.add_class(), ("Ctrl+Shift+N",), "plus", "project"),
    *(Row(f"class_{n}", "Classes", f"Paint class {n}", lambda c, n=n: c.choose_class(n), (str(n),), line=n == 1) for n in range(1, 10)),
)

_VIEW = (
    Row("fit", "View", "Fit the image", lambda c: c.canvas.fit(), ("0", "Home"), "fit", on_canvas=True),
    Row("actual_size", "View", "100 %", lambda c: c.canvas.zoom_100(), ("Ctrl+1",), "actual-size"),
    Row("zoom_in", "View", "Zoom in", lambda c: c.canvas.zoom_by(1.25), ("Ctrl++", "Ctrl+="), "plus"),
    Row("zoom_out", "View", "Zoom out", lambda c: c.canvas.zoom_by(0.8), ("Ctrl+-",), "minus"),
    Row("outline", "View", "Outlines or fills", lambda c: c.toggle_outline(), ("F",), "outline", line=True),
    Row("labels", "View", "Show or hide labels", lambda c: c.toggle_labels(), ("V",), "eye"),
    Row("overlay", "View", "Next overlay", lambda c: c.next_overlay(), ("O",), "image"),
    Row("fainter", "View", "Fainter overlay", lambda c: c.change_opacity(-0.1), (",",), "opacity"),
    Row("stronger", "View", "Stronger overlay", lambda c: c.change_opacity(+0.1), (".",), "opacity"),
    Row("slice_up", "View", "Next slice", lambda c: c.step_slice(+1), ("PgUp", "Up"), "chevron-up", "volume", True, True),
    Row("slice_down", "View", "Previous slice", lambda c: c.step_slice(-1), ("PgDown", "Down"), "chevron-down", "volume", False, True),
    Row("plane_z", "View", PLANES[0], lambda c: c.look_along(0), ("Alt+1",), "axial", "volume"),
    Row("plane_y", "View", PLANES[1], lambda c: c.look_along(1), ("Alt+2",), "coronal", "volume"),
    Row("plane_x", "View", PLANES[2], lambda c: c.look_along(2), ("Alt+3",), "sagittal", "volume"),
    Row("theme", "View", "Light or dark", lambda c: c.toggle_theme(), ("Ctrl+D",), "moon", "", line=True),
    Row("theme_system", "View", "Theme of the system", lambda c: c.follow_system_theme(), (), "", ""),
    Row("full_screen", "View", "Full screen", lambda c: c.toggle_full_screen(), ("F11",), "expand", ""),
)

_CASES = (
    Row(
        "next_case", "Cases", "Next case", lambda c: c.session.case_opener.step(+1), ("Right",), "chevron-right", "project", on_canvas=True
    ),
    Row(
        "previous_case",
        "Cases",
        "Previous case",
        lambda c: c.session.case_opener.step(-1),
        ("Left",),
        "chevron-left",
        "project",
        on_canvas=True,
    ),
    Row("next_unreviewed", "Cases", "Next unreviewed case", lambda c: c.session.review.next_unreviewed(), ("N",), "next", "project"),
    Row("accept_case", "Cases", "Mark as accepted", lambda c: c.accept_case(), ("Return", "Enter"), "accept", line=True, on_canvas=True),
    Row("correct_case", "Cases", "Mark as corrected", lambda c: c.session.review.set_state(ReviewState.CORRECTED), ("C",), "saved"),
    Row("reject_case", "Cases", "Mark as rejected", lambda c: c.session.review.set_state(ReviewState.REJECTED), ("R",), "reject"),
    Row("history", "Cases", "History of this case …", lambda c: c.show_history(), ("Ctrl+Shift+H",), "restart", line=True),
    Row("learning", "Cases", "Pause or continue learning", lambda c: c.toggle_learning(), ("Ctrl+L",), "pause", "project", line=True),
)

_HELP = (
    Row("keys", "Help", "Keys", lambda c: c.show_keys(), ("?", "F1"), "keyboard", ""),
    Row("computer", "Help", "This computer …", lambda c: c.show_computer(), (), "computer", ""),
    Row("example", "Help", "Try the example", lambda c: c.session.open_example(), (), "example", ""),
    Row("about", "Help", "About U-Net Studio", lambda c: c.show_about(), (), "info", "", line=True),
)

HELD = (
    ("Space + drag, Middle drag", "Move the image"),
    ("Hold Tab", "The raw image alone"),
    ("Wheel", "Zoom, or next slice"),
    ("Ctrl + wheel", "Zoom at the pointer"),
    ("Shift + wheel", "Size of brush or eraser"),
    ("Alt + wheel", "Opacity of the overlay"),
    ("Right drag", "Brightness, contrast"),
    ("Right click", "Accept, pick, who painted"),
    ("Enter, Double click", "Close a polygon"),
    ("Esc", "Cancel the stroke"),
)
"""What canvas does with keys that are held and with the mouse, in words for the key sheet."""


class Actions(QObject):
    """The table as QActions of one window."""

    def __init__(self, window: QWidget, commands: Commands) -> None:
        super().__init__(window)
        self._commands = commands
        self.rows = {row.id: row for row in rows()}
        self.by_id = {row.id: self._make(row, window) for row in self.rows.values()}
        self.refresh()

    def __getitem__(self, name: str) -> QAction:
        return self.by_id[name]

    def fill(self, bar: QMenuBar) -> None:
        """Puts all of them into menus."""
        for title in MENUS:
            menu: QMenu = bar.addMenu(title)
            for row in self.rows.values():
                if row.menu == title:
                    if row.line:
                        menu.addSeparator()
                    menu.addAction(self.by_id[row.id])

    def listen_on(self, widget: QWidget, only: tuple[str, ...] = ()) -> None:
        """Lets the keys that mean something else in fields and lists work while `widget` has the focus: all of them, or `only` some."""
        for row in self.rows.values():
            if row.on_canvas and (row.id in only or not only):
                widget.addAction(self.by_id[row.id])

    def refresh(self) -> None:
        """Enables what can be done now."""
        session = self._commands.session
        can = {
            "": True,
            "project": session.project is not None,
            "case": session.case is not None,
            "volume": session.scan is not None and session.scan.is_volume,
            "undo": session.case is not None and session.annotation.can_undo,
            "redo": session.case is not None and session.annotation.can_redo,
        }
        for row in self.rows.values():
            self.by_id[row.id].setEnabled(can[row.needs])

    def _make(self, row: Row, window: QWidget) -> QAction:
        action = QAction(row.text, window)
        if row.icon:
            action.setIcon(icon(row.icon))
        action.setShortcuts([QKeySequence(key) for key in row.keys])
        action.setToolTip(f"{row.text}  ({keys_in_words(row)})" if row.keys else row.text)
        if row.on_canvas:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        else:
            window.addAction(action)
        action.triggered.connect(lambda: row.do(self._commands))
        return action


def keys_in_words(row: Row) -> str:
    """The keys of a command as a reader sees them on the keyboard."""
    return ", ".join(QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText) for key in row.keys)
