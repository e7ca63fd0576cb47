"""A project that is moved away while the worker trains finds its place free when it comes back."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from unetstudio.data.classes import ClassTable
from unetstudio.data.prediction import Prediction
from unetstudio.errors import ProjectError
from unetstudio.inference.events import Notice
from unetstudio.project import prediction_file
from unetstudio.project.checkpoints import write_durably
from unetstudio.project.identity import ProjectIdentity
from unetstudio.project.os_errors import MissingError
from unetstudio.project.project import Project
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
    RunLog(gone / "runs", ProjectIdentity(gone)).add(Notice("Learning goes on."))
    assert not gone.exists()
    gone.mkdir()
    RunLog(gone / "runs", ProjectIdentity(gone)).add(Notice("Learning goes on."))
    assert len(list((gone / "runs").iterdir())) == 1


@pytest.fixture
def replaced(tmp_path: Path) -> tuple[ProjectIdentity, Path]:
    """A project whose place another one has taken, and a copy of what lay there."""
    classes = ClassTable.named(["background", "cell"], [(90, 90, 90), (0, 200, 0)])
    for name in ("study", "other"):
        Project.create(tmp_path / f"{name}.unetstudio", classes).close()
    identity = ProjectIdentity(tmp_path / "study.unetstudio")
    (tmp_path / "study.unetstudio").rename(tmp_path / "moved.unetstudio")
    (tmp_path / "other.unetstudio").rename(tmp_path / "study.unetstudio")
    return identity, tmp_path / "study.unetstudio"


def test_that_nothing_is_written_into_another_project_in_its_place(replaced: tuple[ProjectIdentity, Path]) -> None:
    identity, other = replaced
    before = sorted(other.rglob("*"))
    with pytest.raises(ProjectError, match="is another project now"):
        write_durably(other / "checkpoints" / "weights.safetensors", b"weights", identity=identity)
    RunLog(other / "runs", identity).add(Notice("Learning goes on."))
    assert sorted(other.rglob("*")) == before


def test_that_a_project_that_comes_back_is_written_to_again(replaced: tuple[ProjectIdentity, Path]) -> None:
    identity, other = replaced
    other.rename(other.with_name("other.unetstudio"))
    other.with_name("moved.unetstudio").rename(other)
    write_durably(other / "checkpoints" / "weights.safetensors", b"weights", identity=identity)
    assert (other / "checkpoints" / "weights.safetensors").read_bytes() == b"weights"


def test_that_a_copy_of_the_project_in_its_place_is_taken_for_it(replaced: tuple[ProjectIdentity, Path]) -> None:
    identity, other = replaced
    shutil.rmtree(other)
    shutil.copytree(other.with_name("moved.unetstudio"), other)
    identity.confirm()
