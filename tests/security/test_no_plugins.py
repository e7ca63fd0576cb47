"""HDF5 loads code from folders that the environment names, when a file asks for a filter; never in this program."""

import os
import shutil
import subprocess
import sys

import pytest

LIBRARY = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void run(void) { FILE *file = fopen(getenv("RAN"), "w"); if (file) fclose(file); }
"""
READER = """
{first}
import h5py
h5py.h5z.filter_avail(40000)
"""


@pytest.mark.parametrize(("first", "runs"), [("import unetstudio.project.hdf5_validation", False), ("", True)])
@pytest.mark.skipif(shutil.which("cc") is None or sys.platform != "linux", reason="needs a C compiler")
def test_that_a_filter_in_a_file_loads_no_library(tmp_path, first, runs):
    (tmp_path / "plugin.c").write_text(LIBRARY)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", tmp_path / "libplugin.so", tmp_path / "plugin.c"], check=True)
    environment = {**os.environ, "HDF5_PLUGIN_PATH": str(tmp_path), "RAN": str(tmp_path / "ran")}
    environment.pop("HDF5_PLUGIN_PRELOAD", None)
    subprocess.run([sys.executable, "-c", READER.format(first=first)], env=environment, check=True)
    assert (tmp_path / "ran").exists() is runs  # without the program's care it does run
