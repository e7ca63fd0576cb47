"""F2: the end of the process after every single change of the disk, and in the middle of every write."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from faults.conftest import Told
from faults.judge import Promises, bury, fault
from faults.remains import killed, power_cut
from faults.story import NAME
from faults.trace import Mark, Written, recording

from unetstudio.errors import UserError
from unetstudio.project.manifest_file import is_project
from unetstudio.project.project import Project

SHARES = (0.0, 0.03, 0.5, 0.97)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sync of folders to model")


def test_that_the_recorder_sees_every_change_of_the_project(told: Told, quick: Path):
    """What the recorded changes lead to is the folder, byte for byte."""
    found = {path.relative_to(quick / "told").as_posix(): path for path in (quick / "told").rglob("*")}
    rebuilt = dict(killed(told.operations).paths())
    assert rebuilt == {name: path.read_bytes() if path.is_file() else None for name, path in found.items()}


def test_that_a_kill_after_any_change_of_the_disk_loses_nothing_promised(
    told: Told, opened: Callable[..., str], figure: Callable[..., None]
):
    faults, states = [], 0
    for end in range(len(told.operations) + 1):
        last = told.operations[end - 1] if end else None
        if isinstance(last, Mark):
            continue
        for share in (*SHARES, 1.0) if isinstance(last, Written) else (1.0,):
            states += 1
            if found := opened(killed(told.operations[:end], share), told.story, Promises(told.operations[:end])):
                faults.append(f"after change {end} ({type(last).__name__}, {share:.0%}): {found}")
    figure(
        "F2",
        "end after every change of the disk and in mid-write, rebuilt and opened again",
        bar="100 %",
        n=states,
        good=states - len(faults),
        note="a day with 2 cases: strokes, undo, generations, lists, weights, two sessions",
    )
    assert not faults, faults[:3]


def test_that_a_kill_while_recovering_from_a_kill_loses_nothing_promised(
    told: Told, quick: Path, opened: Callable[..., str], figure: Callable[..., None], long: bool
):
    """The second end comes after every change that opening makes on what a power cut left."""
    faults, states = [], 0
    for seed in range(150 if long else 8):
        random = Random(seed)
        end = random.randrange(len(told.operations) // 3, len(told.operations))
        place = quick / f"again {seed}"
        power_cut(told.operations[:end], random).lay_out(place)
        bury(place / NAME)
        with recording(place) as recorder:
            found = len(recorder.operations)
            try:
                if is_project(place / NAME):
                    with Project.open(place / NAME) as project:
                        for case in project.cases:
                            project.store(case).load(case.shape)
            except UserError as error:
                faults.append(f"seed {seed}: {error}")
        for second in range(found, len(recorder.operations) + 1):
            states += 1
            if wrong := opened(killed(recorder.operations[:second]), told.story, Promises(told.operations[:end])):
                faults.append(f"seed {seed}, change {second - found} of the recovery: {wrong}")
    figure("F2", "a second end while a project recovers from a power cut", bar="100 %", n=states, good=states - len(faults))
    assert not faults, faults[:3]


def test_that_the_judge_notices_a_lost_stroke(told: Told, quick: Path):
    """The harness has teeth: without the last journal the project is not what was promised."""
    place = quick / "toothless"
    killed(told.operations).lay_out(place)
    promised = Promises(told.operations)
    max((place / NAME / "cases" / "0000000000000001").glob("strokes-*.journal"), key=lambda path: path.name).unlink()
    assert "promised" in fault(place / NAME, told.story, promised)
