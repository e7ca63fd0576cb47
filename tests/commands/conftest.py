"""Fixtures that run the command line in this process, on pictures small enough to train on in a second."""

from __future__ import annotations

import json
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from unetstudio import cli


@dataclass(frozen=True)
class Ran:
    """The outcome of a command, and its output."""

    status: int
    out: str
    said: str

    @property
    def events(self) -> list[dict[str, Any]]:
        """The JSON objects on standard output, one per line."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def sentence(self) -> str:
        """The one line that a refused command prints."""
        assert self.status == 2
        assert self.out == ""
        assert self.said.count("\n") == 1, self.said
        return self.said.strip()


Command = Callable[..., Ran]


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run a command as a shell would: `command("info", path)`."""
    before = signal.getsignal(signal.SIGTERM)

    def run(*arguments: object) -> Ran:
        capsys.readouterr()
        status = cli.main([str(argument) for argument in arguments])
        captured = capsys.readouterr()
        return Ran(status, captured.out, captured.err)

    yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def small() -> tuple[str, ...]:
    """Options of `train` for a quick training of a tiny network."""
    options = ("base=4", "depth=2", "patch=32", "batch=2", "threads=1", "augment=no")
    return ("--device", "cpu", *(part for option in options for part in ("--set", option)))


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder, to check that nothing was changed."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}


@pytest.fixture
def unchanged() -> Callable[[Path], Callable[[], bool]]:
    """Take `same = unchanged(folder)` now; `same()` later says whether every file in it still is what it was."""

    def remember(folder: Path) -> Callable[[], bool]:
        before = contents(folder)
        return lambda: contents(folder) == before

    return remember


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """Make a folder of two grey pictures, 48 x 40 and 40 x 40, with a bright disc each."""
    folder = tmp_path / "images"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number, width in enumerate((48, 40)):
        picture = rng.normal(60, 8, (40, width)).clip(0, 255).astype(np.uint8)
        cv2.circle(picture, (20, 20), 10, 190, -1)
        cv2.imwrite(str(folder / f"disc_{number}.png"), picture)
    return folder


@pytest.fixture
def masks(tmp_path: Path) -> Path:
    """Make a folder of class-index masks named as `images`: 0 outside, 1 in the disc."""
    folder = tmp_path / "masks"
    folder.mkdir()
    for number, width in enumerate((48, 40)):
        mask = np.zeros((40, width), np.uint8)
        cv2.circle(mask, (20, 20), 10, 1, -1)
        cv2.imwrite(str(folder / f"disc_{number}.png"), mask)
    return folder


@pytest.fixture
def project(command: Command, images: Path, tmp_path: Path) -> Path:
    """Make a project of both pictures without labels."""
    folder = tmp_path / "discs.unetstudio"
    assert command("new", folder, images, "--classes", "background,disc").status == 0
    return folder


@pytest.fixture
def labelled(command: Command, project: Path, masks: Path) -> Path:
    """Make the project with the masks as labels."""
    assert command("label", project, masks).status == 0
    return project


@pytest.fixture
def trained(command: Command, labelled: Path, small: tuple[str, ...]) -> Path:
    """Make the labelled project and train it for four steps."""
    assert command("train", labelled, "--steps", 4, *small).status == 0
    return labelled
