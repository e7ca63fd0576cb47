"""A folder of images predicted from the window: started, watched, stopped, and sorted by uncertainty."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot
from ui.line import answer, end

from unetstudio.inference.events import FolderPredicted, MaskWritten, Notice, Refused
from unetstudio.ui.folder_dialog import FolderDialog
from unetstudio.ui.session import Session
from unetstudio.worker.file_messages import PredictFolder
from unetstudio.worker.messages import Request, StopTask, WorkerDied

pytestmark = pytest.mark.qt_log_ignore("propagateSizeHints")  # of the offscreen screen


@pytest.fixture
def sent(opened: Session, monkeypatch: pytest.MonkeyPatch) -> list[Request]:
    requests: list[Request] = []
    monkeypatch.setattr(opened.worker, "ask", requests.append)
    return requests


@pytest.fixture
def dialog(opened: Session, sent: list[Request], images: list[Path], qtbot: QtBot) -> FolderDialog:
    made = FolderDialog(opened, images[0].parent)
    made.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose, False)
    qtbot.addWidget(made)
    made.show()
    return made


def names(dialog: FolderDialog) -> list[str]:
    return [dialog.table.item(row, 0).text() for row in range(dialog.table.rowCount())]


def test_that_masks_go_beside_the_images_by_default(dialog: FolderDialog, sent: list[Request], images: list[Path]) -> None:
    dialog.start_button.click()
    (request,) = sent
    assert isinstance(request, PredictFolder)
    assert request.images == (images[0].parent,)
    assert request.out == images[0].parent.with_name("images masks")
    assert [step["step"] for step in request.steps][:2] == ["threshold", "small_components"]


def test_that_the_most_doubtful_stand_first_at_the_end(dialog: FolderDialog, opened: Session, sent: list[Request]) -> None:
    dialog.start_button.click()
    one, two = MaskWritten("a/one.png", "m/one.png", 1, 3, 0.1), MaskWritten("a/two.png", "m/two.png", 2, 3, 0.4, before=True)
    answer(opened.worker, sent[-1], one, two, Refused(Path("a/three.txt"), "three.txt is no image."))
    assert "2 of 3" in dialog.sentence.text() and dialog.start_button.text() == "Stop"
    answer(opened.worker, sent[-1], FolderPredicted(2, 1))
    assert names(dialog)[:2] == ["two.png", "one.png"]
    assert dialog.table.item(0, 1).text() == "there already"
    assert "2 masks" in dialog.sentence.text() and "1 could not" in dialog.sentence.text()
    assert dialog.start_button.text() == "Start" and dialog.bar.isHidden()


def test_that_the_work_is_a_task_of_the_window(dialog: FolderDialog, opened: Session, sent: list[Request]) -> None:
    dialog.start_button.click()
    (task,) = opened.tasks.running
    answer(opened.worker, sent[-1], MaskWritten("a/one.png", "m/one.png", 1, 3, 0.1))
    assert (task.name, task.done, task.total) == ("Predicting a folder", 1, 3)
    task.stop()  # from the status bar
    assert isinstance(sent[-1], StopTask) and dialog.sentence.text() == "Stopped. Start again to go on where it was."
    assert dialog.start_button.text() == "Start"


def test_that_answers_to_a_run_that_was_stopped_are_not_shown(dialog: FolderDialog, opened: Session, sent: list[Request]) -> None:
    for _ in range(3):
        dialog.start_button.click()
    first, _stop, second = sent
    answer(opened.worker, first, MaskWritten("a/one.png", "m/one.png", 1, 3, 0.1), FolderPredicted(1, 0))
    end(opened.worker, first)
    assert names(dialog) == [] and dialog.start_button.text() == "Stop"
    answer(opened.worker, second, MaskWritten("a/one.png", "m/one.png", 1, 3, 0.1, before=True))
    assert names(dialog) == ["one.png"]


def test_that_a_notice_of_the_work_is_shown_in_place(dialog: FolderDialog, opened: Session, sent: list[Request]) -> None:
    dialog.start_button.click()
    answer(opened.worker, sent[-1], Notice("Going on with the network that this folder was begun with."))
    assert dialog.sentence.text() == "Going on with the network that this folder was begun with."


def test_that_it_ends_with_its_project(dialog: FolderDialog, opened: Session, sent: list[Request]) -> None:
    name = opened.project.name
    dialog.start_button.click()
    opened.close_project()
    assert opened.tasks.running == () and any(isinstance(request, StopTask) for request in sent)
    assert dialog.sentence.text() == f"{name} was closed. Open it again, and start again, to go on where it was."
    asked = len(sent)
    dialog.start_button.click()
    assert "open one that can be changed" in dialog.sentence.text() and len(sent) == asked


def test_that_masks_need_a_folder(dialog: FolderDialog, sent: list[Request]) -> None:
    dialog.out.setText(" ")
    dialog.start_button.click()
    assert dialog.sentence.text() == "Choose a folder for the masks." and not sent


def test_that_it_can_be_stopped_and_begun_again(dialog: FolderDialog, sent: list[Request]) -> None:
    dialog.start_button.click()
    dialog.start_button.click()
    assert isinstance(sent[-1], StopTask) and "go on where it was" in dialog.sentence.text()
    dialog.start_button.click()
    assert isinstance(sent[-1], PredictFolder)


def test_that_a_failure_is_said_and_ends_it(dialog: FolderDialog, opened: Session, sent: list[Request]) -> None:
    dialog.start_button.click()
    end(opened.worker, sent[-1], "Nothing has been learnt yet.")
    assert dialog.sentence.text() == "Nothing has been learnt yet." and dialog.start_button.text() == "Start"


def test_that_a_worker_that_dies_half_way_leaves_something_to_go_on_from(
    dialog: FolderDialog, opened: Session, sent: list[Request]
) -> None:
    dialog.start_button.click()
    answer(opened.worker, sent[-1], MaskWritten("a/one.png", "m/one.png", 1, 3, 0.1))
    opened.worker.event_received.emit(WorkerDied("The learner ended. It is being started again."))
    assert dialog.sentence.text() == "The learner ended. It is being started again. Start again to go on where it was."
    assert dialog.start_button.text() == "Start" and names(dialog) == ["one.png"]


def test_that_closing_stops_the_work(dialog: FolderDialog, sent: list[Request]) -> None:
    dialog.start_button.click()
    dialog.close()
    assert isinstance(sent[-1], StopTask)


def test_that_a_folder_that_is_not_there_is_said(dialog: FolderDialog, sent: list[Request]) -> None:
    dialog.images.setText("/no/such/folder")
    dialog.start_button.click()
    assert not sent and "no such folder" in dialog.sentence.text()


def double_click(dialog: FolderDialog, image: Path) -> None:
    dialog.table.add_mask(MaskWritten(str(image), "m/one.png", 1, 1, 0.1))
    dialog.table.itemDoubleClicked.emit(dialog.table.item(0, 1))


def test_that_a_double_click_takes_the_image_in_and_shows_it(
    dialog: FolderDialog, opened: Session, images: list[Path], qtbot: QtBot
) -> None:
    new = images[0].with_name("new.png")
    cv2.imwrite(str(new), np.random.default_rng(7).integers(0, 255, (80, 96), np.uint8))
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        double_click(dialog, new)
    assert opened.case.case.source.path == new and len(opened.cases) == len(images) + 1


def test_that_a_double_click_on_an_image_of_the_project_shows_its_case(
    dialog: FolderDialog, opened: Session, images: list[Path], qtbot: QtBot
) -> None:
    with qtbot.waitSignal(opened.case_opened, timeout=10_000):
        double_click(dialog, images[1])
    assert opened.case.case.source.path == images[1] and len(opened.cases) == len(images)
