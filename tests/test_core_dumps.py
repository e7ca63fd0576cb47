"""What a crash may leave on the disk."""

from __future__ import annotations

import subprocess
import sys

import pytest


@pytest.mark.skipif(sys.platform == "win32", reason="there are no core dumps to keep from being written")
def test_that_neither_a_process_nor_those_it_starts_dump_memory() -> None:
    limit = "import resource; print(resource.getrlimit(resource.RLIMIT_CORE)[0])"
    code = f"import subprocess, sys; from unetstudio.core_dumps import disable_core_dumps; disable_core_dumps(); {limit}"
    code += f"; subprocess.run([sys.executable, '-c', '{limit}'], check=True)"
    run = subprocess.run([sys.executable, "-u", "-c", code], check=True, capture_output=True, text=True)
    assert run.stdout.split() == ["0", "0"]
