"""Predicting a folder of images: where from, where to, how far it is, and which images are the most doubtful."""

from __future__ import annotations

import time
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QProgressBar,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from unetstudio.postprocess.stack import to_json
from unetstudio.ui.panels import wording
from unetstudio.ui.panels.text import label
from unetstudio.ui.session import Session
from unetstudio.ui.task import Task
from unetstudio.worker.file_messages import FolderPredicted, MaskWritten, PredictFolder, Refused
from unetstudio.worker.messages import Notice, TaskEnded, TaskEvent

FLIPS = (
    ("Mirrored views: where they help", "auto"),
    ("Mirrored views: always, takes 4 to 8 times as long", "on"),
    ("Mirrored views: never", "off"),
)
PATH = Qt.ItemDataRole.UserRole


class FolderDialog(QDialog):
    """Work goes on in the learner while this is open; closing it stops the work, and starting again goes on where it was."""

    def __init__(self, session: Session, proposed: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("folder_dialog")
        self.setWindowTitle("Predict a folder of images")
        self.resize(680, 560)
        self._session = session
        self._running, self._began, self._first = False, 0.0, 0
        self._rows: dict[str, int] = {}  # by mask, or image without one, until they are sorted
        self._task = Task("", parent=self)
        self._project = ""  # whose network is at work
        self.images, self.out = QLineEdit(), QLineEdit()
        self.images.setObjectName("folder_images")
        self.out.setObjectName("folder_out")
        self.tta = QComboBox()
        for words, value in FLIPS:
            self.tta.addItem(words, value)
        self.objects = QCheckBox("Number objects instead of classes")
        self.objects.setToolTip("Each object gets a number of its own; split touching objects in the clean-up first")
        self.again = QCheckBox("Make masks anew that are there already")
        self.bar = QProgressBar()
        self.bar.setObjectName("folder_progress")
        self.bar.setTextVisible(False)
        self.sentence = label("The clean-up of this project is used. Images stay as they are.", name="folder_sentence")
        self.table = QTableWidget(0, 3)
        self.table.setObjectName("folder_table")
        self.start_button = QPushButton("Start")
        self.start_button.setObjectName("folder_start")
        self.start_button.setProperty("role", "primary")
        self.close_button = QPushButton("Close")
        self._lay_out(proposed)
        self.start_button.clicked.connect(self._start_or_stop)
        self.close_button.clicked.connect(self.close)
        self.images.textChanged.connect(self._propose)
        self.table.itemDoubleClicked.connect(self._open)
        session.project_closed.connect(self._closed)
        self.finished.connect(self._leave)

    def _lay_out(self, proposed: Path) -> None:
        self.table.setHorizontalHeaderLabels(["Image", "Mask", "Doubt"])
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        self.table.verticalHeader().hide()
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.Stretch)
        self.table.setToolTip("Double-click an image to open it here and correct it")
        places = QGridLayout()
        for row, (words, line, choose) in enumerate(
            (("Images in", self.images, self._choose_images), ("Masks into", self.out, self._choose_out))
        ):
            line.setAccessibleName(words)
            button = QPushButton("Choose …")
            button.setAutoDefault(False)
            button.clicked.connect(choose)
            places.addWidget(label(words, "field"), row, 0)
            places.addWidget(line, row, 1)
            places.addWidget(button, row, 2)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.start_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 16, 20, 16)
        column.setSpacing(8)
        column.addLayout(places)
        for part in (self.tta, self.objects, self.again, self.sentence, self.bar):
            column.addWidget(part)
        column.addWidget(self.table, 1)
        column.addLayout(buttons)
        self.close_button.setAutoDefault(False)
        self.bar.hide()
        self.images.setText(str(proposed))
        self._propose()

    # ------------------------------------------------------------------------------------------------------- acting

    def _choose_images(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Images to predict", self.images.text())
        if chosen:
            self.images.setText(chosen)

    def _choose_out(self) -> None:
        chosen = QFileDialog.getExistingDirectory(self, "Folder for the masks", self.out.text())
        if chosen:
            self.out.setText(chosen)

    def _propose(self) -> None:
        """Masks go beside the images, into a folder of their own."""
        images = Path(self.images.text())
        self.out.setText(str(images.with_name(f"{images.name} masks")) if images.name else "")

    def _start_or_stop(self) -> None:
        session = self._session
        if self._running:
            self._stop()
            self._end("Stopped. Start again to go on where it was.")
            return
        images, out = (Path(line.text().strip()).expanduser() for line in (self.images, self.out))
        if not self.images.text().strip() or not images.exists():
            self.sentence.setText("There is no such folder of images; choose one.")
            return
        if not self.out.text().strip():
            self.sentence.setText("Choose a folder for the masks.")
            return
        if session.read_only or session.project_path is None:
            self.sentence.setText("The network of a project predicts the images: open one that can be changed.")
            return
        self._running, self._began, self._first, self._project = True, time.monotonic(), 0, session.project_name
        self.table.setSortingEnabled(False)
        self.table.setRowCount(0)
        self._rows.clear()
        self.bar.setRange(0, 0)
        self.bar.show()
        self.start_button.setText("Stop")
        self.sentence.setText("Looking at the images …")
        steps = tuple(to_json(session.review.steps))
        tta = self.tta.currentData()
        self._task = Task("Predicting a folder", parent=self)
        request = PredictFolder(self._task.id, (images,), out, steps, tta, self.objects.isChecked(), self.again.isChecked())
        session.worker.begin(request, self.take, self.ended)

    def _stop(self) -> None:
        self._session.worker.stop(self._task.id)

    def _open(self, item: QTableWidgetItem) -> None:
        path = self.table.item(item.row(), 0).data(PATH)
        if path:
            self._session.show_image(Path(path))

    def _end(self, words: str) -> None:
        self._running = False
        self.start_button.setText("Start")
        self.bar.hide()
        self.sentence.setText(words)
        self.table.setSortingEnabled(True)
        self.table.sortItems(2, Qt.SortOrder.DescendingOrder)

    def _closed(self) -> None:
        """Its project is."""
        if self._running:
            self._stop()
            self._end(f"{self._project} was closed. Open it again, and start again, to go on where it was.")

    def _leave(self) -> None:
        """The dialog was closed."""
        if self._running:
            self._stop()
            self._running = False
        self._session.project_closed.disconnect(self._closed)

    # ------------------------------------------------------------------------------------------------------ events

    def ended(self, end: TaskEnded) -> None:
        """Take the end of the work."""
        if self._running and end.error:
            self._end(f"{end.error} Start again to go on where it was." if end.error.startswith("The learner ") else end.error)

    def take(self, event: TaskEvent) -> None:
        """One event of the worker, while something is under way."""
        if not self._running:
            return
        match event:
            case MaskWritten():
                self._add(event.image, "there already" if event.before else Path(event.path).name, event.doubt, event.path)
                self._show_progress(event)
            case Refused():
                self._add(str(event.image), event.why, None, str(event.image))
            case FolderPredicted():
                failed = f"; {event.refused} could not be predicted" if event.refused else ""
                self._end(f"{event.masks} masks are in {Path(self.out.text()).name}{failed}. The most doubtful images stand first.")
            case Notice():
                self.sentence.setText(event.text)
            case _:
                pass

    def _show_progress(self, event: MaskWritten) -> None:
        """How many, and how long the rest will take by what was computed so far."""
        self.bar.setRange(0, event.total)
        self.bar.setValue(event.done)
        if event.before:
            self._first, self._began = event.done, time.monotonic()
        computed = event.done - self._first
        left = (event.total - event.done) * (time.monotonic() - self._began) / computed if computed else 0.0
        rest = f", about {wording.duration(left)} left" if computed and event.done < event.total else ""
        self.sentence.setText(f"{event.done} of {event.total} images{rest}.")

    def _add(self, image: str, mask: str, doubt: float | None, key: str) -> None:
        row = self._rows.setdefault(key, self.table.rowCount())  # a run that was stopped may tell of the same image
        if row == self.table.rowCount():
            self.table.insertRow(row)
        name = QTableWidgetItem(Path(image).name)
        name.setData(PATH, image)
        name.setToolTip(image)
        text = QTableWidgetItem(mask)
        text.setToolTip(mask)
        number = QTableWidgetItem("" if doubt is None else f"{doubt:.3f}")
        number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for place, item in enumerate((name, text, number)):
            self.table.setItem(row, place, item)
        self.table.scrollToBottom()
