"""F4: the n-th call to the disk fails, for every n and in seven ways; and file systems that are really full."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from faults.failing import MODES, Blind, Failing, failing
from faults.judge import fault
from faults.session import Session

from unetstudio.project import store as stores

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks into /proc, which only Linux has")


def descriptors() -> int:
    """Open ones of this process."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208


def refused_once(root: Path, disk: Failing | Blind) -> tuple[bool, list[str], list[str]]:
    """Whether the n-th call was reached, what went wrong, and what the user was told."""
    before = descriptors()
    with disk.everywhere() if isinstance(disk, Blind) else failing(disk):
        session = Session(root, disk)
        try:
            session.live()
        except Exception as error:  # noqa: BLE001 (whatever it is, the window would have died of it)
            session.faults.append(f"{type(error).__name__}: {error}")
        disk.heal()
    faults = session.faults
    if descriptors() > before:  # fewer: what an earlier test left to be collected is gone
        faults.append(f"{descriptors() - before} descriptors are left open")
    if found := fault(session.folder, session.story, session.promised):
        faults.append(f"afterwards: {found}")
    if left := [path.name for path in session.folder.rglob("*.tmp")]:
        faults.append(f"temporary files are left: {left}")
    return disk.failed, faults, session.said


def each_call(quick: Path, step: int, disk_of: Callable[[Path, int], Failing | Blind]) -> tuple[int, int, list[str]]:
    """Sessions in each of which a later call fails: how many there were, how often the user was told, and what went wrong."""
    faults, cases, told, number, reached = [], 0, 0, 1, True
    while reached:
        root = quick / f"session {number}"
        root.mkdir()
        reached, wrong, said = refused_once(root, disk_of(root, number))
        shutil.rmtree(root)
        cases, told = cases + reached, told + bool(said)
        faults += [f"call {number}: {what}" for what in wrong[:1]]
        number += step
    return cases, told, faults


@pytest.mark.parametrize("mode", MODES)
def test_that_a_call_that_the_disk_refuses_costs_nothing_and_is_said(
    quick: Path, mode: str, figure: Callable[..., None], long: bool, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stores, "STROKES", 3)  # a new generation after so many
    cases, told, faults = each_call(quick, 1 if long else 5, lambda _, number: Failing(number, mode))
    figure(
        "F4",
        f"the n-th call to the disk fails: {mode}",
        bar="nothing lost, said in a sentence, saves again",
        n=cases,
        good=cases - len(faults),
        note=f"{told} were told to the user, the others did not matter",
    )
    assert cases and not faults, faults[:5]


@pytest.mark.parametrize("error", [errno.EIO, errno.EACCES])
def test_that_a_look_that_the_disk_refuses_costs_nothing(
    quick: Path, error: int, figure: Callable[..., None], long: bool, monkeypatch: pytest.MonkeyPatch
):
    """Names, sizes and times: a folder that cannot be read must not pass for an empty one."""
    monkeypatch.setattr(stores, "STROKES", 3)
    cases, told, faults = each_call(quick, 1 if long else 17, lambda root, number: Blind(root, number, error))
    figure(
        "F4",
        f"the n-th look at names, sizes or times fails: {os.strerror(error)}",
        bar="nothing lost, said in a sentence, saves again",
        n=cases,
        good=cases - len(faults),
        note=f"{told} were told to the user, the others did not matter",
    )
    assert cases and not faults, faults[:5]


@pytest.mark.parametrize(
    ("how", "size", "what"),
    [
        ("disk", "24m", "a file system of 24 MB, really full"),
        ("reserve", "96m", "a full disk on which the project holds its reserve"),
        ("size", "", "the system allows no larger files (RLIMIT_FSIZE)"),
    ],
)
def test_that_a_really_full_disk_is_said_and_loses_nothing(tmp_path: Path, how: str, size: str, what: str, figure: Callable[..., None]):
    """With room again the same window saves what had to wait."""
    if size and shutil.which("unshare") is None:
        pytest.skip("no file system may be mounted here")
    tests = Path(__file__).parents[1]
    environment = {
        **os.environ,
        "PYTHONPATH": f"{tests}:{tests.parent}",
        "OMP_NUM_THREADS": "1",
        "DISK": str(tmp_path),
        "PYTHON": sys.executable,
    }
    command = f'"$PYTHON" -m faults.crowded "$DISK" {how}'
    mounted = f'mount -t tmpfs -o size={size} tmpfs "$DISK" && {command}'
    own = ["unshare", "-m"] if os.geteuid() == 0 else ["unshare", "-rm"]
    ended = subprocess.run(
        [*(own if size else []), "sh", "-c", mounted if size else command],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if size and not ended.stdout and ("unshare" in ended.stderr or "mount" in ended.stderr):
        pytest.skip("no file system may be mounted here")
    seen = json.loads(ended.stdout)
    good = not seen["faults"] and seen["said"].endswith(".") and ("full" in seen["said"] or "size" in seen["said"])
    figure("F4", what, bar="nothing lost, said in a sentence, saves again", n=1, good=int(good), note=f"{seen['saved']} strokes fitted")
    assert good and (how != "reserve" or (seen["reserve"] and seen["reserve again"] and seen["saved"] > 15)), seen
