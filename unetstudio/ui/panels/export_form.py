"""The choices for an export: the contents, the cases, the formats, and the folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QFileDialog, QGridLayout, QHBoxLayout, QLineEdit, QToolButton, QVBoxLayout, QWidget

from unetstudio.data.case import Case, ReviewState
from unetstudio.formats import FORMATS
from unetstudio.ui.notifier import Notifier
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


class ExportForm(QWidget):
    """Holds the choices and remembers the folder; `changed` after every change of a choice or of the project."""

    changed = Signal()

    def __init__(self, notifier: Notifier, preferences: Preferences, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._notifier = notifier
        self._preferences = preferences
        self._formats_chosen = False  # ticked by hand: defaults no longer follow the kind of image
        self.what = Segments(WHAT, name="export_what")
        self.what.choose("segmentation")
        self.cases = QComboBox()
        self.cases.setObjectName("export_cases")
        self.cases.setAccessibleName("Which cases")
        self.cases.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.formats: dict[str, QCheckBox] = {}
        self._format_grid = QGridLayout()
        self.pictures = _check(
            "export_pictures", "Overlay pictures", "The image with class colours and a scale bar, to look at or to print"
        )
        self.table = _check("export_table", "Measurements (CSV)", "Area or volume and number of objects of each class and case")
        self.averaged = _check(
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
        self._format_grid.setSpacing(6)
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
        column.addLayout(self._format_grid)
        column.addWidget(heading("Also"))
        for check in (self.pictures, self.table, self.averaged):
            column.addWidget(check)
        column.addWidget(heading("Into the folder"))
        column.addLayout(folder_row)

    def _connect(self) -> None:
        notifier = self._notifier
        self.cases.currentIndexChanged.connect(self.changed)
        self.browse.clicked.connect(self._browse)
        self.folder.editingFinished.connect(self.remember_folder)
        for check in (self.pictures, self.table):
            check.clicked.connect(self.changed)
        self.what.chosen.connect(self.changed)
        self.what.chosen.connect(self._enable_averaged)
        self.folder.textChanged.connect(self.changed)
        for signal in (notifier.project_opened, notifier.project_closed, notifier.cases_changed, notifier.case_opened):
            signal.connect(self._show_cases)

    # ------------------------------------------------------------------------------------------------------ choices

    @property
    def complete(self) -> bool:
        """Whether there are contents, a case and a folder to export to."""
        something = bool(self.chosen_formats()) or self.pictures.isChecked() or self.table.isChecked()
        return something and bool(self.chosen_cases()) and bool(self.folder.text().strip())

    def chosen_formats(self) -> list[str]:
        """Return the names of the ticked formats."""
        return [name for name, check in self.formats.items() if check.isChecked() and check.isEnabled()]

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
        if self.formats:
            return
        writing = sorted(((n, f) for n, f in FORMATS.items() if f.writes), key=lambda pair: pair[1].volumes)  # pictures' formats first
        for place, (name, mask_format) in enumerate(writing):
            hint = f"Class values as {mask_format.title} ({mask_format.suffixes[0]})"
            check = _check(f"export_format_{name}", mask_format.title, hint)
            check.setChecked(False)
            check.clicked.connect(self._choose_formats)
            self.formats[name] = check
            self._format_grid.addWidget(check, place // 2, place % 2)
        self._choose_default_formats()
        self.changed.emit()

    def choice(self) -> ExportChoice:
        """Return the files to write for each case."""
        what: What = "segmentation" if self.what.value == "segmentation" else "labels"
        return ExportChoice(what, tuple(self.chosen_formats()), self.pictures.isChecked(), self.table.isChecked())

    def remember_folder(self) -> None:
        """Store this folder as the project's export folder."""
        if self._notifier.project is not None and self.folder.text():
            folders = dict(self._preferences.get(FOLDERS, {}))
            folders[str(self._notifier.project.path)] = self.folder.text()
            self._preferences.put(FOLDERS, folders)

    # ------------------------------------------------------------------------------------------------------ showing

    def _show_cases(self) -> None:
        cases = self._notifier.cases
        good = sum(_is_good(case) for case in cases)
        current = self.cases.currentData() or ALL
        self.cases.clear()
        self.cases.addItem("The open case", OPEN_CASE)
        self.cases.addItem(f"Accepted and corrected cases ({good})", ACCEPTED)
        self.cases.addItem(f"All cases ({len(cases)})", ALL)
        self.cases.setCurrentIndex(self.cases.findData(current))
        self._suggest_folder()
        self._choose_default_formats()
        self._enable_averaged()
        self.changed.emit()

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

    def _choose_default_formats(self) -> None:
        """Tick NIfTI for volumes and PNG for pictures; a format that holds one slice is not offered for volumes."""
        cases = self._notifier.cases
        volumes = any(case.is_volume for case in cases)
        for name, check in self.formats.items():
            check.setEnabled(FORMATS[name].volumes or not cases or not all(case.is_volume for case in cases))
            if not self._formats_chosen:
                check.setChecked(name == ("nifti" if volumes else "png"))

    def _choose_formats(self) -> None:
        self._formats_chosen = True
        self.changed.emit()

    def _enable_averaged(self) -> None:
        self.averaged.setEnabled(self.what.value == "segmentation" and not self._notifier.read_only)


def _check(name: str, words: str, hint: str) -> QCheckBox:
    check = QCheckBox(words)
    check.setObjectName(name)
    check.setToolTip(hint)
    check.setChecked(True)
    check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return check


def _is_good(case: Case) -> bool:
    """Return whether the clinician has confirmed the case's segmentation."""
    return case.review in (ReviewState.ACCEPTED, ReviewState.CORRECTED)
