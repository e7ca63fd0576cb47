"""The shape of the program: no file needs another one that needs it again."""

from __future__ import annotations

from graphlib import CycleError, TopologicalSorter

import grimp
import pytest


def test_that_no_files_import_each_other_in_a_circle() -> None:
    graph = grimp.build_graph("unetstudio", cache_dir=None)  # imports for types and inside functions count
    imported = {file: graph.find_modules_directly_imported_by(file) for file in sorted(graph.modules)}
    try:
        TopologicalSorter(imported).prepare()
    except CycleError as error:
        pytest.fail(" <- ".join(error.args[1]))
