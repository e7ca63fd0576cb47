"""Starting the program in a folder, or on one, runs nothing that lies there."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

START = """
import time
from unetstudio.worker.messages import WorkerReady
from unetstudio.worker.process import WorkerProcess

if __name__ == "__main__":
    worker, events, until = WorkerProcess(), [], time.monotonic() + 90
    while not any(isinstance(event, WorkerReady) for event in events) and time.monotonic() < until:
        events += worker.receive(1.0) or []
    print("ready" if events else "silent")
    worker.close()
"""
"""Starts a learner as the window does."""

TRAP = "from pathlib import Path\nPath({marker!r}).touch()\nraise SystemExit('this was run')\n"


def plant(folder: Path, marker: Path, *names: str) -> None:
    """Put modules of these names into a folder; whichever is run leaves a marker."""
    folder.mkdir()
    for name in names:
        (folder / f"{name}.py").write_text(TRAP.format(marker=str(marker)))


def run(tmp_path: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script that lies elsewhere, as an installed program does, in the folder `scans`."""
    start = tmp_path / "bin" / "start.py"
    start.parent.mkdir()
    start.write_text(code)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONSAFEPATH"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    command = [sys.executable, str(start), *arguments]
    return subprocess.run(command, check=False, cwd=tmp_path / "scans", env=environment, capture_output=True, text=True, timeout=110)


@pytest.mark.parametrize("name", ["multiprocessing", "torch"])
def test_that_the_learner_runs_nothing_from_the_current_folder(tmp_path: Path, name: str) -> None:
    plant(tmp_path / "scans", tmp_path / "ran", name)
    ended = run(tmp_path, START)
    assert not (tmp_path / "ran").exists()
    assert ended.stdout.strip() == "ready", ended.stderr


def test_that_a_command_runs_nothing_from_the_current_folder(tmp_path: Path) -> None:
    plant(tmp_path / "scans", tmp_path / "ran", "numpy", "torch", "json", "unetstudio", "pydicom")
    run(tmp_path, "import sys\nfrom unetstudio.app import main\nsys.exit(main())\n", "info", ".")
    assert not (tmp_path / "ran").exists()
