"""The dialogs of the window by name; each one's module is imported when it is opened."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QDialog, QWidget

from unetstudio.formats.finding.found_image import FoundImage
from unetstudio.ui.commands.window import Dialog
from unetstudio.ui.file_chooser import FileChooser
from unetstudio.ui.mask_import import Undecided
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.session import Session


class Dialogs:
    """Opens dialogs beside the work."""

    def __init__(self, window: QWidget, session: Session, preferences: Preferences, files: FileChooser) -> None:
        self._window = window
        self._session = session
        self._preferences = preferences
        self._files = files

    def open(self, name: Dialog) -> None:
        """Open a dialog."""
        match name:
            case "keys":
                from unetstudio.ui.key_sheet import KeySheet

                self._open(KeySheet(self._window))
            case "history":
                from unetstudio.ui.history_dialog import HistoryDialog

                self._open(HistoryDialog(self._session, self._session.history, self._window))
            case "preferences":
                from unetstudio.ui.preferences_dialog import PreferencesDialog

                self._open(PreferencesDialog(self._session.saver, self._preferences, self._window))
            case "computer":
                from unetstudio.ui.computer_dialog import ComputerDialog

                self._open(ComputerDialog(self._session.tasks, self._session.worker, self._window))
            case "about":
                from unetstudio.ui.about import About

                self._open(About(self._window))
            case "predict_folder":
                self._show_folder_dialog()

    def ask_about_masks(self, undecided: Undecided) -> None:
        """Ask what values of masks mean that cannot be told."""
        from unetstudio.ui.mask_questions_dialog import MaskQuestionsDialog

        dialog = MaskQuestionsDialog(self._session.mask_import, undecided, self._session.classes, self._window)
        self._session.project_closing.connect(dialog.reject)
        self._open(dialog)

    def choose_parts(self, images: Sequence[FoundImage], choose: Callable[[Sequence[FoundImage]], None]) -> None:
        """Ask which of several images in a file are to be opened; see `PartDialog`."""
        from unetstudio.ui.part_dialog import PartDialog

        dialog = PartDialog(images, choose, self._window)
        self._session.project_closed.connect(dialog.reject)
        self._open(dialog)

    def _open(self, dialog: QDialog) -> None:
        dialog.finished.connect(self._window.activateWindow)  # returns the focus, also without a window manager
        dialog.open()

    def _show_folder_dialog(self) -> None:
        """Show the one dialog for folders of images; the window stays usable while it works."""
        from unetstudio.ui.folder_dialog import FolderDialog

        shown = self._window.findChild(FolderDialog)
        if shown is not None:  # one at a time: the project remembers the network in use for one unfinished folder only
            shown.raise_()
            shown.activateWindow()
            return
        dialog = FolderDialog(self._session, self._files.folder, self._window)
        dialog.finished.connect(self._window.activateWindow)
        dialog.show()
