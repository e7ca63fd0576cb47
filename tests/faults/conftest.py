"""What the fault tests share: the figure that goes into docs/reliability.md, and the choice of the short or the long form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from faults.table import Row, machine, merge, today

FigureWriter = Callable[..., None]


@pytest.fixture
def figure(request: pytest.FixtureRequest, tmp_path: Path) -> FigureWriter:
    """Writes a row of docs/reliability.md when the tests run with `--figures`, also one that does not hold; asserts nothing.

    `figure("F2", "kill after every system call of a save", bar="100 %", n=104, good=104, note="")`; `folder` names the disk it ran on.
    """

    def write(id: str, what: str, *, bar: str, n: int, good: int, note: str = "", folder: Path = tmp_path) -> None:
        if request.config.getoption("figures"):
            merge(request.config.rootpath / "docs" / "reliability.md", Row(id, what, bar, n, good, note, today(), machine(folder)))

    return write


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form of a test is asked for."""
    return bool(request.config.getoption("long"))
