"""The choices for an export: the contents, the cases, the formats, and the folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QSignalBlocker, Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from unetstudio.data.case import Case, ReviewState
from unetstudio.ui.notifier import Notifier
from unetstudio.ui.panels.format_choice import FormatChoice, check_box
from unetstudio.ui.panels.segments import Segments
from unetstudio.ui.panels.text import heading
from unetstudio.ui.panels.wheel import WheelGuard
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.resources import icon
from unetstudio.workspace.export import ExportChoice, What

WHAT = (
    ("segmentation", "Segmentation", "What was predicted and cleaned up, with your strokes on top"),
    ("labels", "My labels", "Only what you painted, imported or accepted"),
)
OPEN_CASE, ACCEPTED, ALL = "open", "accepted", "all"
FOLDERS = "export_folders"
"""The preference that holds the folder used last, by project."""
FORMATS_CHOSEN = "export_formats"
"""The preference that holds the formats chosen last, by project."""


class ExportForm(QWidget):
    """Holds the choices and remembers the folder; `changed` after every change of a choice or of the project."""

    changed = Signal()

    def __init__(self, notifier: Notifier, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._preferences = preferences
        self.what = Segments(WHAT, name="export_what")
        self.what.choose("segmentation")
        self.cases = QComboBox()
        self.cases.setObjectName("export_cases")
        self.cases.setAccessibleName("Which cases")
        self.cases.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.format_choice = FormatChoice()
        self.pictures = check_box(
            "export_pictures", "Overlay pictures", "The image with class colours and a scale bar, to look at or to print"
        )
        self.table = check_box("export_table", "Measurements (CSV)", "Area or volume and number of objects of each class and case")
        self.averaged = check_box(
            "export_averaged",
            "Average mirrored views",
            "Predicts each case anew, in mirrored and turned views where it has learnt such: four to eight times as long, a little better",
        )
        self.averaged.setChecked(False)
        self.folder = QLineEdit()
        self.folder.setObjectName("export_folder")
        self.folder.setAccessibleName("Folder to export to")
        self.browse = QToolButton()
        self._lay_out()
        WheelGuard(self)
        self._connect()
        self._show_cases()

    def _lay_out(self) -> None:
        self.browse.setIcon(icon("folder"))
        self.browse.setObjectName("export_browse")
        self.browse.setAccessibleName("Choose the folder")
        self.browse.setToolTip("Choose the folder")
        self.browse.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        folder_row = QHBoxLayout()
        folder_row.setSpacing(4)
        folder_row.addWidget(self.folder, 1)
        folder_row.addWidget(self.browse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.what)
        column.addWidget(self.cases)
        column.addWidget(heading("Masks as"))
        column.addWidget(self.format_choice)
        column.addWidget(heading("Also"))
        for check in (self.pictures, self.table, self.averaged):
            column.addWidget(check)
        column.addWidget(heading("Into the folder"))
        column.addLayout(folder_row)

    def _connect(self) -> None:
        notifier = self._notifier
        self.cases.currentIndexChanged.connect(self._show_formats)
        self.format_choice.changed.connect(self._remember_formats)
        self.browse.clicked.connect(self._browse)
        self.folder.editingFinished.connect(self.remember_folder)
        for check in (self.pictures, self.table):
            check.clicked.connect(self.changed)
        self.what.chosen.connect(self.changed)
        self.what.chosen.connect(self._enable_averaged)
        self.folder.textChanged.connect(self.changed)
        notifier.project_opened.connect(self._recall_formats)
        for signal in (notifier.project_opened, notifier.project_closed, notifier.cases_changed, notifier.case_opened):
            signal.connect(self._show_cases)

    # ------------------------------------------------------------------------------------------------------ choices

    @property
    def complete(self) -> bool:
        """Whether there are contents, a case and a folder to export to."""
        something = bool(self.chosen_formats()) or self.pictures.isChecked() or self.table.isChecked()
        return something and bool(self.chosen_cases()) and bool(self.folder.text().strip())

    @property
    def formats(self) -> dict[str, QCheckBox]:
        """The check box of each format."""
        return self.format_choice.checks

    def chosen_formats(self) -> list[str]:
        """Return the names of the ticked formats."""
        return self.format_choice.chosen

    def chosen_cases(self) -> list[str]:
        """Return the ids of the cases to export."""
        match self.cases.currentData():
            case "open":
                return [] if self._notifier.case is None else [self._notifier.case.id]
            case "accepted":
                return [case.id for case in self._notifier.cases if _is_good(case)]
            case _:
                return [case.id for case in self._notifier.cases]

    def chosen_folder(self) -> Path:
        """Return the folder to write into."""
        return Path(self.folder.text()).expanduser()

    def offer_formats(self) -> None:
        """List the formats that masks can be written in; called when the form is first shown, to keep the start short."""
        if not self.formats:
            self.format_choice.offer()
            self._recall_formats()

    def choice(self) -> ExportChoice:
        """Return the files to write for each case."""
        what: What = "segmentation" if self.what.value == "segmentation" else "labels"
        formats, identified = tuple(self.chosen_formats()), self.format_choice.identified
        return ExportChoice(what, formats, self.pictures.isChecked(), self.table.isChecked(), identified)

    def remember_folder(self) -> None:
        """Store this folder as the project's export folder."""
        if self.folder.text():
            self._remember(FOLDERS, self.folder.text())

    def _remember_formats(self) -> None:
        self._remember(FORMATS_CHOSEN, self.chosen_formats())
        self.changed.emit()

    def _remember(self, name: str, value: object) -> None:
        """Store a choice of this project."""
        if self._notifier.project is not None:
            choices = dict(self._preferences.get(name, {}))
            choices[str(self._notifier.project.path)] = value
            self._preferences.put(name, choices)

    # ------------------------------------------------------------------------------------------------------ showing

    def _show_cases(self) -> None:
        cases = self._notifier.cases
        good = sum(_is_good(case) for case in cases)
        current = self.cases.currentData() or ALL
        blocker = QSignalBlocker(self.cases)
        self.cases.clear()
        self.cases.addItem("The open case", OPEN_CASE)
        self.cases.addItem(f"Accepted and corrected cases ({good})", ACCEPTED)
        self.cases.addItem(f"All cases ({len(cases)})", ALL)
        self.cases.setCurrentIndex(self.cases.findData(current))
        blocker.unblock()
        self._suggest_folder()
        self._enable_averaged()
        self._show_formats()

    def _suggest_folder(self) -> None:
        """Show the folder used last for this project, or one beside it, unless it is another project's that is shown."""
        project = None if self._notifier.project is None else self._notifier.project.path
        if self.folder.text() and self.folder.property("project") == str(project):
            return
        self.folder.setProperty("project", str(project))
        if project is not None:
            remembered = self._preferences.get(FOLDERS, {}).get(str(project))
            self.folder.setText(str(remembered or project.parent / f"{project.stem} export"))

    def _browse(self) -> None:
        start = Path(self.folder.text())
        near = next((str(p) for p in (start, *start.parents) if p.is_dir()), "")
        folder = QFileDialog.getExistingDirectory(self, "Export into this folder", near)
        if folder:
            self.folder.setText(folder)
            self.remember_folder()

    def _recall_formats(self) -> None:
        """Tick the formats that were chosen for this project."""
        project = None if self._notifier.project is None else str(self._notifier.project.path)
        remembered = self._preferences.get(FORMATS_CHOSEN, {}).get(project)
        self.format_choice.choose([str(name) for name in remembered] if isinstance(remembered, list) else [])
        self._show_formats()

    def _show_formats(self) -> None:
        """Offer the formats that suit the chosen cases."""
        ids = set(self.chosen_cases())
        self.format_choice.show_cases([case for case in self._notifier.cases if case.id in ids])
        self.changed.emit()

    def _enable_averaged(self) -> None:
        self.averaged.setEnabled(self.what.value == "segmentation" and not self._notifier.read_only)


def _is_good(case: Case) -> bool:
    """Return whether the clinician has confirmed the case's segmentation."""
    return case.review in (ReviewState.ACCEPTED, ReviewState.CORRECTED)
