"""F12: the window closed at random moments of whatever it does ends soon, in order, with everything saved and no process left."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.window import digest, left_alive, opened, pictures

from unetstudio.project.project import Project
from unetstudio.project.store import read_labels

WITHIN = 3.0
"""Seconds; counted in the figure, asserted nowhere: a busy machine is not a fault."""

DOING = {
    "starting": {},
    "opening a folder": {},
    "painting": {"long": 0.3, "generation": 10},
    "learning": {"learn": True, "pace": 20},
    "exporting": {"pace": 20},
}
UNTIL = {"starting": 300, "opening a folder": 700, "painting": 2500, "learning": 9000, "exporting": 2500}
"""Milliseconds within which the moment lies, from when the window came up."""
LONG = {"starting": 30, "opening a folder": 40, "painting": 50, "learning": 40, "exporting": 40}


@pytest.mark.parametrize("doing", DOING)
def test_that_a_window_closed_at_a_random_moment_ends_in_order_with_all_saved(
    tmp_path: Path, doing: str, long: bool, figure: Callable[..., None]
) -> None:
    chance, longest, slow = random.Random(doing), 0.0, 0
    faults: list[str] = []
    times = LONG[doing] if long else 1
    for number in range(times):
        names = tuple(f"image-{n}" for n in range(80)) if doing == "opening a folder" else ("cells", "nuclei")
        images = pictures(tmp_path / f"images-{number}", names)
        export = {"export": str(tmp_path / f"export-{number}")} if doing == "exporting" else {}
        with opened(images, seed=number, close_after=chance.randrange(UNTIL[doing]), **DOING[doing], **export) as window:
            assert window.says("closing")
            family = window.family
            error = window.end()
            seconds = time.monotonic() - float(window.all("closing")[0][0])
            orphans = left_alive(family, 1)
        longest, slow = max(longest, seconds), slow + (seconds > WITHIN)
        faults += [f"{number}: {said}" for said in [*error, *(" ".join(text) for text in window.all("fault"))]]
        faults += [f"{number}: exit code {window.process.returncode}"] * (window.process.returncode != 0)
        faults += [f"{number}: {process} is left" for process in orphans]
        faults += [f"{number}: {trouble}" for trouble in unsaved(window.lines, images.with_name(f"{images.name}.unetstudio"))]
    broken = {fault.partition(":")[0] for fault in faults}
    figure(
        "F12",
        f"the window closed at random moments while {doing}",
        bar="ends within 3 s with code 0, all saved, no process left, nothing on standard error",
        n=times,
        good=max(0, times - len(broken) - slow),
        note=f"the longest took {longest:.1f} s",
    )
    assert not faults


def unsaved(lines: list[list[str]], project: Path) -> list[str]:
    """What of the last told state of each case is not on the disk; and what a closed project must not leave."""
    last: dict[str, str] = {}
    for word, *rest in lines:
        if word in ("opened", "state"):
            last[rest[0]] = rest[2] if word == "opened" else rest[3]
    if not project.exists():
        return ["no project, although a case was open"] if last else []
    troubles = [f"{left.name} is left" for left in project.rglob("*.tmp")]
    with Project.open(project) as found:
        troubles += ["it is locked"] if found.read_only else []
        troubles += ["a notice: " + text for text in found.notices]
        for case in found.cases:
            if case.id in last and digest(read_labels(project, case)[0]) != last[case.id]:
                troubles.append(f"labels of {case.name} are not those of the window")
    return troubles
