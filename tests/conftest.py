"""Fixtures of all tests: an offscreen screen, no network, a separate home folder, and the folder of real images if there is one."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.table import Row, machine, merge, today
from stacks import Stack, write_stack

from unetstudio.formats import FORMATS

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
os.environ.setdefault("OMP_NUM_THREADS", "1")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of the fault tests."""
    parser.addoption("--long", action="store_true", help="run the long forms of the fault tests")
    parser.addoption("--figures", action="store_true", help="write the figures of the fault tests into docs/reliability.md")


@pytest.fixture
def figure(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., None]:
    """Return a function that writes a row of docs/reliability.md under `--figures`, even one that does not hold; it asserts nothing.

    `figure("F2", "kill after every system call of a save", bar="100 %", n=104, good=104, note="")`; `folder` is on the tested disk.
    """
    place: Path = request.getfixturevalue("quick") if "quick" in request.fixturenames else tmp_path

    def write(id: str, what: str, *, bar: str, n: int, good: int, note: str = "", folder: Path = place) -> None:
        if request.config.getoption("figures"):
            merge(request.config.rootpath / "docs" / "reliability.md", Row(id, what, bar, n, good, note, today(), machine(folder)))

    return write


@pytest.fixture
def long(request: pytest.FixtureRequest) -> bool:
    """Whether the long form of tests was requested."""
    return bool(request.config.getoption("long"))


@pytest.fixture(scope="session")
def cache_of_the_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Share the machine cache between the tests, so that each measurement is made once per run."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def home_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, cache_of_the_run: Path) -> None:
    """Separate the preferences, recent projects and caches of a test from the user's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("UNETSTUDIO_HOME", str(home))
    monkeypatch.setenv("UNETSTUDIO_CACHE", str(cache_of_the_run))


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that tries to reach another computer."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: object) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            raise AssertionError(f"the program tried to reach the network: {address}")
        return connect(self, address)  # type: ignore[arg-type]

    monkeypatch.setattr(socket.socket, "connect", refuse)


@pytest.fixture
def stack_of(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Return stack_of(path, images=3) -> path, which writes a file of several images, and register its format for the test."""
    FORMATS.items()  # loaded before it is changed
    monkeypatch.setattr(FORMATS, "_entries", dict(FORMATS._entries))
    FORMATS.register("stack")(Stack())
    return write_stack


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Return the folder of real images with masks, from UNETSTUDIO_DATA or beside the checkout; skip the test without it."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("UNETSTUDIO_DATA", beside))
    if not folder.is_dir():
        pytest.skip("no real images here: set UNETSTUDIO_DATA to their folder")
    return folder
