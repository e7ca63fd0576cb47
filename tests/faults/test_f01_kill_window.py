"""F1: `kill -9` of the window at random instants while it paints, writes labels as a whole, learns, or closes."""

from __future__ import annotations

import random
import shutil
import sys
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

import pytest
from faults.window import Verdict, Window, judge, left_alive, opened, pictures

from unetstudio.project.checkpoints import cards
from unetstudio.project.manifest_file import is_project
from unetstudio.workspace.open_project import open_project

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL there")

IN_A_ROW = 8
"""Kills of one project before the next is made."""

PHASES = {
    "painting": {"long": 0.2},
    "saving": {"generation": 5, "long": 0.02},
    "learning": {"learn": True, "pace": 20},
    "closing": {"generation": 12, "pace": 4},
}
SHORT = {"painting": 2, "saving": 1, "learning": 1, "closing": 1}
LONG = {"painting": 70, "saving": 70, "learning": 30, "closing": 50}


def reach(window: Window, phase: str, chance: random.Random) -> None:
    """Waits for a random instant of the phase."""
    if phase == "painting":
        assert window.says("state")
        time.sleep(chance.uniform(0, 3))
    elif phase == "saving":
        assert window.says("generation", times=chance.randrange(1, 9))
        time.sleep(chance.uniform(0, 0.04))
    elif phase == "learning":
        assert window.says("event", "StepDone", times=chance.randrange(1, 4))
        time.sleep(chance.uniform(0, 2))
    else:
        assert window.says("closing")
        time.sleep(chance.uniform(0, 0.25))


@pytest.mark.parametrize("phase", PHASES)
def test_that_a_window_killed_at_a_random_instant_loses_at_most_a_second_of_drawing(
    tmp_path: Path, phase: str, long: bool, figure: Callable[..., None]
) -> None:
    kills, chance = (LONG if long else SHORT)[phase], random.Random(phase)
    before: dict[str, str] = {}
    verdicts: list[Verdict] = []
    for number in count():
        if len(verdicts) == kills:
            break
        folder = tmp_path / f"images-{number // IN_A_ROW}"
        if not folder.exists():
            pictures(folder)
            before = {}
        project = folder.with_name(f"{folder.name}.unetstudio")
        close_after = {"close_after": chance.randrange(300, 1500)} if phase == "closing" else {}
        with opened(project if is_project(project) else folder, seed=number, **PHASES[phase], **close_after) as window:
            reach(window, phase, chance)
            family = window.family
            too_late = window.process.poll() is not None  # it had closed before the signal came: not counted, but judged
            killed = window.kill()
            here, before = judge(window, killed, project, before)
            here += [Verdict(f"{number}: {' '.join(text)}") for text in window.all("fault")]
            orphans = left_alive(family, 15)
        worst = next((verdict for verdict in here if verdict.wrong), max(here, key=lambda verdict: verdict.lost, default=Verdict()))
        if worst.wrong or not too_late:
            verdicts.append(worst)
        assert not orphans
        if phase == "learning":
            cards(project / "checkpoints")
        if not is_project(project):
            shutil.rmtree(project, ignore_errors=True)  # begun, and killed before it was one: the program begins another beside it
    wrong = [verdict.wrong for verdict in verdicts if verdict.wrong]
    most = max(verdict.lost for verdict in verdicts)
    figure(
        "F1",
        f"kill -9 of the window while it is {phase}, at random instants",
        bar="all reopen, at most 1 s of drawing lost, 0 wrong",
        n=len(verdicts),
        good=len(verdicts) - len(wrong),
        note=f"at most {most:.2f} s of drawing lost",
    )
    assert not wrong
    again = open_project(project, tmp_path)
    try:
        assert not again.writer.project.read_only
        for case in again.writer.project.cases:
            assert again.writer.open_case(case).labels is not None
    finally:
        again.writer.close()
