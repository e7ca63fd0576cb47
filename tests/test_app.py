"""The first thing that runs: what is said, in one sentence, when no window can be opened, and which way the arguments go."""

from __future__ import annotations

import builtins
import ctypes
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from unetstudio import __version__, app

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture
def a_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Linux with X11, as far as the environment tells."""
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.delenv("QT_QPA_PLATFORM", raising=False)
    monkeypatch.setenv("DISPLAY", ":0")


def without(monkeypatch: pytest.MonkeyPatch, error: ImportError) -> None:
    """Qt cannot be imported."""
    known = builtins.__import__

    def refuse(name: str, *arguments: object, **options: object) -> object:
        if name.startswith("PySide6"):
            raise error
        return known(name, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(builtins, "__import__", refuse)


@pytest.mark.usefixtures("a_screen")
def test_that_a_missing_system_library_is_named_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def load(name: str) -> object:
        if name == "libxcb-cursor.so.0":
            raise OSError(f"{name}: cannot open shared object file: No such file or directory")
        return object()

    monkeypatch.setattr(ctypes, "CDLL", load)
    assert app.main([]) == 2
    told = capsys.readouterr().err
    assert "libxcb-cursor.so.0" in told
    assert "sudo apt-get install -y" in told
    assert "libxcb-cursor0" in told


@pytest.mark.usefixtures("a_screen")
def test_that_qt_lacking_a_library_of_its_own_gives_the_same_line(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, ImportError("libEGL.so.1: cannot open shared object file: No such file or directory"))
    told = app.missing_libraries()
    assert "libEGL.so.1" in told
    assert "sudo apt-get install -y" in told


def test_that_a_missing_pyside_is_reported_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    without(monkeypatch, ModuleNotFoundError("No module named 'PySide6'", name="PySide6"))
    told = app.missing_libraries()
    assert "pip install" in told
    assert "apt-get" not in told


def test_that_without_a_screen_the_commands_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("QT_QPA_PLATFORM", "DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    assert "unetstudio new" in app.missing_libraries()


def test_that_nothing_is_missing_where_nothing_has_to_be_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    assert app.missing_libraries() == ""


@pytest.mark.parametrize(("argument", "word"), [("--bogus", "--bogus is not known"), ("nowhere.png", "no such file")])
def test_that_a_wrong_argument_is_reported_in_words(argument: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main([argument]) == 2
    assert word in capsys.readouterr().err


@pytest.mark.parametrize("way", [["-m", "unetstudio"], ["main.py"]])
def test_that_every_way_to_start_leads_to_the_program(way: list[str]) -> None:
    ran = subprocess.run([sys.executable, *way, "--version"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == f"unetstudio {__version__}"


def test_that_the_console_command_is_the_same_program() -> None:
    scripts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]
    assert scripts == {"unetstudio": "unetstudio.app:main"}
    assert all(found.load() is app.main for found in entry_points(group="console_scripts", name="unetstudio"))


def test_that_the_system_packages_are_those_of_the_readme() -> None:
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    line = next(line for line in readme.splitlines() if "apt-get install" in line)
    assert set(app.APT.split()) <= set(line.split())
