"""The trace of a crash."""

from __future__ import annotations

import faulthandler
from pathlib import Path

from unetstudio.worker import crash_log

TRACE = """Fatal Python error: Segmentation fault

Current thread 0x00007f (most recent call first):
  File "/home/jane.doe/venv/lib/python3.11/site-packages/unetstudio/training/train_state.py", line 12 in step
  File "C:\\Users\\Jane\\unetstudio\\worker\\child.py", line 3 in serve
  File "<string>", line 1 in <module>
"""


def test_that_a_trace_bears_no_folder_that_names_somebody(tmp_path: Path) -> None:
    raw = crash_log.raw(tmp_path, 7)
    raw.write_text(TRACE, encoding="utf-8")
    trace = crash_log.collect(raw)
    assert 'File "train_state.py", line 12 in step' in trace
    assert 'File "child.py", line 3 in serve' in trace
    assert "jane" not in trace.lower()
    assert not raw.exists()
    assert (tmp_path / crash_log.LAST).read_text(encoding="utf-8") == trace


def test_that_an_orderly_end_leaves_no_trace_and_keeps_the_last_one(tmp_path: Path) -> None:
    (tmp_path / crash_log.LAST).write_text("before", encoding="utf-8")
    raw = crash_log.raw(tmp_path, 7)
    raw.touch()
    assert crash_log.collect(raw) == ""
    assert (tmp_path / crash_log.LAST).read_text(encoding="utf-8") == "before"


def test_that_a_trace_is_for_the_users_eyes_only(tmp_path: Path) -> None:
    before = faulthandler.is_enabled()
    file = crash_log.open_raw(crash_log.raw(tmp_path / "log", 7))
    try:
        assert file is not None
        assert crash_log.raw(tmp_path / "log", 7).stat().st_mode & 0o077 == 0
    finally:
        faulthandler.disable()
        if before:
            faulthandler.enable()
        assert file is not None
        file.close()


def test_that_a_home_that_cannot_be_written_costs_no_more_than_the_trace(tmp_path: Path) -> None:
    (tmp_path / "log").touch()
    assert crash_log.open_raw(crash_log.raw(tmp_path / "log", 7)) is None
