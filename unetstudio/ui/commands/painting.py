"""Commands that paint: undo, tools and their size, the active class, accepting the prediction."""

from __future__ import annotations

from unetstudio.ui.commands.window import Window

ERASER = "eraser"


def undo(window: Window) -> None:
    """Undo the last change."""
    window.session.annotation.undo()


def redo(window: Window) -> None:
    """Redo the change that was undone last."""
    window.session.annotation.redo()


def accept_all(window: Window) -> None:
    """Turn the whole prediction into labels."""
    window.session.review.accept_all()


def accept_active_class(window: Window) -> None:
    """Turn the prediction of the active class into labels."""
    window.session.review.accept_class(window.session.annotation.active_class)


def choose_tool(window: Window, name: str) -> None:
    """Choose a tool or mode."""
    window.session.annotation.tools.choose(name)


def toggle_eraser(window: Window) -> None:
    """Choose the eraser, or return to the tool chosen before it."""
    tools = window.session.annotation.tools
    tools.choose(tools.before if tools.name == ERASER else ERASER)


def resize_tool(window: Window, direction: int) -> None:
    """Change the size by about a fifth, at least by one; a tool without a size stays as it is."""
    tools = window.session.annotation.tools
    if tools.size is not None:
        tools.resize(tools.size + max(1, round(tools.size * 0.2)) * direction)


def add_class(window: Window) -> None:
    """Add a class to the project."""
    window.session.add_class()


def choose_class(window: Window, number: int) -> None:
    """Paint with the n-th class of the list, from 1."""
    values = window.session.classes.values
    if number <= len(values):
        window.session.annotation.set_active_class(values[number - 1])
