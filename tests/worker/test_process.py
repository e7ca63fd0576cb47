"""The worker in its own process: it starts, answers, and its death is noticed and named."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

import psutil
import pytest

from unetstudio.inference.events import Notice
from unetstudio.worker.messages import Answer, DescribeDevice, DeviceReport, Event, TaskEnded, WorkerReady
from unetstudio.worker.process import WorkerProcess


def receive_until(worker: WorkerProcess, *kinds: type[Event], seconds: float = 60) -> list[Event]:
    """Return the first events of these kinds, in their order; several may come at once."""
    end = time.monotonic() + seconds
    received: list[Event] = []
    while time.monotonic() < end:
        events = worker.receive(0.5)
        assert events is not None, worker.cause()
        received += events
        found = [next((event for event in received if isinstance(event, kind)), None) for kind in kinds]
        if None not in found:
            return [event for event in found if event is not None]
    raise AssertionError(f"only {[type(event).__name__ for event in received]} within {seconds} s")


def test_that_a_worker_answers_and_ends_on_request() -> None:
    worker = WorkerProcess()
    (ready,) = receive_until(worker, WorkerReady)
    assert isinstance(ready, WorkerReady)
    assert ready.pid == worker.pid
    worker.send(DescribeDevice(7, measure=False))
    answer, ended = receive_until(worker, Answer, TaskEnded)
    assert isinstance(answer, Answer) and answer.task == 7 and isinstance(answer.event, DeviceReport)
    assert ended == TaskEnded(7)
    worker.close(5.0)
    assert not psutil.pid_exists(ready.pid)


@pytest.mark.skipif(os.name == "nt", reason="signals are a Unix matter")
def test_that_a_killed_worker_is_noticed_and_its_end_explained() -> None:
    worker = WorkerProcess()
    receive_until(worker, WorkerReady)
    os.kill(worker.pid, signal.SIGKILL)
    events: list[Event] | None = []
    for _ in range(20):
        events = worker.receive(0.5)
        if events is None:
            break
    assert events is None
    assert "ended from outside" in worker.cause()
    worker.close(0.1)


def test_that_a_network_that_is_left_out_is_reported_to_the_window(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "loud_networks.py").write_text("class Other: ...\n", encoding="utf-8")
    folder = tmp_path / "loud_networks-1.0.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: loud-networks\nVersion: 1.0\n", encoding="utf-8")
    (folder / "entry_points.txt").write_text("[unetstudio.networks]\nunet = loud_networks:Other\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    worker = WorkerProcess()
    notice, _ = receive_until(worker, Notice, WorkerReady)  # it goes on with its own
    assert isinstance(notice, Notice)
    assert "loud-networks" in notice.text and "unetstudio.networks.unet.UNet" in notice.text
    worker.close(5.0)


def test_that_the_window_loads_neither_torch_nor_other_large_libraries_to_begin_with() -> None:
    import subprocess

    large = ("torch", "scipy", "skimage", "pydicom", "h5py", "nibabel", "tifffile", "PIL")
    code = f"import sys, unetstudio.worker.process, unetstudio.ui.application; sys.exit(any(name in sys.modules for name in {large}))"
    assert subprocess.run([sys.executable, "-c", code], check=False, env={**os.environ, "QT_QPA_PLATFORM": "offscreen"}).returncode == 0
