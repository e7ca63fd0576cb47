"""The table of all commands of the window, with their words, keys, icons and functions. Menus, tool bar and key sheet read it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from unetstudio.data.case import ReviewState
from unetstudio.tools.tool import TOOLS, Tool
from unetstudio.ui.canvas.modes import MODES, Mode
from unetstudio.ui.commands import cases, files, painting, view
from unetstudio.ui.commands.window import Dialog, Window

MENUS = ("File", "Edit", "Tools", "Classes", "View", "Cases", "Help")
PLANES = ("Look from above (z)", "Look from the front (y)", "Look from the side (x)")

Needs = Literal["nothing", "project", "case", "volume", "undo", "redo"]
"""The precondition for a command to be enabled."""


@dataclass(frozen=True)
class Command:
    """One row of the table."""

    id: str
    menu: str
    text: str
    run: Callable[[Window], None]
    keys: tuple[str, ...] = ()
    icon: str = ""
    needs: Needs = "case"
    line: bool = False  # a line above it in the menu
    on_canvas: bool = False  # its keys mean something else in fields and lists


def commands() -> tuple[Command, ...]:
    """Return the whole table; tools are read from their registry, modes from their list."""
    return (*_FILE, *_EDIT, *_tools(), *_CLASSES, *_VIEW, *_CASES, *_HELP)


def _dialog(name: Dialog) -> Callable[[Window], None]:
    return lambda window: window.show_dialog(name)


_FILE = (
    Command("open_images", "File", "Open images …", files.open_images, ("Ctrl+O",), "image", "nothing"),
    Command("open_folder", "File", "Open folder …", files.open_folder, ("Ctrl+Shift+O",), "folder", "nothing"),
    Command("open_project", "File", "Open project …", files.open_project, (), "open", "nothing"),
    Command("new_project", "File", "New project from images …", files.new_project, ("Ctrl+N",), "plus", "nothing"),
    Command("import_masks", "File", "Import masks …", files.import_masks, ("Ctrl+I",), "import", "project", line=True),
    Command("export", "File", "Export …", view.show_export, ("Ctrl+E",), "export", "project"),
    Command("predict_folder", "File", "Predict a folder of images …", _dialog("predict_folder"), (), "folder", "project"),
    Command("export_network", "File", "Export network as ONNX …", files.export_network, (), "", "project"),
    Command("save_elsewhere", "File", "Save elsewhere …", files.save_elsewhere, (), "folder", "project", line=True),
    Command("export_history", "File", "Export the history …", files.export_history, (), "", "project"),
    Command("close_project", "File", "Close project", files.close_project, ("Ctrl+W",), "", "project", line=True),
    Command("preferences", "File", "Preferences …", _dialog("preferences"), ("Ctrl+,",), "settings", "nothing", line=True),
    Command("quit", "File", "Quit", files.quit_program, ("Ctrl+Q",), "", "nothing"),
)

_EDIT = (
    Command("undo", "Edit", "Undo", painting.undo, ("Ctrl+Z",), "undo", "undo"),
    Command("redo", "Edit", "Redo", painting.redo, ("Ctrl+Y", "Ctrl+Shift+Z"), "redo", "redo"),
    Command("accept_all", "Edit", "Accept the whole prediction", painting.accept_all, ("A",), "accept", line=True),
    Command("accept_class", "Edit", "Accept the active class", painting.accept_active_class, ("Shift+A",), "accept"),
)


def _tools() -> Iterator[Command]:
    choices: list[tuple[str, type[Tool] | Mode]] = [*TOOLS.items(), *MODES.items()]
    for name, tool in choices:
        keys = (tool.shortcut,) if tool.shortcut else ()
        yield Command(f"tool_{name}", "Tools", tool.title, partial(painting.choose_tool, name=name), keys, tool.icon)
    yield Command("toggle_eraser", "Tools", "Eraser and back", painting.toggle_eraser, ("X",), "eraser", line=True)
    yield Command("smaller", "Tools", "Smaller", partial(painting.resize_tool, direction=-1), ("[",), "minus")
    yield Command("larger", "Tools", "Larger", partial(painting.resize_tool, direction=+1), ("]",), "plus")


_CLASSES = (
    Command("add_class", "Classes", "Add a class", painting.add_class, ("Ctrl+Shift+N",), "plus", "project"),
    *(
        Command(f"class_{n}", "Classes", f"Paint class {n}", partial(painting.choose_class, number=n), (str(n),), line=n == 1)
        for n in range(1, 10)
    ),
)

_VIEW = (
    Command("fit", "View", "Fit the image", view.fit, ("0", "Home"), "fit", on_canvas=True),
    Command("actual_size", "View", "100 %", view.actual_size, ("Ctrl+1",), "actual-size"),
    Command("zoom_in", "View", "Zoom in", partial(view.zoom, factor=1.25), ("Ctrl++", "Ctrl+="), "plus"),
    Command("zoom_out", "View", "Zoom out", partial(view.zoom, factor=0.8), ("Ctrl+-",), "minus"),
    Command("outline", "View", "Outlines or fills", view.toggle_outline, ("F",), "outline", line=True),
    Command("labels", "View", "Show or hide labels", view.toggle_labels, ("V",), "eye"),
    Command("overlay", "View", "Next overlay", view.next_overlay, ("O",), "image"),
    Command("fainter", "View", "Fainter overlay", partial(view.change_opacity, by=-0.1), (",",), "opacity"),
    Command("stronger", "View", "Stronger overlay", partial(view.change_opacity, by=+0.1), (".",), "opacity"),
    Command("slice_up", "View", "Next slice", partial(view.step_slice, by=+1), ("PgUp", "Up"), "chevron-up", "volume", True, True),
    Command(
        "slice_down", "View", "Previous slice", partial(view.step_slice, by=-1), ("PgDown", "Down"), "chevron-down", "volume", False, True
    ),
    Command("plane_z", "View", PLANES[0], partial(view.look_along, axis=0), ("Alt+1",), "axial", "volume"),
    Command("plane_y", "View", PLANES[1], partial(view.look_along, axis=1), ("Alt+2",), "coronal", "volume"),
    Command("plane_x", "View", PLANES[2], partial(view.look_along, axis=2), ("Alt+3",), "sagittal", "volume"),
    Command("theme", "View", "Light or dark", view.toggle_theme, ("Ctrl+D",), "moon", "nothing", line=True),
    Command("theme_system", "View", "Theme of the system", view.follow_system_theme, (), "", "nothing"),
    Command("full_screen", "View", "Full screen", view.toggle_full_screen, ("F11",), "expand", "nothing"),
)

_CASES = (
    Command("next_case", "Cases", "Next case", partial(cases.step_case, by=+1), ("Right",), "chevron-right", "project", on_canvas=True),
    Command(
        "previous_case", "Cases", "Previous case", partial(cases.step_case, by=-1), ("Left",), "chevron-left", "project", on_canvas=True
    ),
    Command("next_unreviewed", "Cases", "Next unreviewed case", cases.next_unreviewed, ("N",), "next", "project"),
    Command("accept_case", "Cases", "Mark as accepted", cases.accept_case, ("Return", "Enter"), "accept", line=True, on_canvas=True),
    Command("correct_case", "Cases", "Mark as corrected", partial(cases.mark_case, state=ReviewState.CORRECTED), ("C",), "saved"),
    Command("reject_case", "Cases", "Mark as rejected", partial(cases.mark_case, state=ReviewState.REJECTED), ("R",), "reject"),
    Command("history", "Cases", "History of this case …", _dialog("history"), ("Ctrl+Shift+H",), "restart", line=True),
    Command("learning", "Cases", "Pause or continue learning", cases.toggle_learning, ("Ctrl+L",), "pause", "project", line=True),
)

_HELP = (
    Command("keys", "Help", "Keys", _dialog("keys"), ("?", "F1"), "keyboard", "nothing"),
    Command("computer", "Help", "This computer …", _dialog("computer"), (), "computer", "nothing"),
    Command("example", "Help", "Try the example", files.open_example, (), "example", "nothing"),
    Command("about", "Help", "About U-Net Studio", _dialog("about"), (), "info", "nothing", line=True),
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
"""Uses of held keys and the mouse on the canvas, in words for the key sheet."""
