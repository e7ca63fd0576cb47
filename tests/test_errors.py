"""Errors name the file or checkpoint concerned."""

from pathlib import Path

from unetstudio.errors import ProjectError


def test_that_a_checkpoint_is_not_told_by_all_of_its_digest() -> None:
    assert (
        str(ProjectError(Path("p/checkpoints") / ("0a1b2c3d" * 8 + ".optimizer"), "could not be saved."))
        == "checkpoint 0a1b2c3d: could not be saved."
    )


def test_that_other_files_are_told_by_their_names() -> None:
    assert str(ProjectError("p/project.json", "could not be saved.")) == "project.json: could not be saved."
