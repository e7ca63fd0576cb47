"""The window is told once how a case on screen differs from what was learnt."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from worker.driving import SMALL, advance, stroke

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.formats import discover, read
from unetstudio.inference.events import CasePredicted, Notice
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.project.project import Project
from unetstudio.worker.jobs import predict_view
from unetstudio.worker.messages import Event, LabelsEdited, OpenStudy, ShowView, Train
from unetstudio.worker.remarks import Remarks
from unetstudio.worker.runner import Runner
from unetstudio.workspace.add_images import CaseRead, read_images


@pytest.fixture
def study(image: Path) -> Study:
    scan = read(image)
    case = Case("case", "cell.png", Source(image), "", scan.shape, scan.channels)
    return Study(ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)]), [StudyCase(case, lambda: scan)])


def test_that_a_difference_is_told_once_for_each_case(predictor: NetworkPredictor, image: Path, study: Study, tmp_path: Path) -> None:
    deep = Scan(read(image).array.astype(np.uint16) * 257)
    view, remarks = ShowView("case", Region.whole(deep.shape), (0, 5, 5)), Remarks(study)
    first, second = (list(predict_view(predictor, lambda: deep, view, lambda _: None, remarks)) for _ in range(2))
    notices = [event for event in first if isinstance(event, Notice)]
    assert len(notices) == 1 and notices[0].text.startswith("cell.png: its values reach from")
    assert first[0] is notices[0]
    assert not any(isinstance(event, Notice) for event in second)


def test_that_the_runner_tells_it_of_the_case_on_screen(image: Path, tmp_path: Path) -> None:
    cv2.imwrite(str(image.with_name("deep.png")), cv2.imread(str(image), cv2.IMREAD_UNCHANGED).astype(np.uint16) * 257)
    project = Project.create(tmp_path / "cells.unetstudio", ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)]))
    project.add_cases(found.case for found in read_images(discover([image.parent])) if isinstance(found, CaseRead))
    project.save()
    plain, deep = sorted(project.cases, key=lambda case: case.name)
    events: list[Event] = []
    runner = Runner(events.append)
    runner.handle(OpenStudy(project.folder, project.classes, project.cases))
    runner.handle(Train(SMALL))
    for sequence, (value, row) in enumerate(((0, 4), (1, 20)), start=1):
        runner.handle(LabelsEdited(plain.id, sequence, stroke(value, row, slice(2, 24))))
    runner.handle(ShowView(deep.id, Region.whole(deep.shape), (0, 5, 5)))
    told = advance(runner, events, lambda event: isinstance(event, Notice))
    assert isinstance(told, Notice) and told.text.startswith("deep: its values reach from")
    runner.handle(ShowView(plain.id, Region.whole(plain.shape), (0, 5, 5)))
    advance(runner, events, lambda event: isinstance(event, CasePredicted) and event.case == plain.id)
    runner.handle(ShowView(deep.id, Region.whole(deep.shape), (0, 5, 5)))
    events.clear()
    advance(runner, events, lambda event: isinstance(event, CasePredicted) and event.case == deep.id)
    assert not any(isinstance(event, Notice) for event in events)


def test_that_a_case_without_a_difference_may_get_one_later(predictor: NetworkPredictor, image: Path, study: Study) -> None:
    remarks = Remarks(study)
    assert not list(remarks.new(predictor, read(image), "case"))
    assert list(remarks.new(predictor, Scan(read(image).array, inverted=True), "case"))
    assert not list(remarks.new(predictor, Scan(read(image).array, inverted=True), "gone"))
