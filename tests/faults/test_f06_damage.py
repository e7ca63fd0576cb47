"""F6: damage to the files of a project. Every byte flipped, files cut and lost, sectors of zeros: never wrong labels without a word."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest
from faults.conftest import Told
from faults.damage import Damage, Whole, cuts, flips, judged, settled, zeros

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no alarm there")

PORTION = 500


@pytest.fixture
def whole(told: Told, quick: Path) -> Whole:
    """The project after its day."""
    return settled(quick / "told", told.story)


def in_children(whole: Whole, damages: Sequence[Damage], place: Path) -> list[tuple[Damage, str]]:
    """In processes of their own, so that the death of one is a finding and not the end of the test."""
    found: list[tuple[Damage, str]] = []
    portions = [damages[start : start + PORTION] for start in range(0, len(damages), PORTION)]
    with ProcessPoolExecutor(os.cpu_count(), multiprocessing.get_context("spawn")) as pool:
        waiting = [pool.submit(judged, whole, portion, place / str(number)) for number, portion in enumerate(portions)]
        for portion, future in zip(portions, waiting, strict=True):
            try:
                found += future.result()
            except BrokenProcessPool:
                found += [(damage, "the process died") for damage in portion]
    return found


@pytest.mark.parametrize("how", ["flip", "cut", "zero"])
def test_that_damage_never_gives_wrong_labels_without_a_word(whole: Whole, quick: Path, how: str, figure: Callable[..., None], long: bool):
    what, damages = {
        "flip": ("every byte of a project flipped, one at a time", list(flips(whole, 1 if long else 211))),
        "cut": ("files of a project cut anywhere", list(cuts(whole, 1000 if long else 80))),
        "zero": ("every sector of a project zeroed, one at a time", list(zeros(whole, 1 if long else 3))),
    }[how]
    found = in_children(whole, damages, quick) if long else judged(whole, damages, quick / "damaged")
    broken = [(damage, verdict) for damage, verdict in found if verdict not in ("same", "told")]
    told = sum(verdict == "told" for _, verdict in found)
    figure(
        "F6",
        what,
        bar="silently wrong 0, crash 0, hang 0, other cases open",
        n=len(found),
        good=len(found) - len(broken),
        note=f"{told:,} told to the user, the others harmless",
    )
    assert not broken, broken[:5]


def test_that_a_lost_file_is_told_or_harmless(whole: Whole, quick: Path, figure: Callable[..., None]):
    damages = [Damage(file, "lose") for file in whole.files]
    found = judged(whole, damages, quick / "damaged")
    broken = [(damage, verdict) for damage, verdict in found if verdict not in ("same", "told")]
    figure("F6", "a file of a project is lost", bar="told, or nothing lost", n=len(found), good=len(found) - len(broken))
    assert not broken, broken[:5]
