"""F3: power cuts. Whatever was not synced is kept, lost, zeroed, torn or garbled at random; programs that forget to sync are found out."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from random import Random

import pytest
from faults.conftest import Told
from faults.judge import Promises
from faults.remains import power_cut, without
from faults.trace import Operation

Opened = Callable[..., str]

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no sync of folders to model")


def cuts(told: Told, operations: Sequence[Operation], opened: Opened, count: int) -> list[str]:
    """What is wrong after `count` power cuts at random instants; each is repeated by its seed."""
    faults = []
    for seed in range(count):
        random = Random(seed)
        end = random.randrange(len(operations) + 1)
        if found := opened(power_cut(operations[:end], random), told.story, Promises(operations[:end])):
            faults.append(f"seed {seed}, after {end} of {len(operations)}: {found}")
    return faults


def test_that_a_power_cut_loses_nothing_promised(told: Told, opened: Opened, figure: Callable[..., None], long: bool):
    states = 10_000 if long else 300
    faults = cuts(told, told.operations, opened, states)
    figure(
        "F3",
        "power cut: what was not synced is kept, lost, zeroed, torn or garbled; names too",
        bar="100 %",
        n=states,
        good=states - len(faults),
        note=f"seeds 0 to {states - 1}",
    )
    assert not faults, faults[:3]


@pytest.mark.parametrize(
    ("forgotten", "call", "folders"),
    [("syncs of folders", "", True), ("fsync of files", "fsync", False), ("fdatasync of journals", "fdatasync", False)],
)
def test_that_a_program_that_forgets_to_sync_is_found_out(
    told: Told, opened: Opened, figure: Callable[..., None], long: bool, forgotten: str, call: str, folders: bool
):
    states = 1_000 if long else 40
    lost = len(cuts(told, without(told.operations, call, folders=folders), opened, states))
    figure(
        "F3",
        f"control: the same without {forgotten} must lose work",
        bar="found out",
        n=1,
        good=int(lost > 0),
        note=f"{lost:,} of {states:,} power cuts lost something promised",
    )
    assert lost > states // 20
