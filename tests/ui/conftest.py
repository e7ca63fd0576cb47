"""A session with a project on disk, as the window has it, and a fixture that paints."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from discs import write_discs
from pytestqt.qtbot import QtBot

from unetstudio.tools.tool import Pointer
from unetstudio.ui.session import Session


@pytest.fixture
def images(tmp_path: Path) -> list[Path]:
    """Make two grey pictures, 96 x 80, of bright discs on a dark background."""
    return write_discs(tmp_path / "images")


@pytest.fixture
def session(qapp: object) -> Iterator[Session]:
    """Make a session without a project; its worker process is not started."""
    made = Session()
    made.start_worker = lambda: None  # type: ignore[method-assign]
    yield made
    made.shut_down()


@pytest.fixture
def opened(session: Session, images: list[Path], qtbot: QtBot) -> Session:
    """Make a session with a new project of two images, the first one open."""
    session.open_paths(images)
    qtbot.waitUntil(lambda: session.case is not None and not session.tasks.running, timeout=10_000)
    return session


@pytest.fixture
def paint(qtbot: QtBot) -> Callable[..., None]:
    """Paint a straight stroke with the current tool and wait until it is on the disk."""

    def stroke(session: Session, row: float, column: float, to_row: float, to_column: float, *, value: int | None = None) -> None:
        if value is not None:
            session.annotation.set_active_class(value)
        session.annotation.press(Pointer(row, column))
        session.annotation.move(Pointer(to_row, to_column))
        session.annotation.release()
        qtbot.waitUntil(lambda: not session.saver.busy, timeout=10_000)

    return stroke
