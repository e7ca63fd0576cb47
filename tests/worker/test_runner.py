"""The runner in this process: its answers to requests, without a window."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from worker.driving import SMALL, advance, stroke

from unetstudio.data.case import Case, ReviewState
from unetstudio.data.classes import ClassTable
from unetstudio.data.edit import constant
from unetstudio.data.origin import Origin
from unetstudio.data.region import Region
from unetstudio.formats import discover, read_mask
from unetstudio.inference.events import CasePredicted, FolderPredicted, MaskWritten, TilePredicted
from unetstudio.project import prediction_file
from unetstudio.project.prediction_file import averaged_folder
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.settings import TrainingSettings
from unetstudio.training.events import CheckpointSaved, RoundDone, StepDone, TrainingFinished, TrainingStarted
from unetstudio.worker.file_messages import AverageCases, CaseAveraged, PredictFolder
from unetstudio.worker.messages import (
    Answer,
    CasesChanged,
    CloseStudy,
    DescribeDevice,
    DescribeNetworks,
    DeviceReport,
    Event,
    JobFailed,
    LabelsEdited,
    NetworkCost,
    OpenStudy,
    PauseTraining,
    PredictCases,
    ShowView,
    StopTask,
    StudyOpened,
    TaskEnded,
    TaskEvent,
    Train,
    TrainingPaused,
    TrainingWaits,
    WorkerReady,
)
from unetstudio.worker.runner import Runner
from unetstudio.workspace.add_images import CaseRead, read_images


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two pictures of a bright disc."""
    for number in range(2):
        picture = np.full((64, 64), 40, np.uint8)
        cv2.circle(picture, (28 + 8 * number, 32), 14, 200, -1)
        cv2.imwrite(str(tmp_path / f"disc_{number}.png"), picture)
    made = Project.create(tmp_path / "discs.unetstudio", ClassTable.named(["background", "disc"], [(90, 90, 90), (0, 200, 0)]))
    made.add_cases(found.case for found in read_images(discover([tmp_path])) if isinstance(found, CaseRead))
    made.save()
    return made


@pytest.fixture
def runner() -> tuple[Runner, list[Event]]:
    """A runner and its events."""
    events: list[Event] = []
    return Runner(events.append), events


def answer(runner: Runner, events: list[Event], until: Callable[[TaskEvent], bool]) -> TaskEvent:
    """Advance until such an answer to a task came."""
    found = advance(runner, events, lambda event: isinstance(event, Answer) and until(event.event))
    assert isinstance(found, Answer)
    return found.event


def masks_of(events: list[Event]) -> list[MaskWritten]:
    return [event.event for event in events if isinstance(event, Answer) and isinstance(event.event, MaskWritten)]


def paint_both(runner: Runner, case: Case, first: int = 1) -> None:
    runner.handle(LabelsEdited(case.id, first, stroke(0, 4, slice(4, 60))))
    runner.handle(LabelsEdited(case.id, first + 1, stroke(1, 32, slice(20, 40))))


def test_that_a_worker_says_what_it_can_train(runner: tuple[Runner, list[Event]]) -> None:
    made, events = runner
    made.announce()
    assert isinstance(events[0], WorkerReady)
    assert "unet" in [network.name for network in events[0].networks]


def test_that_training_waits_for_a_second_class_and_says_so(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(Train(SMALL))
    assert any(isinstance(event, TrainingWaits) and "stroke" in event.reason for event in events)
    made.handle(LabelsEdited(project.cases[0].id, 1, stroke(0, 4, slice(4, 60))))
    assert any(isinstance(event, TrainingWaits) and "second class" in event.reason for event in events)
    made.advance()
    made.advance()
    assert not made.busy


def test_that_the_first_image_is_no_longer_asked_for_once_it_is_there(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, ()))
    made.handle(Train(SMALL))
    made.handle(CasesChanged(project.cases))
    reasons = [event.reason for event in events if isinstance(event, TrainingWaits)]
    assert "Open an image" in reasons[0]
    assert "stroke of each class" in reasons[-1]


