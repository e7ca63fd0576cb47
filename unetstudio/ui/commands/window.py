"""The interface of a window to the commands that it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Protocol

from unetstudio.ui.session import Session
from unetstudio.ui.theme import Appearance

Dialog = Literal["keys", "history", "preferences", "computer", "about", "predict_folder"]


class Zoom(Protocol):
    """The part of the canvas that commands use."""

    def fit(self) -> None:
        """Show the whole image."""

    def zoom_100(self) -> None:
        """Show one voxel per screen pixel."""

    def zoom_by(self, factor: float) -> None:
        """Zoom about the middle."""


class Files(Protocol):
    """File choosers; each starts in the folder used last."""

    def choose_images(self, title: str) -> list[Path]:
        """Return the chosen files, [] when the user cancels."""
        ...

    def choose_masks(self, title: str) -> list[Path]:
        """Return the chosen files, [] when the user cancels."""
        ...

    def choose_folder(self, title: str) -> Path | None:
        """Return the chosen folder, None when the user cancels."""
        ...

    def choose_new_file(self, title: str, name: str, kind: str) -> Path | None:
        """Return where to write a file, proposed as `name`; `kind` is a file filter such as "CSV (*.csv)"."""
        ...


class Window(Protocol):
    """One window: the session it shows, and operations that only a window has."""

    @property
    def session(self) -> Session:
        """The window's session."""
        ...

    @property
    def appearance(self) -> Appearance:
        """The theme."""
        ...

    @property
    def canvas(self) -> Zoom:
        """The canvas."""
        ...

    @property
    def files(self) -> Files:
        """The file choosers."""
        ...

    def show_section(self, name: str) -> None:
        """Open a section of the right column and scroll to it."""

    def show_dialog(self, name: Dialog) -> None:
        """Open a dialog beside the work."""

    def toggle_full_screen(self) -> None:
        """Enter or leave full screen."""

    def close(self) -> bool:
        """End the program; everything is saved already."""
        ...
