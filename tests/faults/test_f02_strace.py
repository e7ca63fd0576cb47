"""F2 for real: `strace` shows that nothing changes a project but what the recorder sees, and kills the process at every such call."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count, takewhile
from pathlib import Path

import pytest
from faults.conftest import Told
from faults.judge import Promises, fault
from faults.story import NAME

CHANGING = {
    "write": "write",
    "pwrite64": "write",
    "fsync": "fsync",
    "fdatasync": "fdatasync",
    "rename": "rename",
    "link": "link",
    "unlink": "unlink",
    "mkdir": "mkdir",
    "ftruncate": "size",
    "fallocate": "size",
}
UNSEEN = "renameat,renameat2,linkat,unlinkat,mkdirat,rmdir,symlink,symlinkat,truncate,writev,pwritev,copy_file_range,sendfile,creat,mknod"
KILLED_AT = ("write", "fsync", "fdatasync", "rename", "link", "unlink", "mkdir", "fallocate")
WORDS = re.compile(r"(?:\[pid +\d+\] )?(\w+)\((.*)\) += (-?\d+)")

pytestmark = pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")


def living(root: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The day in a process of its own under strace."""
    root.mkdir()
    tests = Path(__file__).parents[1]
    environment = {**os.environ, "PYTHONPATH": f"{tests}:{tests.parent}", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(
        ["strace", "-f", "-y", "-qq", *options, sys.executable, "-m", "faults.living", str(root)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def changes(log: Path, root: Path) -> Iterator[str]:
    """The system calls in a log that changed something below `root`."""
    for line in log.read_text(errors="replace").splitlines():
        found = WORDS.search(line)
        if not found or str(root) not in found[2] or int(found[3]) < 0:
            continue
        if found[1] in CHANGING:
            yield CHANGING[found[1]]
        elif found[1] in UNSEEN.split(","):
            yield f"unseen {found[1]}"
        elif found[1] in ("openat", "open") and "O_CREAT" in found[2]:
            yield "create"


def test_that_nothing_changes_a_project_unseen_by_the_recorder(quick: Path, figure: Callable[..., None]):
    root, log = quick / "living", quick / "log"
    ended = living(root, "-o", str(log), "-e", f"trace=openat,open,{','.join(CHANGING)},{UNSEEN}")
    recorded = Counter(json.loads(ended.stdout.splitlines()[-1])[1:])
    seen = Counter(changes(log, root))
    figure(
        "F2",
        "changes of the disk that strace sees are those that our recorder sees",
        bar="all",
        n=seen.total(),
        good=(seen & recorded).total(),
        note="so the rebuilt states are those of the real program",
    )
    assert seen == recorded and seen.total() > 200


def test_that_a_real_kill_at_any_call_to_the_disk_loses_nothing_promised(quick: Path, told: Told, figure: Callable[..., None], long: bool):
    """SIGKILL from the kernel when the n-th call of a kind begins, until the day ends without one."""

    def killed(name: str, number: int) -> str | None:
        """What is wrong afterwards, "" when nothing is; None when there are not so many calls."""
        root = quick / f"{name} {number}"
        ended = living(root, "-o", os.devnull, "-e", f"trace={name}", "-e", f"inject={name}:signal=SIGKILL:when={number}")
        promised = Promises([])
        for line in ended.stdout.splitlines():
            promised.note(*json.loads(line))
        found = fault(root / NAME, told.story, promised)
        shutil.rmtree(root)
        return found if ended.returncode else None

    def all_of(name: str) -> list[str]:
        """One after the other, as long as there are so many."""
        return list(takewhile(lambda found: found is not None, (killed(name, number) for number in count(1))))

    if long:
        with ThreadPoolExecutor(2) as pool:
            found = [wrong for of_name in pool.map(all_of, KILLED_AT) for wrong in of_name]
    else:
        found = [killed("fdatasync", 17), killed("rename", 9)]
    faults = [wrong for wrong in found if wrong]
    figure(
        "F2",
        "SIGKILL by strace when the n-th call to the disk begins, for every n",
        bar="100 %",
        n=len(found),
        good=len(found) - len(faults),
        note=", ".join(KILLED_AT),
    )
    assert not faults, faults[:3]
