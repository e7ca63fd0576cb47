"""`kill -9` of a process that paints, and an end at every single call to the disk: each stroke that was called saved is there."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.labels import LabelMap
from unetstudio.project.manifest_file import is_project
from unetstudio.project.project import Project
from unetstudio.project.record import Kind
from unetstudio.project.store import LabelStore

PAINTER = """
import sys
from pathlib import Path
import numpy as np
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.project.record import Kind
from unetstudio.project.record import Kind
from unetstudio.project.project import Project
from unetstudio.project.manifest_file import is_project
from unetstudio.project.store import LabelStore

store = LabelStore(Path(sys.argv[1]))
labels = store.load((1, 64, 64)).labels
while True:
    number = store.sequence + 1
    stroke = Stroke(labels, number % 5, tool="brush")
    region = Region((0, number * 7 % 60, number * 11 % 60), (1, 64, 64))
    stroke.paint(region, np.ones(region.shape, bool))
    print(store.append(Kind.EDIT, stroke.commit()), flush=True)
    if number % 7 == 0:
        store.checkpoint(labels)
"""


def painted(count: int) -> np.ndarray:
    """What the painter's first `count` strokes give."""
    values = np.full((1, 64, 64), 255, np.uint8)
    for number in range(1, count + 1):
        values[0, number * 7 % 60 :, number * 11 % 60 :] = number % 5
    return values


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")
def test_that_a_killed_painter_loses_no_stroke_that_it_called_saved(tmp_path: Path):
    folder, lines_before_kill = tmp_path / "cases" / "one", [1, 6, 7, 13, 21]
    for lines in lines_before_kill:
        with subprocess.Popen([sys.executable, "-c", PAINTER, str(folder)], stdout=subprocess.PIPE, text=True) as painter:
            assert painter.stdout is not None
            saved = [int(painter.stdout.readline()) for _ in range(lines)]
            painter.send_signal(signal.SIGKILL)
            saved += [int(line) for line in painter.stdout.read().splitlines() if line]
        loaded = LabelStore(folder, read_only=True).load((1, 64, 64))
        assert saved[-1] <= loaded.sequence <= saved[-1] + 1
        assert np.array_equal(loaded.labels.values, painted(loaded.sequence))
        assert isinstance(loaded.labels, LabelMap) and len(loaded.history) > 0


def test_that_an_end_at_any_call_to_the_disk_loses_nothing_saved(tmp_path: Path, case, paint, failing_disk, killed):
    """A project is made, painted in and checkpointed four times, and reopened after an end at its first, second, third ... call."""
    edits, states, labels = [], [], LabelMap.unlabelled(case.shape)
    for number in range(1, 9):
        states.append(labels.values.copy())
        edits.append(paint(labels, number))
    states.append(labels.values.copy())
    for last_call in range(1, 2000, 3):
        folder, saved, listed = tmp_path / f"{last_call}.unetstudio", 0, False
        disk = failing_disk(last_call, kills=True)
        try:
            project = Project.create(folder)
            project.add_cases([case])
            project.save()
            listed = True
            store = project.store(case)
            labels = store.load(case.shape).labels
            for number, edit in enumerate(edits, 1):
                saved = store.append(Kind.EDIT, edit)
                labels.apply(edit)
                if number % 2 == 0:
                    store.checkpoint(labels)
        except killed:
            pass
        failing_disk()
        (folder / "lock").unlink(missing_ok=True)  # its process lives on, in this test
        if is_project(folder):
            with Project.open(folder) as again:
                assert again.notices == () and again.cases in ((case,), ()) and (again.cases or not listed)
                loaded = again.store(case).load(case.shape)
                assert saved <= loaded.sequence <= saved + 1
                assert np.array_equal(loaded.labels.values, states[loaded.sequence])
                assert "damaged" not in (loaded.recovered or "")
        else:
            assert not listed
        if not disk.failed:
            break
    assert 200 < last_call < 1990 and saved == 8
