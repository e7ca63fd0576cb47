"""A crash writes no image of the memory to the disk."""

import subprocess
import sys

import pytest

pytest.importorskip("resource", reason="Windows has no such limit")

CODE = """
import resource
from unetstudio.app import main
main(["--unknown"])
print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


def test_that_no_crash_leaves_an_image_of_the_memory():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == "0"
