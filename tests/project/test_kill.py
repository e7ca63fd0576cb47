"""`kill -9` of a process that paints: every stroke it had called saved is there."""

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from unetstudio.data.labels import LabelMap
from unetstudio.project.store import LabelStore

PAINTER = """
import sys
from pathlib import Path
import numpy as np
from unetstudio.data.labels import LabelMap
from unetstudio.data.region import Region
from unetstudio.data.stroke import Stroke
from unetstudio.project.journal import Kind
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
