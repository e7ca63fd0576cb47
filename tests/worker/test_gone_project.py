"""A project that is moved away while the worker trains finds its place free when it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest

from unetstudio.data.prediction import Prediction
from unetstudio.inference.events import Notice
from unetstudio.project import prediction_file
from unetstudio.project.checkpoints import write_durably
from unetstudio.project.os_errors import MissingError
from unetstudio.worker.run_log import RunLog


@pytest.fixture
def gone(tmp_path: Path) -> Path:
    """The former place of the project."""
    return tmp_path / "study.unetstudio"


def test_that_a_checkpoint_makes_no_project_where_none_is(gone: Path) -> None:
    with pytest.raises(MissingError):
        write_durably(gone / "checkpoints" / "weights.safetensors", b"weights")
    assert not gone.exists()


def test_that_a_prediction_makes_no_project_where_none_is(gone: Path) -> None:
    prediction = Prediction((1, 4, 4), (0, 1), "checkpoint")
    with pytest.raises(MissingError):
        prediction_file.save(gone / "cases" / "0123456789abcdef", prediction)
    assert not gone.exists()


def test_that_the_log_of_a_training_makes_no_project_where_none_is(gone: Path) -> None:
    RunLog(gone / "runs").add(Notice("Learning goes on."))
    assert not gone.exists()
    gone.mkdir()
    RunLog(gone / "runs").add(Notice("Learning goes on."))
    assert len(list((gone / "runs").iterdir())) == 1
