"""A whole day in the program, and not one attempt to reach another computer."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest
from security.conftest import RECORDER

pytestmark = pytest.mark.timeout(400)  # the day takes half a minute, and a crowded machine its time
OURSELVES = re.compile(r"AF_UNIX|AF_NETLINK|AF_UNSPEC|bind\(\d+, \{sa_family=AF_INET6, sin6_port=htons\(0\).*\"::1\"")
"""The screen, the session bus, the pipe to the worker, the system's own list of addresses, and whether this computer knows IPv6."""


def test_that_nothing_in_the_program_knocks_at_the_network(day, figure):
    figure("Network", "attempts to reach another computer in a whole day", bar="0", n=1, good=int(not day.network))
    assert day.network == []


def test_that_no_library_knocks_at_it_either(day):
    if not day.system_calls:
        pytest.skip("needs strace")
    families = [line for line in day.system_calls.splitlines() if "AF_" in line or "sa_family" in line]
    assert [line for line in families if not OURSELVES.search(line)] == []


def test_that_qt_s_network_library_is_not_even_loaded():
    code = "import sys, unetstudio.ui.application; print('PySide6.QtNetwork' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_that_the_recorder_hears_a_knock(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(RECORDER)
    code = "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(('192.0.2.1', 9))"
    environment = {"PYTHONPATH": str(tmp_path), "RECORD": str(tmp_path / "record"), "PATH": "/usr/bin"}
    subprocess.run([sys.executable, "-c", code], env=environment, check=False)
    assert "network socket.connect" in (tmp_path / "record").read_text()