def test_that_strokes_of_two_classes_start_training_and_the_view_is_predicted_after_a_round(
    runner: tuple[Runner, list[Event]], project: Project
) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(Train(SMALL))
    case = project.cases[0]
    made.handle(ShowView(case.id, Region.whole(case.shape), (0, 32, 32)))
    paint_both(made, case)
    advance(made, events, lambda event: isinstance(event, TrainingStarted))
    advance(made, events, lambda event: isinstance(event, RoundDone))
    tile = advance(made, events, lambda event: isinstance(event, TilePredicted))
    assert isinstance(tile, TilePredicted)
    assert tile.values == (0, 1)
    advance(made, events, lambda event: isinstance(event, CasePredicted))
    assert (project.folder_of(case) / "prediction.h5").exists() or made.busy
    made.close()


def test_that_pausing_saves_a_checkpoint_and_reopening_goes_on_from_it(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(Train(SMALL))
    paint_both(made, project.cases[0])
    advance(made, events, lambda event: isinstance(event, RoundDone))
    made.handle(PauseTraining())
    assert any(isinstance(event, TrainingPaused) for event in events)
    later: list[Event] = []
    second = Runner(later.append)
    second.handle(OpenStudy(project.folder, project.classes, project.cases))
    assert isinstance(later[0], StudyOpened)
    assert later[0].checkpoint
    second.handle(Train(SMALL))
    paint_both(second, project.cases[0])
    started = advance(second, later, lambda event: isinstance(event, TrainingStarted))
    assert isinstance(started, TrainingStarted)
    assert started.step > 0
    second.close()


def test_that_a_budget_of_steps_is_kept_and_ends_with_a_checkpoint(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    paint_both(made, project.cases[0])
    made.handle(Train(TrainingSettings(base=4, depth=2, patch=32, batch=2, steps=12, device="cpu"), resume=False))
    finished = advance(made, events, lambda event: isinstance(event, TrainingFinished))
    assert isinstance(finished, TrainingFinished)
    assert finished.step == 12
    assert any(isinstance(event, CheckpointSaved) for event in events)


def test_that_every_case_is_predicted_when_there_is_nothing_else_to_do(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    paint_both(made, project.cases[0])
    made.handle(Train(TrainingSettings(base=4, depth=2, patch=32, batch=2, steps=4, device="cpu"), resume=False))
    advance(made, events, lambda event: isinstance(event, TrainingFinished))
    made.handle(PredictCases())
    advance(made, events, lambda event: isinstance(event, CasePredicted) and event.case == project.cases[1].id)
    assert all((project.folder_of(case) / "prediction.h5").exists() for case in project.cases)


def test_that_an_edit_read_from_disk_already_is_not_applied_twice(runner: tuple[Runner, list[Event]], project: Project) -> None:
    from unetstudio.project.record import Kind

    case = project.cases[0]
    edit = stroke(1, 32, slice(20, 40))
    store = project.store(case)
    store.load(case.shape)
    sequence = store.append(Kind.EDIT, edit)
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(LabelsEdited(case.id, sequence, edit))
    made.handle(LabelsEdited(case.id, sequence + 1, stroke(0, 4, slice(4, 60))))
    made.handle(Train(dataclasses.replace(SMALL, steps=2), resume=False))
    saved = advance(made, events, lambda event: isinstance(event, CheckpointSaved))
    assert isinstance(saved, CheckpointSaved)
    card = json.loads(Path(saved.path).with_suffix(".json").read_text(encoding="utf-8"))
    assert card["report"]["painted"] == {"0": [56, 0], "1": [20, 0]}


def test_that_a_missing_image_ends_its_prediction_and_not_the_worker(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    paint_both(made, project.cases[0])
    made.handle(Train(TrainingSettings(base=4, depth=2, patch=32, batch=2, steps=4, device="cpu"), resume=False))
    advance(made, events, lambda event: isinstance(event, TrainingFinished))
    project.cases[1].source.path.unlink()
    made.handle(PredictCases())
    for _ in range(200):
        made.advance()
    failed = [event for event in events if isinstance(event, JobFailed)]
    assert len(failed) == 1
    assert "disc_1.png" in failed[0].text
    assert not failed[0].detail
    assert any(isinstance(event, CasePredicted) and event.case == project.cases[0].id for event in events)


def test_that_the_computer_is_described(runner: tuple[Runner, list[Event]]) -> None:
    made, events = runner
    made.handle(DescribeDevice(7, measure=False))
    report = answer(made, events, lambda event: isinstance(event, DeviceReport))
    assert isinstance(report, DeviceReport)
    assert {"Processor", "Memory", "PyTorch"} <= {heading for heading, _ in report.rows}


def trained(runner: Runner, events: list[Event], project: Project) -> None:
    """A small training with its checkpoint on the disk."""
    runner.handle(OpenStudy(project.folder, project.classes, project.cases))
    paint_both(runner, project.cases[0])
    runner.handle(Train(TrainingSettings(base=4, depth=2, patch=32, batch=2, steps=4, device="cpu"), resume=False))
    advance(runner, events, lambda event: isinstance(event, TrainingFinished))
    while runner.busy:
        runner.advance()
    events.clear()


def test_that_a_closed_project_is_not_changed(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(Train(SMALL))
    paint_both(made, project.cases[0])
    advance(made, events, lambda event: isinstance(event, RoundDone))
    made.handle(CloseStudy())
    events.clear()
    assert list((project.folder / "checkpoints").glob("*.safetensors"))
    made.handle(LabelsEdited(project.cases[0].id, 3, stroke(1, 40, slice(20, 40))))
    made.handle(ShowView(project.cases[0].id, Region.whole((1, 64, 64)), (0, 32, 32)))
    made.handle(PredictCases())
    assert not made.busy
    assert events == []


def test_that_a_folder_is_predicted_and_its_end_is_reported(runner: tuple[Runner, list[Event]], project: Project, tmp_path: Path) -> None:
    made, events = runner
    trained(made, events, project)
    images = project.cases[0].source.path.parent
    made.handle(PredictFolder(7, (images,), tmp_path / "masks"))
    end = answer(made, events, lambda event: isinstance(event, FolderPredicted))
    written = masks_of(events)
    assert end == FolderPredicted(len(written), 0) and len(written) == len(project.cases)
    assert all(Path(event.path).is_file() and event.mean_uncertainty is not None for event in written)


def test_that_cases_are_averaged_for_an_export_and_the_screen_keeps_its_own(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    trained(made, events, project)
    first, second = project.cases
    second.source.path.write_bytes(b"no longer an image")
    screen = [path.read_bytes() for path in project.folder_of(first).glob("prediction.h5")]
    made.handle(AverageCases(7, (first.id, second.id)))
    last = answer(made, events, lambda event: isinstance(event, CaseAveraged) and event.done == event.total)
    assert isinstance(last, CaseAveraged) and last.case == second.id and last.problem
    found = prediction_file.load(averaged_folder(project.folder, first.id), first.shape)
    assert found is not None and found.known.all()
    assert [path.read_bytes() for path in project.folder_of(first).glob("prediction.h5")] == screen


def begin_folder(made: Runner, events: list[Event], request: PredictFolder, masks: int) -> None:
    """Request a folder, and stop when so many masks are written."""
    events.clear()
    made.handle(request)
    while len(masks_of(events)) < masks:
        made.advance()
    made.handle(StopTask(request.task))
    assert events[-1] == TaskEnded(request.task)


def checkpoints_of_masks(project: Project) -> list[bytes]:
    return [path.read_bytes() for path in (project.folder / "cache").glob("predicting-*.safetensors")]


def begun_before_learning_went_on(made: Runner, events: list[Event], project: Project, out: Path) -> tuple[PredictFolder, list[bytes]]:
    """Return a folder with one mask, and the weights that it was begun with, which are no longer the newest."""
    trained(made, events, project)
    request = PredictFolder(7, (project.cases[0].source.path.parent,), out)
    begin_folder(made, events, request, 1)
    begun = checkpoints_of_masks(project)
    made.handle(Train(dataclasses.replace(SMALL, steps=2)))
    advance(made, events, lambda event: isinstance(event, TrainingFinished))
    return request, begun


def test_that_a_stopped_folder_goes_on_with_its_network_although_learning_went_on(
    runner: tuple[Runner, list[Event]], project: Project, tmp_path: Path
) -> None:
    made, events = runner
    request, first = begun_before_learning_went_on(made, events, project, tmp_path / "masks")
    events.clear()
    made.handle(request)
    answer(made, events, lambda event: isinstance(event, FolderPredicted))
    assert len(first) == 1
    assert [event.before for event in masks_of(events)] == [True, False]
    assert checkpoints_of_masks(project) == []
    events.clear()
    made.handle(request)
    answer(made, events, lambda event: isinstance(event, FolderPredicted))
    assert [event.before for event in masks_of(events)] == [False, False]  # what was learnt since


def test_that_all_made_again_takes_the_newest_network(runner: tuple[Runner, list[Event]], project: Project, tmp_path: Path) -> None:
    made, events = runner
    request, begun = begun_before_learning_went_on(made, events, project, tmp_path / "masks")
    begin_folder(made, events, dataclasses.replace(request, again=True), 1)
    assert not masks_of(events)[-1].before
    assert len(checkpoints_of_masks(project)) == 1 and checkpoints_of_masks(project) != begun


def test_that_painted_strokes_win_in_a_folder_that_holds_cases(
    runner: tuple[Runner, list[Event]], project: Project, tmp_path: Path
) -> None:
    made, events = runner
    trained(made, events, project)
    edit = stroke(1, 2, slice(0, 64))
    store = project.store(project.cases[0])
    store.load((1, 64, 64))
    store.append(Kind.EDIT, edit)
    made.handle(PredictFolder(7, (project.cases[0].source.path,), tmp_path / "masks"))
    answer(made, events, lambda event: isinstance(event, FolderPredicted))
    assert (read_mask(tmp_path / "masks" / f"{project.cases[0].source.path.stem}.png")[0][0, 2] == 1).all()


def test_that_a_folder_without_anything_learnt_fails_with_a_sentence(
    runner: tuple[Runner, list[Event]], project: Project, tmp_path: Path
) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(PredictFolder(7, (tmp_path,), tmp_path / "masks"))
    while made.busy:
        made.advance()
    (ended,) = [event for event in events if isinstance(event, TaskEnded)]
    assert ended.task == 7 and "Nothing has been learnt" in ended.error
    assert not any(isinstance(event, JobFailed) for event in events)


def test_that_a_task_ends_with_its_project_and_says_so(runner: tuple[Runner, list[Event]], project: Project, tmp_path: Path) -> None:
    made, events = runner
    trained(made, events, project)
    made.handle(PredictFolder(7, (project.cases[0].source.path.parent,), tmp_path / "masks"))
    made.advance()
    made.handle(CloseStudy())
    assert events[-1] == TaskEnded(7, "The project was closed.")
    assert not made.busy


def test_that_answers_and_the_end_carry_the_id_of_their_task(runner: tuple[Runner, list[Event]]) -> None:
    made, events = runner
    made.handle(DescribeDevice(3, measure=False))
    made.handle(DescribeNetworks(4, (("fcn", 2),)))
    made.handle(StopTask(5))  # of which nothing is known
    while made.busy:
        made.advance()
    assert [type(event.event).__name__ for event in events if isinstance(event, Answer) and event.task == 3] == ["DeviceReport"]
    assert [type(event.event).__name__ for event in events if isinstance(event, Answer) and event.task == 4] == ["NetworkCost"]
    assert [event for event in events if isinstance(event, TaskEnded)] == [TaskEnded(4), TaskEnded(3)]


def test_that_what_is_measured_for_the_window_outlives_a_closed_project(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(DescribeNetworks(7, (("unet", 2),)))
    made.handle(CloseStudy())
    assert isinstance(answer(made, events, lambda event: isinstance(event, NetworkCost)), NetworkCost)


def test_that_a_training_whose_state_cannot_be_saved_does_not_keep_the_next_project_closed(
    runner: tuple[Runner, list[Event]], project: Project
) -> None:
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(Train(SMALL))
    paint_both(made, project.cases[0])
    (project.folder / "checkpoints").write_bytes(b"")  # stands for a disk that refuses
    while not any(isinstance(event, TrainingStarted) for event in events):
        made.advance()
    made.advance()
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    assert any(isinstance(event, StudyOpened) for event in events)
    assert any(isinstance(event, JobFailed) and "checkpoints" in event.text for event in events)


def test_that_a_training_that_comes_to_rest_on_a_full_disk_does_not_end_the_worker(
    runner: tuple[Runner, list[Event]], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetstudio.worker.training_scheduler.PLATEAU", 1)
    monkeypatch.setattr("unetstudio.training.saving.Saving.due", property(lambda self: False))
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(Train(SMALL))
    paint_both(made, project.cases[0])
    held = Origin.PAINTED | 0x80
    for number in range(4):
        for value, row in ((0, 8 + 2 * number), (1, 26 + 2 * number)):
            edit = stroke(value, row, slice(20, 40))
            edit = dataclasses.replace(edit, after_origin=constant(held, edit.count))
            made.handle(LabelsEdited(project.cases[0].id, 0, edit))
    (project.folder / "checkpoints").write_bytes(b"")
    for _ in range(3000):
        made.advance()
        if any(isinstance(event, JobFailed) for event in events):
            break
    assert any(isinstance(event, JobFailed) and not event.detail for event in events)


def test_that_an_image_that_cannot_be_read_is_reported_once_and_not_after_every_round(
    runner: tuple[Runner, list[Event]], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetstudio.worker.prediction_scheduler.OTHERS_EVERY", 1)
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(PredictCases())
    project.cases[1].source.path.unlink()
    made.handle(Train(SMALL))
    paint_both(made, project.cases[0])
    for _ in range(6000):
        made.advance()
        if sum(isinstance(event, RoundDone) for event in events) >= 6:
            break
    made.handle(CloseStudy())
    assert sum(isinstance(event, JobFailed) for event in events) == 1


def test_that_a_review_state_predicts_nothing_anew(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    trained(made, events, project)
    cases = (dataclasses.replace(project.cases[0], review=ReviewState.ACCEPTED), *project.cases[1:])
    made.handle(CasesChanged(cases))
    assert not made.busy


def test_that_a_case_seen_in_part_is_predicted_whole_as_well(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    first = project.cases[0]
    made.handle(OpenStudy(project.folder, project.classes, project.cases[:1]))
    made.handle(Train(SMALL))
    paint_both(made, first)
    made.handle(ShowView(first.id, Region((0, 0, 0), (1, 16, 16)), (0, 8, 8)))
    made.handle(PredictCases())
    advance(made, events, lambda event: isinstance(event, CasePredicted) and event.whole)
    assert (project.folder_of(first) / "prediction.h5").exists()
    made.close()


def test_that_nothing_is_predicted_while_training_unless_it_was_asked_for(
    runner: tuple[Runner, list[Event]], project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unetstudio.worker.prediction_scheduler.OTHERS_EVERY", 1)
    made, events = runner
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    project.cases[1].source.path.unlink()  # and an image without labels is not missed
    paint_both(made, project.cases[0])
    made.handle(Train(dataclasses.replace(SMALL, steps=30), resume=False))
    advance(made, events, lambda event: isinstance(event, TrainingFinished))
    assert not any(isinstance(event, CasePredicted) for event in events)


def test_that_a_large_case_in_the_background_shares_the_time_with_training(runner: tuple[Runner, list[Event]], project: Project) -> None:
    made, events = runner
    trained(made, events, project)
    picture = np.full((500, 500), 40, np.uint8)
    large = project.folder.parent / "large.png"
    cv2.imwrite(str(large), picture)
    case = next(found.case for found in read_images(discover([large])) if isinstance(found, CaseRead))
    made.handle(CasesChanged((*project.cases, case)))
    made.handle(Train(SMALL))
    events.clear()
    made.handle(PredictCases((case.id,)))
    advance(made, events, lambda event: isinstance(event, RoundDone))
    made.handle(PredictCases((case.id,)))
    advance(made, events, lambda event: isinstance(event, CasePredicted) and event.case == case.id)
    steps = [event.step for event in events if isinstance(event, StepDone)]
    assert steps[-1] > steps[0]
    made.close()


def test_that_training_without_a_readable_image_waits_and_goes_on_when_it_is_relinked(
    runner: tuple[Runner, list[Event]], project: Project
) -> None:
    made, events = runner
    case = project.cases[0]
    moved = case.source.path.with_name("moved.png")
    case.source.path.rename(moved)
    made.handle(OpenStudy(project.folder, project.classes, project.cases))
    made.handle(Train(SMALL))
    paint_both(made, case)
    for _ in range(20):
        made.advance()
    assert any(isinstance(event, JobFailed) and "disc_0.png" in event.text and not event.detail for event in events)
    events.clear()
    made.handle(LabelsEdited(case.id, 3, stroke(1, 40, slice(20, 40))))
    assert any(isinstance(event, TrainingWaits) and "relink" in event.reason for event in events)
    relinked = dataclasses.replace(case, source=dataclasses.replace(case.source, path=moved))
    made.handle(CasesChanged((relinked, project.cases[1])))
    advance(made, events, lambda event: isinstance(event, RoundDone))
    made.close()
