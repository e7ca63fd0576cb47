"""The window is told once how a case on screen differs from what was learnt."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.case import Case, Source
from unetstudio.data.classes import ClassTable
from unetstudio.data.region import Region
from unetstudio.data.scan import Scan
from unetstudio.data.study import Study, StudyCase
from unetstudio.formats import read
from unetstudio.inference.events import Notice
from unetstudio.inference.network_predictor import NetworkPredictor
from unetstudio.worker.jobs import predict_view
from unetstudio.worker.messages import ShowView
from unetstudio.worker.remarks import Remarks


@pytest.fixture
def study(image: Path) -> Study:
    scan = read(image)
    case = Case("case", "cell.png", Source(image), "", scan.shape, scan.channels)
    return Study(ClassTable.named(["background", "cell"], [(0, 0, 0), (9, 9, 9)]), [StudyCase(case, lambda: scan)])


def test_that_a_difference_is_told_once_for_each_case(predictor: NetworkPredictor, image: Path, study: Study, tmp_path: Path) -> None:
    deep = Scan(read(image).array.astype(np.uint16) * 257)
    view, remarks = ShowView("case", Region.whole(deep.shape), (0, 5, 5)), Remarks(study)
    first, second = (list(predict_view(predictor, lambda: deep, view, tmp_path / "case", remarks)) for _ in range(2))
    notices = [event for event in first if isinstance(event, Notice)]
    assert len(notices) == 1 and notices[0].text.startswith("cell.png: its values reach from")
    assert first[0] is notices[0]
    assert not any(isinstance(event, Notice) for event in second)


def test_that_a_case_without_a_difference_may_get_one_later(predictor: NetworkPredictor, image: Path, study: Study) -> None:
    remarks = Remarks(study)
    assert not list(remarks.new(predictor, read(image), "case"))
    assert list(remarks.new(predictor, Scan(read(image).array, inverted=True), "case"))
    assert not list(remarks.new(predictor, Scan(read(image).array, inverted=True), "gone"))
