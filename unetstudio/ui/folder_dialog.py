"""The dialog that predicts a folder of images: source and target folder, progress, and the most uncertain images."""

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
    QLineEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from unetstudio.inference.events import FolderPredicted, MaskWritten, Notice, Refused
from unetstudio.postprocess.stack import to_json
from unetstudio.ui.folder_table import FolderTable
from unetstudio.ui.panels import wording
from unetstudio.ui.panels.text import label
from unetstudio.ui.session import Session
from unetstudio.ui.task import Task, TaskState
from unetstudio.ui.worker_task import begin_worker_task
from unetstudio.worker.file_messages import PredictFolder
from unetstudio.worker.messages import TaskEvent

TTA = (
    ("Mirrored views: where they help", "auto"),
    ("Mirrored views: always, takes 4 to 8 times as long", "on"),
    ("Mirrored views: never", "off"),
)
AGAIN = "Start again to go on where it was."


class FolderDialog(QDialog):
    """Starts and shows a folder prediction. The work continues while the dialog is open; closing it stops the work, and starting again
    resumes it."""

    def __init__(self, session: Session, proposed: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setObjectName("folder_dialog")
        self.setWindowTitle("Predict a folder of images")
        self.resize(680, 560)
        self._session = session
        self._task: Task | None = None  # the latest prediction
        self._project = ""  # the project whose network is used
        self._began, self._skipped = 0.0, 0  # when the first image without a mask was begun, and how many had one
        self.images, self.out = QLineEdit(), QLineEdit()
        self.images.setObjectName("folder_images")
        self.out.setObjectName("folder_out")
        self.tta = QComboBox()
        for words, value in TTA:
            self.tta.addItem(words, value)
        self.objects = QCheckBox("Number objects instead of classes")
        self.objects.setToolTip("Each object gets a number of its own; split touching objects in the clean-up first")
        self.again = QCheckBox("Make masks anew that are there already")
        self.bar = QProgressBar()
        self.bar.setObjectName("folder_progress")
        self.bar.setTextVisible(False)
        self.sentence = label("The clean-up of this project is used. Images stay as they are.", name="folder_sentence")
        self.table = FolderTable()
        self.start_button = QPushButton("Start")
        self.start_button.setObjectName("folder_start")
        self.start_button.setProperty("role", "primary")
        self.close_button = QPushButton("Close")
        self._lay_out(proposed)
        self.start_button.clicked.connect(self._start_or_stop)
        self.close_button.clicked.connect(self.close)
        self.images.textChanged.connect(self._propose)
        self.table.image_chosen.connect(session.image_import.show)
        session.project_closed.connect(self._project_closed)
        self.finished.connect(self._stop)

    def _lay_out(self, proposed: Path) -> None:
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
        folder = QFileDialog.getExistingDirectory(self, "Images to predict", self.images.text())
        if folder:
            self.images.setText(folder)

    def _choose_out(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder for the masks", self.out.text())
        if folder:
            self.out.setText(folder)

    def _propose(self) -> None:
        """Propose a folder for the masks beside that of the images."""
        images = Path(self.images.text())
        self.out.setText(str(images.with_name(f"{images.name} masks")) if images.name else "")

    def _start_or_stop(self) -> None:
        if self._task is not None and self._task.running:
            self._stop()
        else:
            self._start()

    def _start(self) -> None:
        session = self._session
        images, out = (Path(line.text().strip()).expanduser() for line in (self.images, self.out))
        if not self.images.text().strip() or not images.exists():
            self.sentence.setText("There is no such folder of images; choose one.")
            return
        if not self.out.text().strip():
            self.sentence.setText("Choose a folder for the masks.")
            return
        if session.read_only or session.project is None:
            self.sentence.setText("The network of a project predicts the images: open one that can be changed.")
            return
        self._began, self._skipped, self._project = time.monotonic(), 0, session.project.name
        self.table.clear_rows()
        self.bar.setRange(0, 0)
        self.bar.show()
        self.start_button.setText("Stop")
        self.sentence.setText("Looking at the images …")
        steps, tta = tuple(to_json(session.review.steps)), self.tta.currentData()
        objects, again = self.objects.isChecked(), self.again.isChecked()
        self._task = begin_worker_task(
            session.tasks,
            session.worker,
            "Predicting a folder",
            lambda task: PredictFolder(task, (images,), out, steps, tta, objects, again),
            self._take,
        )
        self._task.when_ended(self._show_end)

    def _stop(self) -> None:
        if self._task is not None:
            self._task.stop()

    def _project_closed(self) -> None:
        if self._task is not None and self._task.running:
            self._task.stop()
            self.sentence.setText(f"{self._project} was closed. Open it again, and start again, to go on where it was.")

    # ------------------------------------------------------------------------------------------------------ showing

    def _take(self, task: Task, event: TaskEvent) -> None:
        match event:
            case MaskWritten():
                self.table.add_mask(event)
                if event.before:
                    self._skipped, self._began = event.done, time.monotonic()
                task.progress(event.done, event.total)
                self._show_progress(task)
            case Refused():
                self.table.add_refused(event)
            case Notice():
                self.sentence.setText(event.text)
            case FolderPredicted():
                task.finish(event)

    def _show_progress(self, task: Task) -> None:
        """Show how many images are done, and the estimated time for the rest."""
        self.bar.setRange(0, task.total)
        self.bar.setValue(task.done)
        computed = task.done - self._skipped
        seconds = (task.total - task.done) * (time.monotonic() - self._began) / computed if computed else 0.0
        rest = f", about {wording.duration(seconds)} left" if computed and task.done < task.total else ""
        self.sentence.setText(f"{task.done} of {task.total} images{rest}.")

    def _show_end(self) -> None:
        self.start_button.setText("Start")
        self.bar.hide()
        self.table.sort_by_uncertainty()
        match self._task:
            case Task(state=TaskState.STOPPED):
                self.sentence.setText(f"Stopped. {AGAIN}")
            case Task(state=TaskState.FAILED, error=error, done=done):
                self.sentence.setText(f"{error} {AGAIN}" if done else error)
            case Task(result=FolderPredicted(masks, refused)):
                failed = f"; {refused} could not be predicted" if refused else ""
                self.sentence.setText(f"{masks} masks are in {Path(self.out.text()).name}{failed}. The most doubtful images stand first.")
