"""Errors name the file or checkpoint concerned."""

from pathlib import Path

from unetstudio.errors import ProjectError


def test_that_a_checkpoint_is_named_by_the_beginning_of_its_digest() -> None:
    assert (
        str(ProjectError(Path("p/checkpoints") / ("0a1b2c3d" * 8 + ".optimizer"), "could not be saved."))
        == "checkpoint 0a1b2c3d: could not be saved."
    )


def test_that_other_files_are_recognised_by_their_names() -> None:
    assert str(ProjectError("p/project.json", "could not be saved.")) == "project.json: could not be saved."
