"""The export panel: what goes out, of which cases, as which files; progress and result in place."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QShowEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from unetstudio import RESEARCH_USE
from unetstudio.data.case import Case, ReviewState
from unetstudio.formats import FORMATS
from unetstudio.ui.panels.segments import Segments
from unetstudio.ui.panels.text import heading, label
from unetstudio.ui.panels.wheel import WheelGuard
from unetstudio.ui.preferences import Preferences
from unetstudio.ui.resources import icon
from unetstudio.ui.session import Session

WHAT = (
    ("segmentation", "Segmentation", "What was predicted and cleaned up, with your strokes on top"),
    ("labels", "My labels", "Only what you painted, imported or accepted"),
)
EXPORTING = "Exporting"
"""What `session.progress` calls it."""

OPEN_CASE, ACCEPTED, ALL = "open", "accepted", "all"


class ExportPanel(QWidget):
    """Commands `session.export`; `session.progress` and `session.notice` say how it went."""

    title = "Export"

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("export_panel")
        self._session = session
        self._preferences = Preferences()
        self._running = False
        self._words, self._level = "", ""  # of what went wrong while exporting
        self._chosen = False  # formats were ticked by hand: defaults no longer follow the kind of image
        self.what = Segments(WHAT, name="export_what")
        self.what.choose("segmentation")
        self.cases = QComboBox()
        self.cases.setObjectName("export_cases")
        self.cases.setAccessibleName("Which cases")
        self.cases.currentIndexChanged.connect(self._enable)
        self.cases.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.formats: dict[str, QCheckBox] = {}
        self._format_grid = QGridLayout()
        self.pictures = self._check(
            "export_pictures", "Overlay pictures", "The image with class colours and a scale bar, to look at or to print"
        )
        self.table = self._check("export_table", "Measurements (CSV)", "Area or volume and number of objects of each class and case")
        self.averaged = self._check(
            "export_averaged",
            "Average mirrored views",
            "Predicts each case anew, in mirrored and turned views where it has learnt such: four to eight times as long, a little better",
        )
        self.averaged.setChecked(False)
        self.folder = QLineEdit()
        self.folder.setObjectName("export_folder")
        self.folder.setAccessibleName("Folder to export to")
        self.browse = QToolButton()
        self.export_button = QPushButton(icon("export", "#ffffff"), "Export")
        self.bar = QProgressBar()
        self.result = label(role="body", name="export_result")
        self.open_button = QPushButton(icon("folder"), "Open folder")
        self._lay_out()
        WheelGuard(self)
        self._connect()
        self._show_cases()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if not self.formats:
            self._offer_formats()

    # ----------------------------------------------------------------------------------------------------- building

    def _lay_out(self) -> None:
        self.browse.setIcon(icon("folder"))
        self.browse.setObjectName("export_browse")
        self.browse.setAccessibleName("Choose the folder")
        self.browse.setToolTip("Choose the folder")
        self.export_button.setObjectName("export_go")
        self.export_button.setProperty("role", "primary")
        self.export_button.setToolTip("Write the files (Ctrl+E comes here)")
        self.open_button.setObjectName("export_open_folder")
        self.bar.setObjectName("export_progress")
        self.bar.setTextVisible(False)
        for button in (self.browse, self.export_button, self.open_button):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.bar.setVisible(False)
        self.result.setVisible(False)
        self.open_button.setVisible(False)
        self._format_grid.setSpacing(6)
        where = QHBoxLayout()
        where.setSpacing(4)
        where.addWidget(self.folder, 1)
        where.addWidget(self.browse)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.what)
        column.addWidget(self.cases)
        column.addWidget(heading("Masks as"))
        column.addLayout(self._format_grid)
        column.addWidget(heading("Also"))
        column.addWidget(self.pictures)
        column.addWidget(self.table)
        column.addWidget(self.averaged)
        column.addWidget(heading("Into the folder"))
        column.addLayout(where)
        for part in (self.export_button, self.bar, self.result, self.open_button, label(RESEARCH_USE, "small", "research_use")):
            column.addWidget(part)

    def _check(self, name: str, words: str, hint: str) -> QCheckBox:
        check = QCheckBox(words)
        check.setObjectName(name)
        check.setToolTip(hint)
        check.setChecked(True)
        check.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return check

    def _connect(self) -> None:
        session = self._session
        self.browse.clicked.connect(self._browse)
        self.folder.editingFinished.connect(self._remember)
        self.export_button.clicked.connect(self.export)
        self.open_button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(self.folder.text())))
        for check in (self.pictures, self.table):
            check.clicked.connect(self._enable)
        self.what.chosen.connect(self._enable)
        self.folder.textChanged.connect(self._enable)
        for signal in (session.project_opened, session.project_closed, session.cases_changed, session.case_opened):
            signal.connect(self._show_cases)
        session.progress.connect(self._progress)
        session.notice.connect(self._notice)

    def _offer_formats(self) -> None:
        """The formats that masks can be written in; looked up when the panel is first seen, to keep the start short."""
        writing = sorted(((n, f) for n, f in FORMATS.items() if f.writes), key=lambda pair: pair[1].volumes)  # pictures' formats first
        for place, (name, found) in enumerate(writing):
            check = self._check(f"export_format_{name}", found.title, f"Class values as {found.title} ({found.suffixes[0]})")
            check.setChecked(False)
            check.clicked.connect(self._tick)
            self.formats[name] = check
            self._format_grid.addWidget(check, place // 2, place % 2)
        self._default_formats()
        self._enable()

    # ------------------------------------------------------------------------------------------------------ choices

    def chosen_formats(self) -> list[str]:
        """Names of the ticked formats."""
        return [name for name, check in self.formats.items() if check.isChecked() and check.isEnabled()]

    def chosen_cases(self) -> list[str]:
        """Ids of the cases that go out."""
        match self.cases.currentData():
            case "open":
                return [] if self._session.case is None else [self._session.case.id]
            case "accepted":
                return [case.id for case in self._session.cases if _good(case)]
            case _:
                return [case.id for case in self._session.cases]

    def _show_cases(self) -> None:
        cases = self._session.cases
        good = sum(_good(case) for case in cases)
        kept = self.cases.currentData() or ALL
        self.cases.clear()
        self.cases.addItem("The open case", OPEN_CASE)
        self.cases.addItem(f"Accepted and corrected cases ({good})", ACCEPTED)
        self.cases.addItem(f"All cases ({len(cases)})", ALL)
        self.cases.setCurrentIndex(self.cases.findData(kept))
        if not self.folder.text() or self.folder.property("project") != str(self._session.project_path):
            self._suggest_folder()
        self._default_formats()
        self._enable()

    def _suggest_folder(self) -> None:
        """The folder used last for this project, or `export` in or beside it."""
        project = self._session.project_path
        self.folder.setProperty("project", str(project))
        if project is not None:
            remembered = self._preferences.get("export_folders", {}).get(str(project))
            self.folder.setText(str(remembered or project.parent / f"{project.stem} export"))

    def _remember(self) -> None:
        if self._session.project_path is not None and self.folder.text():
            folders = dict(self._preferences.get("export_folders", {}))
            folders[str(self._session.project_path)] = self.folder.text()
            self._preferences.put("export_folders", folders)

    def _browse(self) -> None:
        start = Path(self.folder.text())
        near = next((str(p) for p in (start, *start.parents) if p.is_dir()), "")
        chosen = QFileDialog.getExistingDirectory(self, "Export into this folder", near)
        if chosen:
            self.folder.setText(chosen)
            self._remember()

    def _default_formats(self) -> None:
        """NIfTI for volumes, PNG for pictures; a format that holds one slice is not offered for volumes."""
        volumes = any(case.is_volume for case in self._session.cases)
        for name, check in self.formats.items():
            check.setEnabled(FORMATS[name].volumes or not all(case.is_volume for case in self._session.cases) or not self._session.cases)
            if not self._chosen:
                check.setChecked(name == ("nifti" if volumes else "png"))

    def _tick(self) -> None:
        self._chosen = True
        self._enable()

    def _enable(self) -> None:
        anything = bool(self.chosen_formats()) or self.pictures.isChecked() or self.table.isChecked()
        ready = anything and bool(self.chosen_cases()) and bool(self.folder.text().strip())
        self.export_button.setEnabled(ready and not self._running)
        self.averaged.setEnabled(self.what.value == "segmentation" and not self._session.read_only)

    # ------------------------------------------------------------------------------------------------------- running

    def export(self) -> None:
        """Writes what is ticked; the session reports how it goes."""
        if not self.export_button.isEnabled():
            return
        self._remember()
        self._running, self._words, self._level = True, "", ""
        self._tell("", "")
        self.bar.setRange(0, 0)
        self.bar.setVisible(True)
        self._enable()
        folder = Path(self.folder.text()).expanduser()
        formats, cases, averaged = self.chosen_formats(), self.chosen_cases(), self.averaged.isChecked() and self.averaged.isEnabled()
        pictures, table = self.pictures.isChecked(), self.table.isChecked()
        self._session.export(folder, self.what.value, formats, cases, pictures, table, averaged=averaged)

    def _progress(self, what: str, done: int, total: int) -> None:
        if not self._running or what != EXPORTING:
            return
        self.bar.setRange(0, total)  # no total yet: the bar only says that something is going on
        self.bar.setValue(done)
        if total and done >= total:
            self._finish()

    def _notice(self, text: str, level: str) -> None:
        """What the session says while files are written is about the export; the worst stays."""
        if self._running and level != "info" and self._level != "error":
            self._words, self._level = text, level

    def _finish(self) -> None:
        self._running = False
        self.bar.setVisible(False)
        self._enable()
        folder = Path(self.folder.text())
        if self._level == "error":
            self._tell(self._words, "bad")
            return
        self._tell(f"Exported to “{folder.name}”. {self._words}".strip(), "warning" if self._words else "good")
        self.open_button.setVisible(True)

    def _tell(self, text: str, role: str) -> None:
        self.result.setText(text)
        self.result.setProperty("role", role)
        self.result.style().polish(self.result)
        self.result.setVisible(bool(text))
        self.open_button.setVisible(False)


def _good(case: Case) -> bool:
    """Whether the clinician stands behind its segmentation."""
    return case.review in (ReviewState.ACCEPTED, ReviewState.CORRECTED)
