"""What the menu entries do where it takes more than one call: file choosers, steps up and down, dialogs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QDialog, QFileDialog

from unetstudio.data.case import ReviewState
from unetstudio.ui.preferences import Preferences

if TYPE_CHECKING:
    from unetstudio.ui.canvas.canvas import Canvas
    from unetstudio.ui.main_window import MainWindow
    from unetstudio.ui.session import Session


class Commands:
    """Commands of one window on its session."""

    def __init__(self, window: MainWindow, session: Session, preferences: Preferences) -> None:
        self.window = window
        self.session = session
        self._preferences = preferences
        self._tool_before_eraser = "brush"

    @property
    def canvas(self) -> Canvas:
        """The canvas of the work area, which is made with the first project."""
        return self.window.work.canvas

    # ------------------------------------------------------------------------------------------------------------ files

    def open_images(self) -> None:
        """Adds images to the open project, or makes one beside them."""
        if paths := self._choose_files("Open images"):
            self.session.open_paths(paths)

    def open_folder(self) -> None:
        """All images of a folder, or the DICOM series in it."""
        if path := self._choose_folder("Open a folder of images or a DICOM series"):
            self.session.open_paths([path])

    def open_project(self) -> None:
        """A project is a folder whose name ends in .unetstudio."""
        if path := self._choose_folder("Open a project (a folder named ….unetstudio)"):
            self.session.open_paths([path])

    def new_project(self) -> None:
        """Closes the open project and begins another with the chosen images."""
        if paths := self._choose_files("Images of the new project"):
            self.session.new_project(paths)

    def import_masks(self) -> None:
        """Masks made elsewhere become labels of the cases with the same name."""
        if paths := self._choose_files("Import masks, matched to the images by name"):
            self.session.mask_import.begin(paths)

    def save_elsewhere(self) -> None:
        """The whole project into another folder, to go on there."""
        if path := self._choose_folder("Save the project in another folder, best on another disk"):
            self.session.save_as.begin(path)

    def export_history(self) -> None:
        """Who changed what in all cases, as CSV."""
        if (project := self.session.project) is None:
            return
        chosen, _ = QFileDialog.getSaveFileName(
            self.window, "Export the history of all cases", f"{self._folder()}/{project.name} history.csv", "CSV (*.csv)"
        )
        if chosen:
            self.session.history.export(Path(chosen))

    def export_network(self) -> None:
        """What was learned, for other programs."""
        if (project := self.session.project) is None:
            return
        title, proposed = "Export the network as ONNX", f"{self._folder()}/{project.name}.onnx"
        chosen, _ = QFileDialog.getSaveFileName(self.window, title, proposed, "ONNX (*.onnx)")
        if chosen:
            self.session.networks.export(project.path, Path(chosen))

    def predict_folder(self) -> None:
        """Masks of many images, without taking them into the project."""
        from unetstudio.ui.folder_dialog import FolderDialog

        open_now = self.window.findChild(FolderDialog)
        if open_now is not None:  # one at a time: the project keeps the network that a folder was begun with for one folder only
            open_now.raise_()
            open_now.activateWindow()
            return
        dialog = FolderDialog(self.session, Path(self._folder()), self.window)
        dialog.finished.connect(self.window.activateWindow)
        dialog.show()

    def show_export(self) -> None:
        """Opens the export section."""
        self.window.work.show_section("export")

    def quit(self) -> None:
        """Everything is saved already."""
        self.window.close()

    # --------------------------------------------------------------------------------------------------------- painting

    def choose_class(self, number: int) -> None:
        """The n-th class of the list, from 1."""
        values = self.session.classes.values
        if number <= len(values):
            self.session.annotation.set_active_class(values[number - 1])

    def toggle_eraser(self) -> None:
        """The eraser, or from it back to the tool before."""
        tools = self.session.annotation.tools
        if tools.name == "eraser":
            tools.choose(self._tool_before_eraser)
        else:
            self._tool_before_eraser = tools.name
            tools.choose("eraser")

    def resize_tool(self, direction: int) -> None:
        """One step smaller or larger, about a fifth; tools without a size are left alone."""
        tools = self.session.annotation.tools
        if tools.size is not None:
            tools.resize(tools.size + max(1, round(tools.size * 0.2)) * direction)

    def accept_active_class(self) -> None:
        """The prediction of the active class becomes labels."""
        self.session.review.accept_class(self.session.annotation.active_class)

    # ------------------------------------------------------------------------------------------------------------- view

    def toggle_outline(self) -> None:
        """Outlines instead of fills, and back."""
        display = self.session.display
        display.show(replace(display.options, outline=not display.options.outline))

    def toggle_labels(self) -> None:
        """Hides the labels, and shows them again."""
        display = self.session.display
        display.show(replace(display.options, show_labels=not display.options.show_labels))

    def next_overlay(self) -> None:
        """Classes, probability, uncertainty, perhaps attention, none, and round again."""
        overlays, display = self.session.overlays, self.session.display
        now = overlays.index(display.options.overlay) if display.options.overlay in overlays else -1
        display.show(replace(display.options, overlay=overlays[(now + 1) % len(overlays)]))

    def change_opacity(self, by: float) -> None:
        """Of what lies over the image, 0..1."""
        display = self.session.display
        opacity = round(min(max(display.options.overlay_opacity + by, 0.0), 1.0), 2)
        display.show(replace(display.options, overlay_opacity=opacity))

    def step_slice(self, by: int) -> None:
        """The next slice along the axis looked along."""
        self.session.cursor.step(by)

    def look_along(self, axis: int) -> None:
        """Another plane of the volume, at the slice seen last in that direction, or in the middle."""
        if self.session.scan is not None and self.session.cursor.plane.axis != axis:
            self.session.cursor.look_along(axis)
            self.canvas.fit()

    def toggle_theme(self) -> None:
        """Light or dark, from now on."""
        self.window.appearance.toggle()

    def follow_system_theme(self) -> None:
        """As the desktop is, by day and by night."""
        self.window.appearance.choose("system")

    def toggle_full_screen(self) -> None:
        """The whole screen, and back."""
        self.window.setWindowState(self.window.windowState() ^ self.window.windowState().WindowFullScreen)

    # ------------------------------------------------------------------------------------------------- cases, learning

    def accept_case(self) -> None:
        """Enter finishes the polygon in hand; without one the case is marked as accepted."""
        if self.session.annotation.stroke_in_hand:
            self.session.annotation.finish()
        else:
            self.session.review.set_state(ReviewState.ACCEPTED)

    def toggle_learning(self) -> None:
        """Pauses, or goes on."""
        learning = self.session.learning
        if learning.state.phase in ("paused", "failed"):
            learning.resume()
        else:
            learning.pause()

    # ---------------------------------------------------------------------------------------------------------- dialogs

    def show_keys(self) -> None:
        """The key sheet."""
        from unetstudio.ui.key_sheet import KeySheet

        self._open(KeySheet(self.window))

    def show_history(self) -> None:
        """Who changed what in the open case."""
        from unetstudio.ui.history_dialog import HistoryDialog

        self._open(HistoryDialog(self.session, self.window))

    def show_preferences(self) -> None:
        """The user's name."""
        from unetstudio.ui.preferences_dialog import PreferencesDialog

        self._open(PreferencesDialog(self.session, self._preferences, self.window))

    def show_computer(self) -> None:
        """What this machine can do."""
        from unetstudio.ui.computer_dialog import ComputerDialog

        self._open(ComputerDialog(self.session, self.window))

    def show_about(self) -> None:
        """Version, licence, what the program promises."""
        from unetstudio.ui.about import About

        self._open(About(self.window))

    def _open(self, dialog: QDialog) -> None:
        """Beside the work; closing it gives the keys back, also without a window manager."""
        dialog.finished.connect(self.window.activateWindow)
        dialog.open()

    def _choose_files(self, title: str) -> list[Path]:
        from unetstudio.formats import FORMATS

        patterns = " ".join(sorted({f"*{suffix}" for _, found in FORMATS.items() for suffix in found.suffixes}))
        chosen, _ = QFileDialog.getOpenFileNames(self.window, title, self._folder(), f"Images ({patterns});;All files (*)")
        return self._remembered([Path(path) for path in chosen])

    def _choose_folder(self, title: str) -> Path | None:
        chosen = QFileDialog.getExistingDirectory(self.window, title, self._folder())
        return self._remembered([Path(chosen)])[0] if chosen else None

    def _folder(self) -> str:
        project = self.session.project
        return str(self._preferences.get("folder", str(project.path.parent if project is not None else Path.home())))

    def _remembered(self, paths: list[Path]) -> list[Path]:
        if paths:
            self._preferences.put("folder", str(paths[0].parent))
        return paths
