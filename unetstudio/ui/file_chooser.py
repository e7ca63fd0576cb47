"""The system's file choosers over the window, which start in the folder used last."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QFileDialog, QWidget

from unetstudio.ui.notifier import Notifier
from unetstudio.ui.preferences import Preferences

if TYPE_CHECKING:
    from unetstudio.formats import Format


class FileChooser:
    """Asks for files and folders; the first chooser starts beside the open project, or in the home folder."""

    def __init__(self, window: QWidget, notifier: Notifier, preferences: Preferences) -> None:
        self._window = window
        self._notifier = notifier
        self._preferences = preferences

    @property
    def folder(self) -> Path:
        """The folder in which a chooser starts."""
        project = self._notifier.project
        return Path(self._preferences.get("folder", str(project.path.parent if project is not None else Path.home())))

    def choose_images(self, title: str) -> list[Path]:
        """Return the chosen files, [] when the user cancels. All files are shown: those of DICOM often have no suffix."""
        from unetstudio.formats import FORMATS

        return self._choose(title, f"All files (*);;Images ({_patterns(kind for _, kind in FORMATS.items() if kind.images)})")

    def choose_masks(self, title: str) -> list[Path]:
        """Return the chosen files, [] when the user cancels."""
        from unetstudio.formats import FORMATS

        return self._choose(title, f"Masks ({_patterns(kind for _, kind in FORMATS.items())});;All files (*)")

    def _choose(self, title: str, kinds: str) -> list[Path]:
        names, _ = QFileDialog.getOpenFileNames(self._window, title, str(self.folder), kinds)
        paths = [Path(path) for path in names]
        if paths:
            self._remember(paths[0])
        return paths

    def choose_folder(self, title: str) -> Path | None:
        """Return the chosen folder, None when the user cancels."""
        folder = QFileDialog.getExistingDirectory(self._window, title, str(self.folder))
        if not folder:
            return None
        self._remember(Path(folder))
        return Path(folder)

    def choose_new_file(self, title: str, name: str, kind: str) -> Path | None:
        """Return where to write a file, proposed as `name`; `kind` is a file filter such as "CSV (*.csv)"."""
        path, _ = QFileDialog.getSaveFileName(self._window, title, str(self.folder / name), kind)
        return Path(path) if path else None

    def _remember(self, path: Path) -> None:
        self._preferences.put("folder", str(path.parent))


def _patterns(formats: Iterable[Format]) -> str:
    return " ".join(sorted({f"*{suffix}" for kind in formats for suffix in kind.suffixes}))
